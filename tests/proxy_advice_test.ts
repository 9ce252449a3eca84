/** What the messages of the proxy advise: options of the command line, which a program in any language has. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { startRecordingProxy } from "../src/cli/commands/recording_proxy.ts";
import { AS_FLAGS } from "../src/cli/app/key_options.ts";
import { findProjectFile } from "../src/options/settings.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, beforeEach, test, type TestContext } from "./suite.ts";
import { jsonPost, temporaryFolder } from "./testing.ts";

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
beforeEach(() => provider.reset());
after(() => provider.stop());

type Options = Parameters<typeof startRecordingProxy>[0];

/** A proxy as `cachy run` starts it, which posts to the provider. */
async function commandProxy(t: TestContext, options: Options) {
  const proxy = await startRecordingProxy({ domains: "127.0.0.1", ...options });
  t.after(() => proxy.stop());
  return async (body: object, path = "/v1/chat/completions") => {
    const url = `${proxy.address}/${new URL(provider.url).host}${path}`;
    return await (await fetch(url, jsonPost({ model: "gpt-4.1", ...body }))).text();
  };
}

/** Options in code, such as `{ mode: "auto" }`, `omit: ["a"]` and `option "miss"`. */
const CODE = /\{ \w+:|\w: \[|option "|enableCachy|defaultDomains|[mM]axBodyBytes|keepRequest|allowSecrets/;

const chat = (content: string, more: object = {}) => ({ messages: [{ role: "user", content }], ...more });

test("a miss through the proxy advises options of the command line, which prevent the miss", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const pairs = [
    [chat("Today is 2026-01-02."), chat("Today is 2026-03-04.")],
    [
      chat("Hello", { metadata: { run_id: "0b6e2c5e-8f0e-4b6c-9a53-0d3a8a1f2c11" } }),
      chat("Hello", { metadata: { run_id: "5d1f7a90-3c2b-4d8e-8f6a-7e9b0c1d2e3f" } }),
    ],
    [chat("line\r\nline"), chat("line\nline")],
  ] as const;
  const record = await commandProxy(t, { file, mode: "auto" });
  const live = [];
  for (const [recorded] of pairs) live.push(await record(recorded));
  const replay = await commandProxy(t, { file, mode: "replay" });
  for (const [at, [, asked]] of pairs.entries()) {
    const { error: { message } } = JSON.parse(await replay(asked));
    assert.match(
      message,
      /by the option --mode replay\.\nTo record the response, run once with --mode auto, and commit/,
    );
    assert.doesNotMatch(message, CODE);
    const [, offered = ""] = /record once more:\n {2}(--(?:normalize|omit) [^\n]+)/.exec(message) ?? [];
    assert.ok(offered, message);
    const fixed = await commandProxy(t, { file: join(temporaryFolder(t), "c.jsonl"), mode: "auto", ...given(offered) });
    assert.equal(await fixed(asked), await fixed(pairs[at]?.[0] ?? {}));
  }
  assert.equal(provider.requests.length, 2 * pairs.length);
});

/** The options of a command line, as a shell reads them. */
function given(line: string): Options {
  const words = execFileSync("bash", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" }).split("\0").slice(0, -1);
  const of = (name: string) => words.filter((_, at) => words[at - 1] === name);
  return { normalize: of("--normalize"), omit: of("--omit") };
}

test("a proxy in mode replay names CI and CACHY_MODE as the reason, and how to record", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const variables = { CI: "the environment variable CI is set", CACHY_MODE: "by the environment variable CACHY_MODE" };
  for (const [name, reason] of Object.entries(variables)) {
    const before = { CI: process.env.CI, CACHY_MODE: process.env.CACHY_MODE };
    delete process.env.CI;
    delete process.env.CACHY_MODE;
    process.env[name] = name === "CI" ? "true" : "replay";
    try {
      const { error: { message } } = JSON.parse(await (await commandProxy(t, { file }))(chat("Hello")));
      assert.ok(message.includes(reason), message);
      assert.match(message, /CACHY_MODE=auto/);
    } finally {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  }
});

test("warnings of the proxy advise options of the command line", async (t) => {
  const printed: string[] = [];
  t.mock.method(console, "error", (line: string) => void printed.push(line));
  const server = createServer((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ choices: [{ message: { content: `sk-proj-${"a1B2c3D4".repeat(6)}` } }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const options = { mode: "auto", domains: "127.0.0.1" };
  for (const allowed of [false, true]) {
    const file = join(temporaryFolder(t), "cachy.jsonl");
    const proxy = await startRecordingProxy({ ...options, file, "allow-secrets": allowed });
    t.after(() => proxy.stop());
    await (await fetch(`${proxy.address}/127.0.0.1:${port}/v1/chat/completions`, jsonPost({}))).text();
    await proxy.cachy.flush();
    const told = printed.splice(0).join();
    assert.doesNotMatch(told, CODE);
    if (allowed) assert.equal(told, "");
    else assert.match(told, /may be in the file, set the option --allow-secrets to silence/);
  }
  const outside = await startRecordingProxy({
    file: join(temporaryFolder(t), "cachy.jsonl"),
    mode: "replay",
    env: [`OWN_URL=${provider.url}/own/v1`],
  });
  t.after(() => outside.stop());
  await (await fetch(`${outside.address}/${new URL(provider.url).host}/v1/chat/completions`, jsonPost({}))).text();
  assert.ok(printed.some((line) => line.includes("--domains 127.0.0.1:")), printed.join("\n"));
  for (const line of printed) assert.doesNotMatch(line, CODE);
});

test("the proxy records bodies up to --max-body-bytes, and names this option for longer ones", async (t) => {
  const printed: string[] = [];
  t.mock.method(console, "error", (line: string) => void printed.push(line));
  const cases = [["100", "Hello", "response"], ["4000", "x".repeat(4000), "request"], ["9000", "x".repeat(4000), ""]];
  for (const [limit = "", content = "", long = ""] of cases) {
    const file = join(temporaryFolder(t), "cachy.jsonl");
    const post = await commandProxy(t, { file, mode: "auto", "max-body-bytes": limit });
    await post(chat(content));
    const told = printed.splice(0).join("\n");
    if (long) assert.match(told, new RegExp(`Cannot [^\n]*${long}[^\n]* longer than ${limit} bytes.*--max-body-bytes`));
    else assert.equal(told, "");
    assert.doesNotMatch(told, CODE);
  }
  await assert.rejects(startRecordingProxy({ "max-body-bytes": "64M" }), /--max-body-bytes 64M: expected a number/);
});

test("AS_FLAGS names options by their flags, and not those without one", () => {
  assert.equal(AS_FLAGS.option("maxBodyBytes"), "--max-body-bytes");
  assert.match(findProjectFile(undefined, AS_FLAGS).warning ?? "", /set the option --file/);
  assert.equal(AS_FLAGS.option("keepRequest", "whole"), undefined);
  assert.equal(AS_FLAGS.option("allowSecrets", true), "--allow-secrets");
  assert.equal(AS_FLAGS.normalize([["it's", "X"]]), `--normalize '/it'\\''s/=X'`);
  assert.equal(AS_FLAGS.omit(["tools[*].id"]), "--omit 'tools[*].id'");
});
