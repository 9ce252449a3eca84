/** `cachy refresh` and `cachy drift`: recorded requests are sent again. */
import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { compareAnswers } from "../src/cli/again/compare.ts";
import type { Entry } from "../src/store/entry.ts";
import { cachyOn } from "./cli.ts";
import { runProgram } from "./processes.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, slowTest, test } from "./suite.ts";
import { jsonPost, temporaryFolder, testCachy } from "./testing.ts";

let provider: Provider;
before(async () => void (provider = await startProvider()));
after(() => provider.stop());

const ask = (content: string, more: object = {}) => ({
  model: "gpt-5-mini",
  messages: [{ role: "user", content }],
  ...more,
});

/** A file with recordings of requests to the loopback provider. */
async function recorded(t: TestContext, ...bodies: readonly object[]) {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const { fetch } = testCachy({ file, domains: [new URL(provider.url).host] });
  for (const body of bodies) await (await fetch(`${provider.url}/v1/chat/completions`, jsonPost(body))).text();
  const lines = () => readFileSync(file, "utf8").trim().split("\n").map((line): Entry => JSON.parse(line));
  return { file, lines, keys: lines().map(({ key }) => key) };
}

test("refresh sends chosen requests once, and appends the new responses", async (t) => {
  const { file, lines, keys: [first = "", second = ""] } = await recorded(t, ask("a"), ask("b", { stream: true }));
  const sent = provider.requests.length;
  const one = await cachyOn(file, "refresh", first, "--yes");
  assert.deepEqual([one.code, provider.requests.length - sent, lines().length], [0, 1, 3], one.stderr);
  assert.match(one.stdout, new RegExp(`^${first} other words: \\d+ → \\d+ characters, \\d+ % of the words alike\\n$`));
  const all = await cachyOn(file, "refresh", "--model", "gpt-5*", "--yes");
  assert.deepEqual([all.code, lines().map(({ key }) => key)], [0, [first, second, first, first, second]], all.stderr);
  assert.match((await cachyOn(file, "verify")).stdout, /0 problems/);
});

test("refresh keeps the old recording if the new response fails", async (t) => {
  const { file, lines, keys: [key = ""] } = await recorded(t, ask("a"));
  const before = lines();
  for (const fault of ["429", "cut-json"] as const) {
    provider.fault = fault;
    const { code, stdout } = await cachyOn(file, "refresh", key, "--yes");
    provider.fault = undefined;
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`^${key} stays: `));
  }
  assert.deepEqual(lines(), before);
});

test("refresh names the requests that only the program can send, and says how", async (t) => {
  const { file } = await recorded(t, ask("x".repeat(5000)));
  appendFileSync(file, '{"key": "5ece2360", "response": "by pycachy"}\n');
  const sent = provider.requests.length;
  const { code, stdout, stderr } = await cachyOn(file, "refresh", "--model", "*", "--yes");
  assert.deepEqual([code, provider.requests.length - sent], [1, 0]);
  assert.match(stdout, /is not sent: its request is recorded in brief/);
  assert.match(stderr, /run the program with CACHY_REFRESH=[0-9a-f]{8}/);
});

test("refresh needs the credential of the provider", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const { fetch } = testCachy({ file, fetch: () => Promise.resolve(Response.json({})) });
  await (await fetch("https://api.groq.com/openai/v1/chat/completions", jsonPost(ask("a")))).text();
  const { GROQ_API_KEY } = process.env;
  delete process.env.GROQ_API_KEY;
  const { code, stdout } = await cachyOn(file, "refresh", "--domain", "api.groq.com", "--yes");
  if (GROQ_API_KEY !== undefined) process.env.GROQ_API_KEY = GROQ_API_KEY;
  assert.equal(code, 1);
  assert.match(stdout, /is not sent: set GROQ_API_KEY/);
});

slowTest("drift compares without changing the file, as text, JSON and Markdown", async (t) => {
  const { file, keys: [a = "", b = ""] } = await recorded(t, ask("a"), ask("b"));
  const before = readFileSync(file, "utf8");
  const run = async (...args: string[]) => {
    return await runProgram("cli", ["drift", "--file", file, ...args], { cwd: join(file, "..") });
  };
  const text = await run("--yes");
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, new RegExp(`^${b} other words.*\\n${a} other words`));
  assert.match(text.stderr, /2 responses: 2 words\./);
  const json = JSON.parse((await run("--json", "--yes", "--limit", "1")).stdout);
  assert.deepEqual(json.map(({ key, kind, model }: Record<string, string>) => [key, kind, model]), [[
    b,
    "words",
    "gpt-5-mini",
  ]]);
  const markdown = await run("--markdown", "--yes", a);
  assert.match(
    markdown.stdout,
    new RegExp(`\\| key \\| model \\| result \\|\\n.*\\n\\| \`${a}\` \\| gpt-5-mini \\| other words`),
  );
  provider.fault = "500";
  const failed = await run("--yes", a);
  provider.fault = undefined;
  assert.deepEqual([failed.code, /failed: status 500/.test(failed.stdout)], [1, true]);
  assert.match((await run()).stderr, /Cannot ask "Send 2 requests to the network\?": there is no terminal/);
  assert.equal(readFileSync(file, "utf8"), before);
});

/** An entry with a chat answer. */
const chat = (message: object, more: object = {}): Entry => ({
  key: "5ece2360",
  headers: { "content-type": "application/json" },
  response: JSON.stringify({
    id: crypto.randomUUID(),
    object: "chat.completion",
    choices: [{ message: { role: "assistant", ...message } }],
    ...more,
  }),
});

test("compareAnswers() tells words, tool calls and members apart", () => {
  const call = (name: string, args: string) => ({
    content: null,
    tool_calls: [{ id: crypto.randomUUID(), type: "function", function: { name, arguments: args } }],
  });
  const cases: readonly (readonly [Entry, Entry, kind: string, detail: RegExp])[] = [
    [chat({ content: "Hi" }), chat({ content: "Hi" }), "same", /^$/],
    [chat({ content: "One two three" }), chat({ content: "One two four" }), "words", /13 → 12 characters, 67 %/],
    [chat({ content: "Hi" }), chat({ content: "Hi" }, { tier: "x", usage: { total: 1 } }), "shape", /^\+tier \+usage$/],
    [chat({ content: "Hi", refusal: null }), chat({ content: "Hi" }), "shape", /^-choices\.message\.refusal$/],
    [chat(call("f", '{"a":1,"b":2}')), chat(call("f", '{"b":2, "a":1}')), "same", /^$/],
    [chat(call("f", '{"a":1}')), chat(call("f", '{"a":2}')), "tools", /^f\(\{"a": 1\}\) → f\(\{"a": 2\}\)$/],
    [chat(call("f", "{}")), chat({ content: "No." }), "tools", /^f\(\{\}\) → no call$/],
  ];
  for (const [recorded, now, kind, detail] of cases) {
    const found = compareAnswers(recorded, now);
    assert.equal(found.kind, kind, found.detail);
    assert.match(found.detail, detail);
  }
});
