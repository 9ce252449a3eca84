/** Hides a miss, like an app that catches every error. Argument: the file. */
import process from "node:process";
import { enableCachy } from "../../mod.ts";

const [file = ""] = process.argv.slice(2);
const cachy = enableCachy({ file });
for (const _ of [1, 2]) await fetch("https://api.openai.com/v1/responses", { method: "POST", body: "{}" });
console.log(JSON.stringify({ misses: cachy.misses.length, missed: cachy.stats.misses }));
