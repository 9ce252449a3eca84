import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Cachy, type CachyEvent, type CachyOptions, createCachy, memoryStore } from "../mod.ts";
import { oneBlock } from "../src/lib/blocks.ts";
import { concatBytes, copyOf } from "../src/lib/bytes.ts";
import { checkCompleteness } from "../src/record/completeness.ts";
import type { AnswerHead } from "../src/record/json_answer.ts";
import type { Problem } from "../src/report/events.ts";

/** A URL of a domain that is cached by default. */
export const CHAT_URL = "https://api.openai.com/v1/chat/completions";

/** The options of a JSON POST. */
export function jsonPost(body: unknown, headers: Record<string, string> = {}): RequestInit {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { method: "POST", headers: { "content-type": "application/json", ...headers }, body: text };
}

/** A JSON response. */
export function jsonAnswer(body: unknown, init: ResponseInit = {}): Response {
  return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" }, ...init });
}

/** A response that arrives in the given pieces, and then ends or breaks off. */
export function streamAnswer(
  pieces: readonly (string | Uint8Array)[],
  { error, type = "text/event-stream", status = 200 }: {
    error?: Error;
    type?: string;
    status?: number;
  } = {},
): Response {
  const rest = pieces.map((piece) => typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = rest.shift();
      if (piece) controller.enqueue(piece);
      else if (error) controller.error(error);
      else controller.close();
    },
  }, { highWaterMark: 0 });
  return new Response(body, { status, headers: { "content-type": type } });
}

/** The events of a chat stream, as OpenAI sends them. */
export function chatEvents(text: string): string[] {
  return [
    `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`,
    `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`,
    `data: [DONE]\n\n`,
  ];
}

/** A simulated network that returns its responses one after the other, and stores its calls. */
export interface FakeNetwork {
  readonly fetch: typeof fetch;
  /** The arguments of every call. */
  readonly calls: Parameters<typeof fetch>[];
}

/** The last response is repeated for all later calls. */
export function network(
  ...answers: readonly ((...call: Parameters<typeof fetch>) => Response | Promise<Response>)[]
): FakeNetwork {
  const calls: Parameters<typeof fetch>[] = [];
  const fetch = (...call: Parameters<typeof globalThis.fetch>) => {
    const answer = answers[Math.min(calls.length, answers.length - 1)];
    calls.push(call);
    if (!answer) throw new Error("the network was called, but has no response");
    return new Promise<Response>((resolve) => resolve(answer(...call)));
  };
  return { fetch: fetch as typeof globalThis.fetch, calls };
}

/** Responds with a number that counts up, which distinguishes a live response from a replay. */
export function countingNetwork(): FakeNetwork {
  let count = 0;
  return network(() => jsonAnswer({ count: ++count }));
}

/** A handle in mode `auto` with a separate store, and the events that it reported. */
export function testCachy(options: CachyOptions = {}): Cachy & { readonly events: CachyEvent[] } {
  const events: CachyEvent[] = [];
  const onEvent = (event: CachyEvent) => void events.push(event);
  const defaults = { mode: "auto", ...(options.file ? {} : { store: memoryStore() }) } as const;
  return Object.assign(createCachy({ ...defaults, onEvent, ...options }), { events });
}

/** The kinds of the events, without warnings. */
export function kinds(events: readonly CachyEvent[]): string[] {
  return events.map(({ kind }) => kind).filter((kind) => kind !== "warning");
}

/** Polls a condition that no event reports, and fails after many attempts. */
export async function eventually(ask: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; !await ask(); attempt++) {
    if (attempt === 2000) throw new Error("the condition did not become true");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A folder that is removed after the test. Its path is the real path, as in a process's working directory. */
export function temporaryFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "cachy-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The check of a body whose pieces arrive one after the other. */
export function checkByPieces(head: AnswerHead): {
  push(piece: Uint8Array): boolean;
  end(body: Uint8Array, text?: string): Problem | undefined;
} {
  const { push, end } = checkCompleteness(head);
  let received = new Uint8Array();
  return {
    push(piece) {
      received = concatBytes([received, piece]);
      return push(piece, oneBlock(received));
    },
    end: (body, text) => end(oneBlock(copyOf(body)), text),
  };
}
