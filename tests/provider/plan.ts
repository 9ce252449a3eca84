/** How a response is sent: its writes, and the place of a fault. */
import { concatBytes, utf8 } from "../../src/lib/bytes.ts";
import type { Answer, AnswerHeaders, StreamAnswer, StreamedEvent, WholeAnswer } from "./answer.ts";

/**
 * A fault of the provider.
 *
 * Faults of streamed responses only:
 * - `kill`: the connection is destroyed inside the third event.
 * - `truncate`: the body ends properly after two events.
 * - `error`: two events, an error event in the format of the family, a proper end.
 * - `hold`: three complete events at once, the rest after `release()`.
 * - `hold-end`: all events, the end of the body after `release()`.
 *
 * Faults of all responses:
 * - `hang-headers`: nothing until `release()`.
 * - `500`, `429`: an error response.
 *
 * Faults of responses that are not streamed:
 * - `cut-json`: half of the announced content-length, then the connection is destroyed.
 */
export type Fault =
  | "kill"
  | "truncate"
  | "error"
  | "hold"
  | "hold-end"
  | "hang-headers"
  | "500"
  | "429"
  | "cut-json";

/** The steps after the headers; `hold` waits for `release()`. */
export type Step = { readonly write: Uint8Array } | "hold" | "destroy" | "end";

export interface Plan {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly steps: readonly Step[];
}

export function planOf(answer: Answer, fault: Fault | undefined): Plan {
  return answer.kind === "stream" ? streamPlan(answer, fault) : wholePlan(answer, fault);
}

function wholePlan(answer: WholeAnswer, fault: Fault | undefined): Plan {
  const { status, body } = answer;
  const chunked = answer.pieces !== undefined || status === 204 ||
    status === 304;
  const headers = chunked ? answer.headers : { "content-length": String(body.length), ...answer.headers };
  if (fault === "cut-json" && body.length > 1) {
    return { status, headers, steps: [{ write: body.subarray(0, body.length >> 1) }, "destroy"] };
  }
  const writes = cut(body, answer.pieces ?? []);
  return { status, headers, steps: [...writes, "end"] };
}

function streamPlan(answer: StreamAnswer, fault: Fault | undefined): Plan {
  return { status: 200, headers: answer.headers, steps: streamSteps(answer, fault) };
}

function streamSteps({ events, error }: StreamAnswer, fault: Fault | undefined): Step[] {
  switch (fault) {
    case "kill":
      return [...torn(events.slice(0, 2)), half(events[2] ?? ""), "destroy"];
    case "truncate":
      return [...torn(events.slice(0, 2)), "end"];
    case "error":
      return [...torn([...events.slice(0, 2), error]), "end"];
    case "hold":
      return [{ write: encode(events.slice(0, 3)) }, "hold", ...torn(events.slice(3)), "end"];
    case "hold-end":
      return [...torn(events), "hold", "end"];
    default:
      return [...torn(events), "end"];
  }
}

function encode(events: readonly StreamedEvent[]): Uint8Array {
  return concatBytes(events.map((event) => typeof event === "string" ? utf8(event) : event));
}

/** Splits every event in two, inside a multi-byte character if the event contains one. */
function torn(events: readonly StreamedEvent[]): Step[] {
  const cuts: number[] = [];
  let start = 0;
  for (const event of events) {
    const bytes = encode([event]);
    const lead = bytes.findIndex((byte) => byte >= 0xc0);
    cuts.push(start + (lead < 0 ? bytes.length >> 1 : lead + 1));
    start += bytes.length;
  }
  return cut(encode(events), cuts);
}

function half(event: StreamedEvent): Step {
  const bytes = encode([event]);
  return { write: bytes.subarray(0, bytes.length >> 1) };
}

function cut(bytes: Uint8Array, cuts: readonly number[]): Step[] {
  const edges = [0, ...cuts, bytes.length];
  return edges.slice(1)
    .map((end, index) => ({ write: bytes.subarray(edges[index], end) }))
    .filter(({ write }) => write.length > 0);
}
