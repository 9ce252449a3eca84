/** Hides a miss in each of two copies of the module. Arguments: the file, a folder for the second copy. */
import process from "node:process";
import * as first from "../../mod.ts";
import { secondCopy } from "../second_copy.ts";

const [file = "", folder = ""] = process.argv.slice(2);
for (const { createCachy } of [first, await secondCopy(folder)]) {
  const cachy = createCachy({ file, mode: "replay" });
  await cachy.fetch("https://api.openai.com/v1/responses", { method: "POST", body: "{}" });
}
