/** Runs the bundle in workerd, and prints its answers. */
import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";

const { FLAG, PROVIDER } = process.env;
const worker = new Miniflare({
  modules: [{ type: "ESModule", path: "out.mjs", contents: readFileSync("out.mjs", "utf8") }],
  compatibilityDate: "2026-07-01",
  compatibilityFlags: FLAG ? [FLAG] : ["no_nodejs_compat"],
  bindings: { PROVIDER },
});
const texts = [];
for (const path of ["store", "scope", "file"]) texts.push(await (await worker.dispatchFetch(`http://a.example/${path}`)).text());
console.log(texts.join(" "));
await worker.dispose();
