// @ts-check
/**
 * Time from before the import of a tool until the first hit has been read. What is imported here before loads no module
 * of Node that is not loaded anyway. The chat in the middle of the recording is asked, so that reading from the start is
 * neither an advantage nor a disadvantage.
 */
import { chatRequest } from "../chat.mjs";
import { report } from "../measure.mjs";
import { ask, chats, checkAnswer, load, place } from "./program.mjs";

const number = Math.floor(chats / 2);
const request = chatRequest(number);
const started = performance.now();
const peer = await load();
const answer = await ask(await peer.replay(place), number, request);
const elapsed = performance.now() - started;
checkAnswer(peer, answer, number);
report({ ms: elapsed });
