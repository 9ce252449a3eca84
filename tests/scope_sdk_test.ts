/** The real SDKs inside scopes, against a loopback provider. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";
import OpenAI from "openai";
import { type CachyOptions, enableCachy, withCachy } from "../mod.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, beforeEach, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
beforeEach(() => provider.reset());
after(() => provider.stop());

const linesOf = (file: string) => existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n").length : 0;

/** The options of a scope. */
const into = (file: string, more: CachyOptions = {}): CachyOptions => {
  return { file, domains: [provider.url], mode: "auto", ...more };
};

const openai = () => new OpenAI({ apiKey: "none", baseURL: `${provider.url}/v1`, maxRetries: 0 });
const aiModel = () => createOpenAI({ apiKey: "none", baseURL: `${provider.url}/v1` })("gpt-5-mini");

async function generate(prompt: string, model = aiModel()): Promise<string> {
  return (await generateText({ model, prompt, maxRetries: 0 })).text;
}

async function stream(prompt: string, model = aiModel()): Promise<string> {
  let text = "";
  for await (const part of streamText({ model, prompt, maxRetries: 0 }).textStream) text += part;
  return text;
}

async function chat(prompt: string, client = openai()): Promise<string> {
  const { choices } = await client.chat.completions.create({
    model: "gpt-5-mini",
    messages: [{ role: "user", content: prompt }],
  });
  return choices[0]?.message.content ?? "";
}

async function responses(prompt: string, client = openai()): Promise<string> {
  let text = "";
  for await (
    const event of await client.responses.create({
      model: "gpt-5-mini",
      input: prompt,
      stream: true,
    })
  ) {
    if (event.type === "response.output_text.delta") text += event.delta;
  }
  return text;
}

const CALLS = { generate, stream, chat, responses };

for (const [name, call] of Object.entries(CALLS)) {
  test(`withCachy() records and replays ${name} in concurrent scopes with separate files`, async (t) => {
    const folder = temporaryFolder(t);
    const files = Array.from({ length: 6 }, (_, index) => join(folder, `${index}.jsonl`));
    const round = () => Promise.all(files.map((file) => withCachy(into(file), () => call("Say hello."))));
    const live = await round();
    assert.equal(new Set(live).size, files.length, "the provider answers each anew");
    assert.deepEqual(await round(), live);
    assert.equal(provider.requests.length, files.length);
    assert.deepEqual(files.map(linesOf), files.map(() => 1));
  });
}

test("withCachy() with the AI SDK: namespaces are independent, identical requests in one make one call", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const sample = (namespace: string) =>
    withCachy(into(file, { namespace }), () => Promise.all(Array.from({ length: 5 }, () => generate("A number?"))));
  const samples = await Promise.all(["first", "second"].map(sample));
  assert.equal(provider.requests.length, 2);
  assert.deepEqual(samples.map((texts) => new Set(texts).size), [1, 1]);
  assert.notEqual(samples[0]?.[0], samples[1]?.[0]);
  assert.deepEqual(await Promise.all(["first", "second"].map(sample)), samples);
  assert.deepEqual([provider.requests.length, linesOf(file)], [2, 2]);
});

test("withCachy() reaches an openai client that was created in another scope, or under enableCachy()", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const made = await withCachy(into(file), () => openai());
  const everywhere = enableCachy(into(file, { mode: "off" }));
  const madeGlobally = openai();
  everywhere.disable();
  const live = await withCachy(into(file), () => chat("Say hello.", made));
  assert.equal(await withCachy(into(file), () => chat("Say hello.", madeGlobally)), live);
  assert.equal(provider.requests.length, 1);
  await chat("Say hello.", made);
  assert.equal(provider.requests.length, 2, "outside of a scope it is plain");
});

test("withCachy() reports a miss to the openai client in one scope while another one records", async (t) => {
  const folder = temporaryFolder(t);
  const replay = withCachy(into(join(folder, "none.jsonl"), { mode: "replay" }), () => chat("Say hello."));
  const record = withCachy(into(join(folder, "cachy.jsonl")), () => chat("Say hello."));
  await assert.rejects(replay, /406.*Cannot replay/s);
  assert.ok(await record);
  assert.equal(provider.requests.length, 1);
});
