/** CACHY_REFRESH: some recordings are made anew while the program runs. */
import assert from "node:assert/strict";
import process from "node:process";
import { type CachyOptions, memoryStore } from "../mod.ts";
import { test } from "./suite.ts";
import { CHAT_URL, countingNetwork, jsonPost, testCachy } from "./testing.ts";

const GEMINI_URL = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent";

/** Records two requests, and asks them twice again with CACHY_REFRESH. @returns The counts of the network's answers. */
async function countsWith(names: string, options: CachyOptions = {}): Promise<unknown[]> {
  const [store, network] = [memoryStore(), countingNetwork()];
  const asks = [[CHAT_URL, { model: "gpt-5-mini" }], [GEMINI_URL, {}]] as const;
  const ask = async ({ fetch }: { readonly fetch: typeof globalThis.fetch }) => {
    const counts = [];
    for (const [url, body] of asks) counts.push((await (await fetch(url, jsonPost(body))).json()).count);
    return counts;
  };
  await ask(testCachy({ store, fetch: network.fetch }));
  process.env.CACHY_REFRESH = names;
  const { error } = console;
  console.error = () => {};
  try {
    const cachy = testCachy({ store, fetch: network.fetch, ...options });
    return [...await ask(cachy), ...await ask(cachy)];
  } finally {
    console.error = error;
    delete process.env.CACHY_REFRESH;
  }
}

test("CACHY_REFRESH records the requests of a key, host or model anew, once in each process", async () => {
  const { events, fetch } = testCachy({ fetch: countingNetwork().fetch });
  await fetch(CHAT_URL, jsonPost({ model: "gpt-5-mini" }));
  const key = events.flatMap((event) => event.kind === "miss" ? event.request.key : [])[0] ?? "";
  for (const names of [key, key.slice(0, 4), "openai.com", "api.openai.com", "gpt-5-mini", "GPT-5*", `x, ${key}`]) {
    assert.deepEqual(await countsWith(names), [3, 2, 3, 2], names);
  }
  for (const names of ["gemini-2.5-flash", "*flash", "googleapis.com"]) {
    assert.deepEqual(await countsWith(names), [1, 3, 1, 3], names);
  }
  assert.deepEqual(await countsWith("gpt-5*,gemini*"), [3, 4, 3, 4]);
  for (const names of ["gpt-5", "penai.com", "ffff", "abc"]) {
    assert.deepEqual(await countsWith(names), [1, 2, 1, 2], names);
  }
});

test("CACHY_REFRESH never calls the network in mode replay, and says so", async () => {
  const warnings: string[] = [];
  const options: CachyOptions = {
    mode: "replay",
    onEvent: (event) => event.kind === "warning" && warnings.push(event.message),
  };
  assert.deepEqual(await countsWith("gpt-5*", options), [1, 2, 1, 2]);
  assert.match(warnings.join(), /Cannot use CACHY_REFRESH=gpt-5\* in mode "replay"/);
});
