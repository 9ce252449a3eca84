// @ts-check
/**
 * The programs that scripts/check_package.mjs runs and compiles like a user of the package.
 *
 * They are texts, not files, since the linter and the type checker of this repository could not resolve their imports.
 */

/** Sends each request twice and prints the responses: `program.mjs BASE_URL FILE` */
export const program = `
import OpenAI from "openai";
import { enableCachy } from "@cachy/core";

const [baseURL, file] = process.argv.slice(2);
enableCachy({ file, domains: ["127.0.0.1"], mode: "auto" });
const client = new OpenAI({ apiKey: "sk-package-check", baseURL, maxRetries: 0 });
const request = { model: "any", messages: [{ role: "user", content: "Hi" }] };

async function whole() {
  const answer = await client.chat.completions.create(request);
  return answer.choices[0].message.content;
}

async function streamed() {
  let text = "";
  for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
    text += chunk.choices[0].delta.content;
  }
  return text;
}

console.log(JSON.stringify([await whole(), await whole(), await streamed(), await streamed()]));
`;

/** Loads the package from CommonJS. */
export const required = `
const { enableCachy } = require("@cachy/core");
console.log(typeof enableCachy);
`;

/** For a runtime without files: a file is refused with a cure, and a store works. */
export const withoutFiles = `
import { createCachy, memoryStore } from "@cachy/core";

async function check() {
  let calls = 0;
  const network = async () => new Response(JSON.stringify({ call: ++calls }), { headers: { "content-type": "application/json" } });
  const ask = async ({ fetch }) => (await (await fetch("https://api.openai.com/v1/responses", { method: "POST", body: "Hi" })).json()).call;
  const warnings = [];
  const onEvent = (event) => event.kind === "warning" && warnings.push(event.message);
  const without = createCachy({ mode: "auto", fetch: network, onEvent });
  const live = [await ask(without), await ask(without)];
  const stored = createCachy({ mode: "auto", fetch: network, store: memoryStore() });
  return JSON.stringify({ live, replayed: [await ask(stored), await ask(stored)], warning: warnings[0] ?? "" });
}
globalThis.result = check();
`;

/** Shares a response by a key-value store. Prints the results of two handles, and whether the error class is shared. */
export const sharing = `
import { CachyError, createCachy, layeredStore, memoryStore } from "@cachy/core";
import { keyValueStore } from "@cachy/core/kv";

const kv = new Map();
const answers = ["first", "second"];
const fetch = async () => Response.json({ answer: answers.shift() });

async function ask(mode) {
  const store = layeredStore(memoryStore(), keyValueStore(kv));
  const cachy = createCachy({ store, domains: ["a.example"], mode, fetch });
  const response = await cachy.fetch("https://a.example/v1/responses", { method: "POST", body: "Hi" });
  return (await response.json()).answer;
}

function isRefused() {
  try {
    keyValueStore({});
  } catch (error) {
    return error instanceof CachyError;
  }
}

console.log(JSON.stringify([await ask("auto"), await ask("replay"), kv.size, isRefused()]));
`;

/** Enables by the entry point "auto", and uses a scope. Prints their effects on the global fetch. */
export const automatic = `
const plain = fetch;
await import("@cachy/core/auto");
const { disableCachy, memoryStore, withCachy } = await import("@cachy/core");

const isWrapped = fetch !== plain;
const options = { store: memoryStore(), domains: ["a.example"], mode: "auto", fetch: async () => Response.json(1) };
const hits = await withCachy(options, async (cachy) => {
  for (const _ of "12") await (await fetch("https://a.example/v1/responses", { method: "POST", body: "Hi" })).text();
  return cachy.stats.hits;
});
disableCachy();
console.log(JSON.stringify([isWrapped, hits, fetch === plain]));
`;

/** Uses the public types. The lines that must not compile prove that the types are not \`any\`. */
export const typed = `
import "@cachy/core/auto";
import { enableCachy, layeredStore, memoryStore, withCachy } from "@cachy/core";
import type { Cachy, CachyOptions, Store } from "@cachy/core";
import { keyValueStore } from "@cachy/core/kv";
import type { KeyValue } from "@cachy/core/kv";

const kv: KeyValue = new Map<string, string>();
export const store: Store = layeredStore(memoryStore(), keyValueStore(kv, { timeLimitMs: 500 }));
// @ts-expect-error An object without set is rejected.
export const noStore: Store = keyValueStore({ get: () => "" });
const options: CachyOptions = { file: "cachy.jsonl", domains: ["127.0.0.1"], mode: "auto" };
export const cachy: Cachy = enableCachy(options);
export const answer: Promise<Response> = cachy.fetch("http://127.0.0.1/", { method: "POST" });
export const scoped: Promise<number> = withCachy(options, async (cachy) => cachy.stats.hits);
// @ts-expect-error An unknown mode is rejected.
export const wrong: CachyOptions = { mode: "sometimes" };
`;

/** Passes the fetch of the package to an SDK. */
export const typedWithSdk = `
import OpenAI from "openai";
import { enableCachy } from "@cachy/core";

export const client = new OpenAI({ apiKey: "none", fetch: enableCachy().fetch });
`;
