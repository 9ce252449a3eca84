/** Records chats into a file for `list`, `stats` and `verify`; every second one is a stream of 24 events. */
import { closeSync, openSync, writeSync } from "node:fs";
import { createCachy, type Store } from "../mod.ts";
import { entryBytes } from "../src/store/entry.ts";
import { CHAT_URL, chatAnswer, chatEvent, chatRequest, DONE } from "./chat.mjs";
import { args, check, report } from "./measure.mjs";

const EVENTS = 24;

const [path = "", count = ""] = args;
const file = openSync(path, "w");
const store: Store = { name: path, find: () => undefined, append: (entry) => void writeSync(file, entryBytes(entry)) };
let number = 0;
const cachy = createCachy({ store, mode: "auto", fetch: () => Promise.resolve(answer()) });

for (; number < Number(count); number++) {
  await (await cachy.fetch(CHAT_URL, chatRequest(number, isStream() ? { stream: true } : {}))).text();
}
check(cachy.stats.recorded === Number(count), `${cachy.stats.recorded} of ${count} chats were recorded`);
closeSync(file);
report(cachy.stats);

function isStream(): boolean {
  return number % 2 === 1;
}

function answer(): Response {
  if (!isStream()) return new Response(chatAnswer(number), { headers: { "content-type": "application/json" } });
  const events = Array.from({ length: EVENTS }, (_, index) => chatEvent(number, index));
  const last = events.pop()?.replace(`"finish_reason":null`, `"finish_reason":"stop"`);
  return new Response(events.join("") + last + DONE, { headers: { "content-type": "text/event-stream" } });
}
