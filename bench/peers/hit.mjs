// @ts-check
/**
 * Time of a hit, and the memory of the process that opens the recording and replays. Every response is checked.
 *
 * All tools have the same time, so a slow tool makes fewer calls.
 */
import { chatRequest } from "../chat.mjs";
import { median, peakMemory, percentile, report } from "../measure.mjs";
import { ask, chats, checkAnswer, load, place } from "./program.mjs";

const WARM_UP = { calls: 1000, leastCalls: 5, ms: 700 };
const MEASURED = { calls: 2000, leastCalls: 25, ms: 1000 };
/** Not a divisor of the number of chats, so that calls jump through the recording and reach every chat. */
const STRIDE = 7919;

const peer = await load();
const recording = await peer.replay(place);
let next = 0;

await hits(WARM_UP);
const times = await hits(MEASURED);
report({ p50: median(times), p95: percentile(times, 0.95), memory: peakMemory() });

/**
 * Times of hits in microseconds, up to a number of calls or a time limit.
 *
 * @param {{ calls: number, leastCalls: number, ms: number }} limits
 */
async function hits({ calls, leastCalls, ms }) {
  const found = [];
  const end = performance.now() + ms;
  while (found.length < calls && (found.length < leastCalls || performance.now() < end)) found.push(await timeOfHit());
  return found;
}

/** Without the creation of the request, as in hit.ts. */
async function timeOfHit() {
  next = (next + STRIDE) % chats;
  const request = chatRequest(next);
  const started = performance.now();
  const answer = await ask(recording, next, request);
  const elapsed = performance.now() - started;
  checkAnswer(peer, answer, next);
  return elapsed * 1000;
}
