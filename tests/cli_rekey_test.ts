/** `cachy rekey`: recordings answer the requests that a changed program sends. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { CachyOptions } from "../mod.ts";
import { formatEntry } from "../src/store/entry.ts";
import { cachy, cachyOn } from "./cli.ts";
import { slowTest, test } from "./suite.ts";
import { CHAT_URL, countingNetwork, jsonPost, temporaryFolder, testCachy } from "./testing.ts";

const request = (more: object = {}) => ({ model: "gpt-5-mini", messages: [{ role: "user", content: "Hi" }], ...more });

/** Records requests in a file, and gives the status that a replay with other options and requests gets. */
async function recorded(t: TestContext, bodies: readonly object[], options: CachyOptions = {}, url = CHAT_URL) {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const live = testCachy({ file, fetch: countingNetwork().fetch, ...options });
  for (const body of bodies) await (await live.fetch(url, jsonPost(body))).text();
  const replay = async (body: object, options: CachyOptions = {}, asked = url) => {
    const response = await testCachy({ file, mode: "replay", ...options }).fetch(asked, jsonPost(body));
    return response.status === 200 ? await response.json() : response.status;
  };
  return { file, replay };
}

test("rekey makes recordings match after a change of normalize and omit", async (t) => {
  const body = request({ metadata: { run: "2026-11-01" }, seed: 1 });
  const { file, replay } = await recorded(t, [body]);
  const changed = request({ metadata: { run: "2027-01-02" }, seed: 2 });
  const options: CachyOptions = { normalize: [[/\d{4}-\d\d-\d\d/, "DATE"]], omit: ["seed"] };
  assert.equal(await replay(changed, options), 406);
  const { code, stdout, stderr } = await cachyOn(
    file,
    "rekey",
    "--normalize",
    "/\\d{4}-\\d\\d-\\d\\d/=DATE",
    "--omit",
    "seed",
    "-y",
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^[0-9a-f]{8} → [0-9a-f]{8}\n$/);
  assert.match(stderr, /1 key changes, 0 stay, 0 unknown\.\nChanged 1 line\./);
  assert.deepEqual(await replay(changed, options), { count: 1 });
  assert.match((await cachyOn(file, "verify")).stdout, /0 problems/);
});

test("rekey adds, drops and renames what an upgrade of an SDK changes", async (t) => {
  const { file, replay } = await recorded(t, [request({ user: "a", stream_options: { a: 1 } })]);
  const args = [
    "--drop-member",
    "user",
    "--set-member",
    "store=false",
    "--set-member",
    "stream_options.b=x",
    "--set-member",
    "messages[*].id=7",
  ];
  await cachyOn(file, "rekey", ...args, "--rename-model", "gpt-5-mini=gpt-5-nano", "--yes");
  const messages = [{ role: "user", content: "Hi", id: 7 }];
  const changed = { model: "gpt-5-nano", messages, stream_options: { a: 1, b: "x" }, store: false };
  assert.deepEqual(await replay(changed), { count: 1 });
});

test("rekey renames the model in a URL", async (t) => {
  const url = (model: string) => `https://generativelanguage.googleapis.com/v1beta/models/${model}:generateContent`;
  const { file, replay } = await recorded(t, [{ contents: [] }], {}, url("gemini-2.5-flash"));
  await cachyOn(file, "rekey", "--rename-model", "gemini-2.5-flash=gemini-3-flash", "--yes");
  assert.deepEqual(await replay({ contents: [] }, {}, url("gemini-3-flash")), { count: 1 });
});

test("rekey without options applies the rules of this version to entries of an earlier one", async (t) => {
  const { file, replay } = await recorded(t, [request()]);
  const line = JSON.parse(readFileSync(file, "utf8"));
  // Version 0.1 hashed credentials, too; this digest is the one of its text.
  const body = `{"api_key": "k", ${line.request.body.slice(1)}`;
  const { createHash } = await import("node:crypto");
  const sha256 = createHash("sha256").update(`${CHAT_URL}False${body}`).digest("hex");
  writeFileSync(file, formatEntry({ ...line, key: sha256.slice(0, 8), sha256, request: { ...line.request, body } }));
  const { code, stderr } = await cachyOn(file, "rekey", "--yes");
  assert.deepEqual([code, /1 key changes/.test(stderr)], [0, true], stderr);
  assert.match(readFileSync(file, "utf8"), /\\"api_key\\": \\"\[redacted\]\\"/);
  assert.deepEqual(await replay(request({ api_key: "another" })), { count: 1 });
});

test("rekey names the entries that it cannot hash again, keeps them, and ends with exit code 1", async (t) => {
  const long = request({ user: "x".repeat(5000) });
  const { file } = await recorded(t, [long, request()]);
  const foreign = '{"key": "5ece2360", "response": "by pycachy"}\n';
  writeFileSync(file, `${readFileSync(file, "utf8")}${foreign}torn\n`);
  const before = readFileSync(file, "utf8").split("\n");
  const { code, stdout, stderr } = await cachyOn(file, "rekey", "--omit", "model", "--yes");
  assert.equal(code, 1);
  assert.match(stdout, /5ece2360 stays: its request is not recorded/);
  assert.match(stdout, /stays: its request is recorded in brief/);
  assert.match(stderr, /1 key changes, 0 stay, 2 unknown/);
  const after = readFileSync(file, "utf8").split("\n");
  assert.deepEqual([after[0], after[2], after[3]], [before[0], before[2], before[3]]);
  assert.notEqual(after[1], before[1]);
});

test("rekey says which entries get one key", async (t) => {
  const { file, replay } = await recorded(t, [request({ seed: 1 }), request({ seed: 2 })]);
  const { stdout } = await cachyOn(file, "rekey", "--omit", "seed", "--yes");
  assert.match(stdout, /^[0-9a-f]{8}, [0-9a-f]{8} get one key: only the newest recording answers then$/m);
  assert.deepEqual(await replay(request({ seed: 3 }), { omit: ["seed"] }), { count: 2 });
});

test("rekey keeps the keys of requests that the new options do not change", async (t) => {
  const { file } = await recorded(t, [request(), request({ temperature: 1e21, n: 1.0 })]);
  const before = readFileSync(file, "utf8");
  const { code, stderr } = await cachyOn(file, "rekey", "--omit", "metadata.run", "--yes");
  assert.deepEqual([code, readFileSync(file, "utf8")], [0, before]);
  assert.match(stderr, /0 keys change, 2 stay, 0 unknown/);
});

test("rekey refuses options that make no sense", async (t) => {
  const { file } = await recorded(t, [request()]);
  const cases: readonly (readonly [args: string[], message: RegExp])[] = [
    [["--omit", "a..b"], /expected a path/],
    [["--normalize", "/(/=x"], /Cannot use --normalize/],
    [["--normalize", "x"], /expected PATTERN=TEXT/],
    [["--set-member", "a"], /expected PATH=JSON/],
    [["--rename-model", "a=b"], /without --yes/],
    [["--set-member", "a=1", "--omit", "a"], /leaves out/],
    [["--config", "missing.js"], /Cannot load missing\.js/],
    [["--omit", "seed", "--omit", "model"], /Cannot ask "Write 1 new key into .*": there is no terminal\. Add --yes/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await cachyOn(file, "rekey", ...args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, message);
  }
});

slowTest("rekey takes the options of the program from a module", async (t) => {
  const { file, replay } = await recorded(t, [request({ run: "run-1" })]);
  const folder = join(file, "..");
  writeFileSync(join(folder, "options.mjs"), `export default { normalize: [[/run-\\d+/, "RUN"]] };\n`);
  const { code, stderr } = await cachy(folder, "rekey", "--config", "options.mjs", "--yes");
  assert.equal(code, 0, stderr);
  assert.deepEqual(await replay(request({ run: "run-2" }), { normalize: [[/run-\d+/, "RUN"]] }), { count: 1 });
});
