// @ts-check
/** Records chats with a tool. */
import { chatAnswer, chatRequest } from "../chat.mjs";
import { check, report } from "../measure.mjs";
import { chats, load, place, url } from "./program.mjs";

const recording = await (await load()).record(place);
for (let number = 0; number < chats; number++) {
  const answer = await (await recording.fetch(url, chatRequest(number))).text();
  check(answer === chatAnswer(number), `the one to chat ${number} while it is recorded`);
}
await recording.close();
report({});
