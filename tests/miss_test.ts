import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  type Cachy,
  CachyMissError,
  type CachyOptions,
  createCachy,
  type Entry,
  memoryStore,
  type Miss,
} from "../mod.ts";
import { remember, summaryOf } from "../src/miss/exit_summary.ts";
import { runProgram } from "./processes.ts";
import { startProvider } from "./provider/provider.ts";
import { thisRuntime } from "./sdk/case.ts";
import { after, before, slowTest, test } from "./suite.ts";
import { CHAT_URL, jsonAnswer, jsonPost, network, temporaryFolder, testCachy } from "./testing.ts";

const RESPONSES_URL = "https://api.openai.com/v1/responses";
const chat = (content: string, members: object = {}) => ({
  model: "gpt-4.1",
  messages: [{ role: "system", content: "You are a poet." }, { role: "user", content }],
  ...members,
});

/** A recording, and then a request: a URL, a body and headers. */
type Asked = readonly [body: unknown, url?: string, headers?: Record<string, string>];

async function ask({ fetch }: Cachy, [body, url = CHAT_URL, headers]: Asked): Promise<Response> {
  return await fetch(url, jsonPost(body, headers));
}

/** The miss of a request after other requests were recorded. */
async function missOf(recorded: readonly Asked[], asked: Asked, options: CachyOptions = {}) {
  const store = memoryStore();
  const recorder = testCachy({ store, fetch: network(() => jsonAnswer({ ok: 1 })).fetch });
  for (const request of recorded) await (await ask(recorder, request)).text();
  const player = testCachy({
    store,
    mode: "replay",
    fetch: network(() => assert.fail("no network")).fetch,
    ...options,
  });
  const { error } = await (await ask(player, asked)).json();
  const [miss] = player.misses;
  assert.ok(miss && miss.message === error.message);
  return { ...miss, lines: miss.message.split("\n") };
}

test("a miss says what is missing, how the nearest request differs, why, and how to record it", async () => {
  const recorded: Asked[] = [
    [chat("Please write 1 word about the ocean")],
    [chat("Something else altogether, and much longer than that")],
    [{ input: "Please write one word about the ocean", model: "gpt-4.1" }, RESPONSES_URL],
  ];
  const { lines, key, nearest } = await missOf(recorded, [chat("Please write one word about the ocean")]);
  assert.deepEqual(lines, [
    `Cannot replay POST ${CHAT_URL}: no response is recorded for it in memory (key ${key}, 3 entries).`,
    `The nearest recorded request (key ${nearest?.key}, recorded ${
      nearest?.recordedAt?.slice(0, 10)
    }) differs in (recorded → sent):`,
    `  messages[1].content: "Please write 1 word about the ocean" → "Please write one word about the ocean"`,
    `The network was not called: mode "replay" by the option { mode: "replay" }.`,
    `To record the response, run once with { mode: "auto" }, and commit the file.`,
  ]);
  assert.deepEqual(nearest?.differences.map(({ path, kind }) => [path, kind]), [["messages[1].content", "changed"]]);
});

test("a miss names the likely cause", async () => {
  const text = "Say hello.";
  const cases: [cause: RegExp, recorded: Asked, asked: Asked, options?: CachyOptions][] = [
    [/^another model: gpt-4\.1 → gpt-5\.$/, [chat(text)], [{ ...chat(text), model: "gpt-5" }]],
    [/^other members are sent \(service_tier\)/, [chat(text)], [chat(text, { service_tier: "auto" })]],
    [/^other members are sent \(n\)/, [chat(text, { n: 1 })], [chat(text)]],
    [/streamed, the other is not/, [chat(text)], [chat(text, { stream: true })]],
    [/^another namespace/, [chat(text)], [chat(text)], { namespace: "second" }],
    [/^another base URL or domain: .* at api\.openai\.com, .* at eu\.api\.openai\.com/, [chat(text)], [
      chat(text),
      "https://eu.api.openai.com/v1/chat/completions",
    ]],
    [/^another base URL or domain/, [chat(text)], [chat(text), "https://openrouter.ai/api/v1/chat/completions"]],
    [/^another value of a header that changes the response \(headers\["openai-beta"\]\)/, [chat(text)], [
      chat(text),
      CHAT_URL,
      { "openai-beta": "assistants=v2" },
    ]],
    [/^another model: gemini-2\.5-flash → gemini-3/, [
      { contents: [] },
      "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
    ], [{ contents: [] }, "https://generativelanguage.googleapis.com/v1beta/models/gemini-3:generateContent"]],
    [/streamed, the other is not/, [
      { contents: [] },
      "https://generativelanguage.googleapis.com/v1beta/models/g:generateContent",
    ], [{ contents: [] }, "https://generativelanguage.googleapis.com/v1beta/models/g:streamGenerateContent?alt=sse"]],
  ];
  for (const [expected, recorded, asked, options] of cases) {
    const { cause, message } = await missOf([recorded], asked, options);
    assert.match(cause ?? "", expected, message);
    assert.ok(message.includes(`Likely cause: ${cause}`));
  }
});

test("a miss names no cause if a person changed the prompt", async () => {
  for (const [recorded, asked] of [["Write a poem", "Write a haiku"], ["2 apples", "3 pears"]] as const) {
    assert.equal((await missOf([[chat(recorded)]], [chat(asked)])).cause, undefined);
  }
});

test("a miss prefers the same URL to another one, for any differences", async () => {
  const recorded: Asked[] = [[chat("nothing alike")], [
    chat("Say hello."),
    "https://eu.api.openai.com/v1/chat/completions",
  ]];
  const { nearest } = await missOf(recorded, [chat("Say hello.")]);
  assert.deepEqual(nearest?.differences.map(({ path }) => path), ["messages[1].content"]);
});

test("a miss has fewer than 30 lines and no secrets, for any differences", async () => {
  const many = (value: string) =>
    Object.fromEntries(Array.from({ length: 80 }, (_, at) => [`m${at}`, value.repeat(at)]));
  const secret = `sk-${"a1b2c3d4e5".repeat(3)}`;
  const recorded: Asked = [{ ...many("a\n"), api_key: "recorded-secret", text: "x" }];
  const asked: Asked = [{ ...many("b\n"), api_key: "asked-secret", text: `use ${secret}` }, `${CHAT_URL}?key=k3y`];
  const { message, lines } = await missOf([recorded], asked);
  assert.ok(lines.length < 30 && message.length < 3000, message);
  assert.match(message, /… and \d+ more/);
  assert.doesNotMatch(message, /recorded-secret|asked-secret|k3y|a1b2c3d4/);
});

test("a miss shows no credential from the path of its URL", async (t) => {
  process.env.CACHY_TEST_TOKEN = "in-the-path-of-it";
  t.after(() => delete process.env.CACHY_TEST_TOKEN);
  const { message, url } = await missOf([], [{}, "https://api.openai.com/in-the-path-of-it/v1/responses"]);
  assert.equal(url, "https://api.openai.com/[redacted]/v1/responses");
  assert.doesNotMatch(message, /in-the-path/);
});

test("a miss is explained with long texts, which the file stores as hashes", async () => {
  const long = "long ".repeat(2000);
  const { message, nearest } = await missOf([[chat(`${long}a`, { top: 1 })]], [chat(`${long}a`, { top: 2 })]);
  assert.deepEqual(nearest?.differences.map(({ path }) => path), ["top"], message);
  const other = await missOf([[chat(`${long}a`)]], [chat(`${long}b`)]);
  assert.match(other.message, /messages\[1\]\.content: ".*0001 characters, sha256 \w+…" → ".*0001 characters, /);
  assert.match(other.cause ?? "", /^another long text or file \(messages\[1\]\.content\)/);
});

test("a miss says if no similar request is recorded, if no request is recorded, and if requests are not stored", async () => {
  assert.match(
    (await missOf([[chat("x")]], [{}, RESPONSES_URL])).message,
    /No recorded request has this method and path/,
  );
  assert.match((await missOf([], [{}])).message, /No requests are recorded there\. Check that it is the right file\./);
  const store = memoryStore();
  store.append({ key: "00000000", response: "by pycachy" });
  assert.match((await missOf([], [{}], { store })).message, /contain no requests to compare with/);
});

test("a miss is explained for any values of the stored requests", async () => {
  const bodies: unknown[] = [null, 7, "", [], {}, { method: "POST" }, { method: "POST", url: "no URL", body: "" }];
  bodies.push({ method: "POST", url: CHAT_URL, body: "[".repeat(100_000) }, { method: 1, url: 2, body: 3 });
  for (const request of bodies) {
    const store = memoryStore();
    store.append({ key: "00000000", response: "", request } as Entry);
    assert.match((await missOf([], [chat("x")], { store })).message, /^Cannot replay POST .* 1 entry\)\.\n/);
  }
});

test("a miss is explained without the nearest request if the store cannot list its entries", async () => {
  const { find, append, name } = memoryStore();
  const failing = { find, append, name, entries: () => assert.fail("down") };
  for (const store of [{ find, append, name }, failing]) {
    assert.equal((await missOf([], [{}], { store })).lines.length, 3);
  }
});

test("fetch() rejects with the miss if the option miss asks for it", async () => {
  const cachy = testCachy({ mode: "replay", miss: "throw" });
  await assert.rejects(ask(cachy, [chat("x")]), (error) => {
    assert.ok(error instanceof CachyMissError && error.code === "miss" && error.name === "CachyMissError");
    assert.deepEqual([error.miss, error.message], [cachy.misses[0], cachy.misses[0]?.message]);
    return true;
  });
  assert.equal(cachy.stats.misses, 1);
});

/** The real packages: what an error response looks like to the developer. */
let provider: Awaited<ReturnType<typeof startProvider>>;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
after(() => provider.stop());

const SDKS: Record<string, (cachy: Cachy, prompt: string) => Promise<unknown>> = {
  async openai(cachy, input) {
    const { default: OpenAI } = await import("openai");
    const client = new OpenAI({ apiKey: "dummy", baseURL: `${provider.url}/v1`, fetch: cachy.fetch });
    return await client.responses.create({ model: "gpt-5-mini", input });
  },
  async anthropic(cachy, content) {
    const { default: Anthropic } = await import("@anthropic-ai/sdk");
    const client = new Anthropic({ apiKey: "dummy", baseURL: provider.url, fetch: cachy.fetch });
    const messages = [{ role: "user" as const, content }];
    return await client.messages.create({ model: "claude-haiku-4-5", max_tokens: 100, messages });
  },
  async genai(cachy, contents) {
    const { GoogleGenAI } = await import("@google/genai");
    const httpOptions = { baseUrl: provider.url, fetch: cachy.fetch };
    return await new GoogleGenAI({ apiKey: "dummy", httpOptions }).models.generateContent({
      model: "gemini",
      contents,
    });
  },
  async ai(cachy, prompt) {
    const [{ generateText }, { createOpenAI }] = [await import("ai"), await import("@ai-sdk/openai")];
    const openai = createOpenAI({ apiKey: "dummy", baseURL: `${provider.url}/v1`, fetch: cachy.fetch });
    return await generateText({ model: openai("gpt-5-mini"), prompt });
  },
};

for (const [name, call] of Object.entries(SDKS)) {
  test(`a miss reaches the developer through ${name}, with its message and without a retry`, async (t) => {
    const options = { file: join(temporaryFolder(t), "cachy.jsonl"), domains: [provider.url] };
    await call(createCachy({ ...options, mode: "auto" }), "Say 1 word.");
    provider.reset();
    const cachy = createCachy({ ...options, mode: "replay" });
    await assert.rejects(call(cachy, "Say one word."), (error: Error) => {
      assert.match(error.message, /Cannot replay POST .*\(key [0-9a-f]{8}, 1 entry\)/);
      assert.match(error.message, /Say 1 word\.\\?" → \\?"Say one word\./);
      assert.match(error.message, /To record the response, run once with \{ mode: /);
      return true;
    });
    assert.deepEqual([cachy.stats.misses, provider.requests.length], [1, 0]);
  });
}

test("summaryOf() lists each request once, with its whole cause, at most ten, and uses colors in a terminal only", () => {
  const missAt = (key: string): Miss => ({
    key,
    method: "POST",
    url: RESPONSES_URL,
    message: "",
    cause: "a date. This option leaves it out:\n  normalize: []",
  });
  const all: Parameters<typeof remember>[0] = new Map();
  for (let at = 0; at < 24; at++) remember(all, missAt(`${at % 12}`), "run once");
  const lines = summaryOf(all, false).split("\n");
  assert.deepEqual([lines.length, lines.at(-1)], [33, "To record them, run once, and commit the file."]);
  assert.deepEqual(lines.slice(0, 4), [
    `cachy: 12 requests were not recorded, and mode "replay" did not call the network:`,
    `  0 POST ${RESPONSES_URL} (2 times)`,
    "    a date. This option leaves it out:",
    "      normalize: []",
  ]);
  assert.equal(lines.at(-2), "  … and 2 more");
  const colored = summaryOf(all, true);
  assert.ok(colored.startsWith("\x1b[33mcachy: 12 requests"));
  assert.equal(
    colored.split("\x1b[33m").join("").split("\x1b[36m").join("").split("\x1b[39m").join(""),
    lines.join("\n"),
  );
});

const SUMMARY =
  /cachy: 1 request was not recorded, and mode "replay" did not call the network:\n.* [0-9a-f]{8} POST https:\/\/api\.openai\.com\/v1\/responses \(2 times\)\n.*To record it, run once/;

slowTest(
  "a process with hidden misses reports them once when it ends, and by its exit code on request",
  async (t) => {
    const cwd = temporaryFolder(t);
    for (const [env, code] of [[{ CI: "1" }, 0], [{ CI: "1", CACHY_STRICT: "1" }, 1]] as const) {
      const exit = await runProgram("miss", ["cachy.jsonl"], { cwd, env });
      assert.equal(exit.code, code, exit.stderr);
      assert.match(exit.stderr, SUMMARY);
      assert.equal(exit.stderr.match(/^cachy:/gm)?.length, 1);
      assert.deepEqual(JSON.parse(exit.stdout), { misses: 2, missed: 2 });
    }
    const off = await runProgram("ask_once", [provider.url], { cwd, env: { CACHY_MODE: "off", CACHY_STRICT: "1" } });
    assert.deepEqual([off.code, off.stderr], [0, ""]);
    assert.deepEqual(readdirSync(cwd), []);
  },
);

const UNUSED = /^cachy: debug is on, but no request .*Construct clients after enableCachy\(\).*\n$/;

slowTest("a process with debug tells at its end that no request used the fetch of cachy", async (t) => {
  const cwd = temporaryFolder(t);
  const stderrOf = async (program: string, args: string[]) => (await runProgram(program, args, { cwd })).stderr;
  const debug = (options: CachyOptions) => JSON.stringify({ debug: true, ...options });
  assert.match(await stderrOf("enable_only", [debug({})]), UNUSED);
  assert.equal(await stderrOf("enable_only", ["{}"]), "");
  assert.equal(await stderrOf("enable_only", [debug({ mode: "off" })]), "");
  assert.doesNotMatch(await stderrOf("ask_once", [provider.url, debug({})]), /no request/);
});

/** How each runtime runs a file of tests. */
const RUNNERS = {
  deno: ["test", "-A", "--no-check", "--config", fileURLToPath(new URL("../deno.json", import.meta.url))],
  bun: ["test"],
  node: ["--test"],
} as const;

slowTest("a test runner reports a hidden miss once, and fails because of it with CACHY_STRICT=1", async (t) => {
  for (const [env, isRed] of [[{}, false], [{ CACHY_STRICT: "1" }, true]] as const) {
    const flags = RUNNERS[thisRuntime().name];
    const exit = await runProgram("miss_in_test", [], { cwd: temporaryFolder(t), env, flags });
    const output = exit.stdout + exit.stderr;
    assert.equal(exit.code !== 0, isRed, output);
    assert.match(output, /cachy: Cannot replay POST .*\(key [0-9a-f]{8}, 0 entries\)/);
    if (!isRed) assert.equal(output.match(/cachy:/g)?.length, 1, output);
  }
});

test('debug "miss" shows what the nearest recorded request has different, before mode "auto" asks the network', async (t) => {
  const { error } = console;
  t.after(() => void (console.error = error));
  const printed: string[] = [];
  console.error = (line: string) => void printed.push(line);
  const lines = () => printed.splice(0);
  const options = { file: join(temporaryFolder(t), "cachy.jsonl"), domains: [provider.url], debug: "miss" } as const;
  const ask = async (cachy: Cachy, day: string) => {
    const body = JSON.stringify({ model: "m", input: `Today is ${day}.` });
    await (await cachy.fetch(`${provider.url}/v1/responses`, { method: "POST", body })).text();
    await cachy.flush();
  };
  const cachy = createCachy({ ...options, mode: "auto" });
  await ask(cachy, "2026-11-24");
  assert.match(lines().join("\n"), /^cachy MISS [^\n]*$/, "nothing to compare with");
  await ask(cachy, "2026-11-25");
  const [miss = "", explanation = "", ...more] = lines();
  assert.match(miss, /^cachy MISS /);
  assert.match(explanation, /^The nearest recorded request \(key [0-9a-f]{8}.*\n {2}input: "Today is 2026-11-24\." → /);
  assert.match(explanation, /Likely cause: a date .*\n {2}normalize: \[\[.*\]\]$/);
  assert.deepEqual(more, []);
  await ask(createCachy({ ...options, mode: "refresh" }), "2026-11-26");
  assert.match(lines().join("\n"), /^cachy MISS [^\n]*$/, "nothing was looked for");
});
