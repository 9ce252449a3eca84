// @ts-check
/**
 * Time from the import of a tool until the first hit has been read. The imports of this program load no further module
 * of Node. The requested chat is in the middle of the recording, so that reading from the start is neither an advantage
 * nor a disadvantage.
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
