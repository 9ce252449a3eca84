/** Records chats into a file, for hit.ts on all runtimes. Arguments: the file and the number of entries. */
import { writeFileSync } from "node:fs";
import { createCachy, type Store } from "../mod.ts";
import { formatEntry } from "../src/store/entry.ts";
import { CHAT_URL, chatAnswer, chatRequest } from "./chat.mjs";
import { args, check, report } from "./measure.mjs";

const [file = "", count = ""] = args;
const lines: string[] = [];
/** The lines of the file, written at once: 20,000 appends would take longer than the benchmark. */
const store: Store = { name: file, find: () => undefined, append: (entry) => void lines.push(formatEntry(entry)) };
const cachy = createCachy({ store, mode: "auto", fetch: () => Promise.resolve(answer(lines.length)) });

for (let number = 0; number < Number(count); number++) await (await cachy.fetch(CHAT_URL, chatRequest(number))).text();
check(lines.length === Number(count), `${lines.length} of ${count} chats were recorded`);
writeFileSync(file, lines.join(""));
report(cachy.stats);

function answer(number: number): Response {
  return new Response(chatAnswer(number), { headers: { "content-type": "application/json" } });
}
