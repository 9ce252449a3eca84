/**
 * Writes a file of chats. Arguments: the file, the number of chats, and `streams` if every second one is a stream.
 *
 * A handle records the first chats. The others are made like them, because recording all would take a minute.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { createCachy, type Store } from "../mod.ts";
import { streamingDigests } from "../src/cli/verify/findings.ts";
import { utf8Length } from "../src/lib/bytes.ts";
import { canonicalJson } from "../src/lib/json.ts";
import { type Entry, entryBytes } from "../src/store/entry.ts";
import { CHAT_URL, chatAnswer, chatEvent, chatRequest, DONE } from "./chat.mjs";
import { args, check, report } from "./measure.mjs";

/** The number of events of a stream. */
const EVENTS = 24;
const RECORDED = 20;

const [path = "", count = "", kinds] = args;
const file = openSync(path, "w");
const recorded: Entry[] = [];
const store: Store = { name: path, find: () => undefined, append: (entry) => void recorded.push(entry) };
let number = 0;
const cachy = createCachy({ store, mode: "auto", fetch: () => Promise.resolve(answer()) });

for (; number < RECORDED; number++) {
  await (await cachy.fetch(CHAT_URL, chatOf())).text();
  const entry = recorded[number]!;
  check(JSON.stringify(await made(entry)) === JSON.stringify(entry), `chat ${number} is not like its recording`);
}
for (number = 0; number < Number(count); number++) {
  writeSync(file, entryBytes(await made(recorded[number % 2]!)));
}
closeSync(file);
report({ entries: number });

function isStream(): boolean {
  return kinds === "streams" && number % 2 === 1;
}

function chatOf(): ReturnType<typeof chatRequest> {
  return chatRequest(number, isStream() ? { stream: true } : {});
}

/** The entry of a chat, with the times and headers of a recording of its kind. */
async function made(like: Entry): Promise<Entry> {
  const request = { ...like.request!, body: canonicalJson(chatOf().body) ?? "" };
  const [recomputed] = await streamingDigests(request);
  const response = responseText();
  const chunks = like.chunks && [[like.chunks[0]?.[0] ?? 0, utf8Length(response)] as const];
  return { ...like, ...recomputed?.digest, response, request, chunks };
}

function answer(): Response {
  const type = isStream() ? "text/event-stream" : "application/json";
  return new Response(responseText(), { headers: { "content-type": type } });
}

function responseText(): string {
  if (!isStream()) return chatAnswer(number);
  const events = Array.from({ length: EVENTS }, (_, index) => chatEvent(number, index));
  const last = events.pop()?.replace(`"finish_reason":null`, `"finish_reason":"stop"`);
  return events.join("") + last + DONE;
}
