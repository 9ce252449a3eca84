import { judgeBody } from "./completeness.ts";
import { collect, type CollectOptions, type Copy } from "./collect.ts";
import type { AnswerHead } from "./json_answer.ts";
import type { Problem } from "../report/events.ts";
import { labelled } from "../replay/response.ts";

/** A response that is being recorded. */
export interface Recording {
  /** For the caller: every chunk when it arrives. */
  readonly response: Response;
  /** Resolves when nothing more will be committed: to undefined if the body was, else to the reason why not. */
  readonly settled: Promise<Problem | undefined>;
}

/**
 * Gives the caller a response that streams as it arrives, while a copy is collected beside it.
 *
 * The caller never gets a raw branch of `tee()`: its `cancel()` would wait until the other branch ends, so a `break`
 * out of a stream would block until the server is done.
 */
export function record(original: Response, head: AnswerHead, options: CollectOptions): Recording {
  if (!original.body) return recordEmpty(original, head, options);
  const [live, copied] = original.body.tee();
  const copy = collect(copied, head, options);
  const { status, headers } = original;
  const response = new Response(shell(live.getReader(), copy), { status, headers });
  // On Deno a later abort() is lost if the original response is collected before its body has ended.
  const settled = copy.settled.then((problem) => (void original, problem));
  return { response: labelled(response, original), settled };
}

/** Without a body there is nothing to wait for, and the original response has no stream that could be read twice. */
function recordEmpty(response: Response, head: AnswerHead, { commit }: CollectOptions): Recording {
  const bytes = new Uint8Array();
  const problem = judgeBody(head).end(bytes);
  return { response, settled: problem ? Promise.resolve(problem) : commit({ bytes, chunks: [] }) };
}

/** The stream that the caller reads: hands a chunk out once the copy holds it, and the end once the line is written. */
function shell(live: ReadableStreamDefaultReader<Uint8Array>, copy: Copy): ReadableStream<Uint8Array> {
  let given = 0;
  let cancelled = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      // A failure of the network rejects here, and so reaches the caller as the error that it is.
      const { done, value } = await live.read();
      await (done ? copy.settled : copy.holds(given + 1));
      if (cancelled) return;
      if (done) return controller.close();
      given++;
      controller.enqueue(value);
    },
    cancel(reason) {
      cancelled = true;
      live.cancel(reason).catch(() => {});
      copy.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
