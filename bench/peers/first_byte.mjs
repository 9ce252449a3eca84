// @ts-check
/** Time until the caller has the first chunk of a stream that takes half a second, while it is recorded. */
import { chatRequest, chatStream } from "../chat.mjs";
import { check, median, report } from "../measure.mjs";
import { chats, load, place, url } from "./program.mjs";

/** A tool that delays the caller until the end needs no exact figure: a few calls are enough. */
const LATE_MS = 250;
const LATE_CALLS = 3;

const recording = await (await load()).record(place);
await firstByte(0); // connects and warms up
const times = [];
for (let number = 1; number < chats; number++) {
  times.push(await firstByte(number));
  if (times.length === LATE_CALLS && median(times) > LATE_MS) break;
}
await recording.close();
report({ ms: median(times), streams: times.length + 1 });

/**
 * Milliseconds from the call to the first chunk. Then reads the rest, so that the response is recorded.
 *
 * @param {number} number
 */
async function firstByte(number) {
  const request = chatRequest(number, { stream: true });
  const started = performance.now();
  const { body } = await recording.fetch(url, request);
  check(body !== null, "it has no body");
  const decoder = new TextDecoder();
  let text = "";
  let elapsed = 0;
  for await (const chunk of body) {
    elapsed ||= performance.now() - started;
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  }
  check(text === chatStream(number), `the stream of chat ${number} while it is recorded`);
  return elapsed;
}
