import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatEntry } from "../src/store/entry.ts";
import { cachy, cachyJson, project } from "./cli.ts";
import { runProgram } from "./processes.ts";
import { thisRuntime } from "./sdk/case.ts";
import { slowTest } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

/** Look like keys, and are not valid. */
const KEY = `sk-${"abcdefgh12345678".repeat(2)}`;
const TOKEN = "a-quite-ordinary-value-1";

slowTest("scan finds nothing in recordings", async (t) => {
  const { folder, file } = await project(t);
  assert.deepEqual(await cachy(folder, "scan"), { code: 0, stdout: "", stderr: `No secrets found in cachy.jsonl.\n` });
  assert.deepEqual(await cachyJson(file, "scan"), []);
});

slowTest("scan prints what it found and where, never the secret, with exit code 1", async (t) => {
  const { folder, file } = await project(t);
  const response = JSON.stringify({ choices: [{ message: { content: `Use ${KEY}.` } }] });
  appendFileSync(
    file,
    formatEntry({ key: "5ece2360", response, headers: { "set-cookie": "session=0123456789abcdef" } }),
  );
  appendFileSync(file, `{"key":"5ece2361","response":"torn ${KEY}\n`);
  const { code, stdout, stderr } = await cachy(folder, "scan");
  assert.equal(code, 1);
  assert.match(stdout, /cachy\.jsonl:5 5ece2360 {2}an API key \(sk-…\) in response/);
  assert.match(stdout, /cachy\.jsonl:5 5ece2360 {2}.* in response header set-cookie/);
  assert.match(stdout, /cachy\.jsonl:6 {2}an API key \(sk-…\) in a line that is not an entry/);
  assert.match(stderr, /^3 secrets found\. Revoke each real secret/);
  assert.ok(!`${stdout}${stderr}`.includes(KEY.slice(0, 12)) && !stdout.includes("0123456789abcdef"));
  const found = await cachyJson(file, "scan") as { line: number; file: string }[];
  assert.deepEqual(found.map(({ line }) => line), [5, 5, 6]);
  assert.doesNotMatch(JSON.stringify(found), new RegExp(KEY));
});

slowTest("scan searches damaged lines of any length", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const piece = 1 << 24;
  writeFileSync(file, `${" ".repeat(piece - 20)}${KEY}${"x ".repeat(1 << 20)}\n\n`);
  const found = await cachyJson(file, "scan") as { line: number; where: string }[];
  assert.deepEqual(found.map(({ line, where }) => [line, where]), [[1, "a line that is not an entry"]]);
});

slowTest("scan --env finds the values of environment variables", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "cachy.jsonl"), formatEntry({ key: "5ece2360", response: `It is ${TOKEN}.` }));
  assert.equal((await cachy(folder, "scan")).code, 0);
  const flags = thisRuntime().name === "deno" ? ["run", "-RWE", "--no-check"] : undefined;
  const env = { SERVICE_TOKEN: TOKEN };
  const { code, stdout } = await runProgram("cli", ["scan", "--env"], { cwd: folder, flags, env });
  assert.equal(code, 1);
  assert.match(stdout, /the value of SERVICE_TOKEN in response/);
  assert.ok(!stdout.includes(TOKEN));
});

const onlyDeno = thisRuntime().name === "deno" ? undefined : "Only Deno has permissions.";
slowTest("scan --env says which permission it needs", { skip: onlyDeno }, async (t) => {
  const { folder } = await project(t, []);
  writeFileSync(join(folder, "cachy.jsonl"), "");
  const { code, stderr } = await cachy(folder, "scan", "--env");
  assert.equal(code, 2);
  assert.match(stderr, /Deno did not grant access\. Run with --allow-env\./);
});

slowTest("scan searches several files, as a pre-commit hook passes them", async (t) => {
  const { folder, file } = await project(t);
  const other = join(folder, "other.jsonl");
  writeFileSync(other, readFileSync(file, "utf8").replace("Paris", KEY));
  const { code, stdout } = await cachy(folder, "scan", "cachy.jsonl", "other.jsonl");
  assert.equal(code, 1);
  assert.match(stdout, /^\S*other\.jsonl:1 \w{8} {2}an API key/);
  assert.equal((await cachy(folder, "scan", "cachy.jsonl")).code, 0);
});
