/**
 * Writes a file of very many chats for million.ts. Arguments: the file, the number of chats, and a step n. A handle
 * records every n-th chat. The others are copies with different digests, because recording all would take minutes.
 */
import { randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { createCachy, type Store } from "../mod.ts";
import { formatEntry } from "../src/store/entry.ts";
import { CHAT_URL, chatAnswer, chatRequest } from "./chat.mjs";
import { args, check, report } from "./measure.mjs";

const [path = "", count = "", step = ""] = args;
const BUFFERED_LINES = 2000;
const DIGEST = /^\{"key":"[0-9a-f]{8}","sha256":"[0-9a-f]{64}"/;

let line = "";
let number = 0;
const store: Store = { name: path, find: () => undefined, append: (entry) => void (line = formatEntry(entry)) };
/** Without the requests, so that a line has 2 KB. */
const options = { store, mode: "auto", keepRequest: "none" } as const;
const cachy = createCachy({ ...options, fetch: () => Promise.resolve(answer(number)) });
const file = openSync(path, "w");
let lines: string[] = [];
for (number = 0; number < Number(count); number++) {
  if (number % Number(step) === 0) await record();
  else line = copyOf(line);
  lines.push(line);
  if (lines.length === BUFFERED_LINES) flush();
}
flush();
closeSync(file);
report({ recorded: cachy.stats.recorded });

async function record(): Promise<void> {
  await (await cachy.fetch(CHAT_URL, chatRequest(number))).text();
  check(DIGEST.test(line), "a line does not begin as expected");
}

function copyOf(recorded: string): string {
  const sha256 = randomBytes(32).toString("hex");
  return recorded.replace(DIGEST, `{"key":"${sha256.slice(0, 8)}","sha256":"${sha256}"`);
}

function flush(): void {
  writeSync(file, lines.join(""));
  lines = [];
}

function answer(chat: number): Response {
  return new Response(chatAnswer(chat), { headers: { "content-type": "application/json" } });
}
