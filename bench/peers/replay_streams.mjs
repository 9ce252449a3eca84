// @ts-check
/** Checks that a tool replays the streams that first_byte.mjs has recorded. */
import { chatRequest, chatStream } from "../chat.mjs";
import { report } from "../measure.mjs";
import { chats, checkText, load, place, url } from "./program.mjs";

const peer = await load();
const recording = await peer.replay(place);
for (let number = 0; number < chats; number++) {
  const text = await (await recording.fetch(url, chatRequest(number, { stream: true }))).text();
  checkText(peer, text, chatStream(number), `the stream of chat ${number}`);
}
report({});
