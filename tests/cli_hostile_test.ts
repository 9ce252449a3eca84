/** A hostile file must not harm the person who inspects it. */
import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cachyJson, cachyOn } from "./cli.ts";
import { slowTest, test, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

/** A color, a cursor movement, a forged line and a change of the text direction, with and without C1 characters. */
const EVIL = "\x1b[31mred\x9b2J\r\nforged\u202eabc\x07\x7f";
// deno-lint-ignore no-control-regex
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f]/;
/** Looks like a key, and is not valid. */
const KEY = `sk-${"abcdefgh12345678".repeat(2)}`;
/** Not valid UTF-8, and without a known format. */
const NO_TEXT = { toString: 1, valueOf: 2 };

const URL_ASKED = "https://api.openai.com/v1/chat/completions";
const REQUEST = { method: "POST", url: URL_ASKED, body: "{}", exact: false };

function fileOf(t: TestContext, ...entries: readonly object[]): string {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const lines = entries.map((entry) => JSON.stringify({ key: "5ece2360", response: "{}", ...entry }));
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

const READING = [
  ["list"],
  ["list", "--json"],
  ["list", "--domain", "api.openai.com", "--grep", "x"],
  ["list", "--since", "1d"],
  ["show", "5ece2360"],
  ["show", "5ece2360", "--json"],
  ["show", "5ece2360", "--events"],
  ["show", "5ece2360", "--events", "--json"],
  ["show", "5ece2360", "--curl"],
  ["show", "5"],
  ["diff", "5ece2360"],
  ["diff", "5ece2360", "5ece2361"],
  ["diff", "5ece2360", "5ece2361", "--json"],
  ["stats"],
  ["stats", "--json"],
  ["verify"],
  ["verify", "--json"],
  ["scan"],
  ["scan", "--json"],
];

test("no command lets a file color the terminal, move its cursor or forge lines", async (t) => {
  const asked = { model: EVIL, messages: [{ role: EVIL, content: EVIL }], [EVIL]: EVIL };
  const answer = { model: EVIL, choices: [{ message: { role: EVIL, content: EVIL }, finish_reason: EVIL }] };
  const parts = JSON.stringify([["file", EVIL, "a".repeat(64)], [EVIL, null, "b".repeat(64)]]);
  const files = [
    fileOf(t, {
      recorded_at: EVIL,
      headers: { [EVIL]: EVIL },
      response: JSON.stringify(answer),
      request: { ...REQUEST, method: EVIL, body: JSON.stringify(asked), headers: { [EVIL]: EVIL }, namespace: EVIL },
    }, { key: "5ece2361" }),
    fileOf(t, { response: `event: ${EVIL}\ndata: ${EVIL}\n\n`, request: { ...REQUEST, body: parts } }),
    fileOf(t, { response: `event: a\ndata: ${JSON.stringify(EVIL)}\n\n`, request: { ...REQUEST, body: EVIL } }),
    fileOf(t, { key: EVIL, response: EVIL }, { sha256: `5ece2360${EVIL}` }, { sha256: `5ece2360${EVIL}2` }),
  ];
  for (const file of files) {
    for (const command of READING) {
      const { stdout, stderr } = await cachyOn(file, ...command);
      assert.doesNotMatch(stdout + stderr, OBEYED, command.join(" "));
      // A body that is quoted for a shell keeps its lines.
      if (!command.includes("--curl")) assert.doesNotMatch(stdout + stderr, /^forged/m, command.join(" "));
    }
  }
});

test("JSON output keeps the meaning of the file, and contains no control characters", async (t) => {
  const file = fileOf(t, { recorded_at: EVIL, note: "\u2028\u00ad\u0085" });
  const { entry } = await cachyJson(file, "show", "5ece2360") as { entry: Record<string, unknown> };
  assert.deepEqual([entry.recorded_at, entry.note], [EVIL, "\u2028\u00ad\u0085"]);
});

test("no command fails at members of a wrong type", async (t) => {
  const wrong = [NO_TEXT, 1, "x", null, [], [NO_TEXT], true];
  const requests = wrong.map((value) => ({ method: value, url: value, body: value, headers: value, namespace: value }));
  for (const [at, value] of wrong.entries()) {
    const file = fileOf(
      t,
      {
        request: at % 2 ? { ...requests[at], n: value, exact: true } : value,
        chunks: value,
        recorded_at: value,
        duration_ms: value,
        headers: { "content-type": value },
      },
      { request: requests[at], response: "{}\n{}\n", key: "5ece2361", headers: { "content-type": value } },
    );
    for (const command of READING) {
      const { code, stdout, stderr } = await cachyOn(file, ...command);
      assert.ok(code !== null && code <= 2, command.join(" "));
      assert.doesNotMatch(
        stdout + stderr,
        /defect|undefined|\[object/,
        `${command.join(" ")} of ${JSON.stringify(value)}`,
      );
    }
  }
});

slowTest("no command fails at deeply nested values", async (t) => {
  const file = fileOf(t, { key: "5ece2361" });
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const line = JSON.stringify({ key: "5ece2360", response: deep, request: { ...REQUEST, deep: 0 }, chunks: 1 });
  appendFileSync(file, `${line.replace('"deep":0', `"deep":${deep}`)}\n`);
  const shown = [["list"], ["show", "5ece2360", "--json"], ["show", "5ece2360", "--curl"], ["verify"], ["scan"]];
  for (const command of [...shown, ["diff", "5ece2360", "5ece2361"], ["diff", "5ece2360", "5ece2361", "--json"]]) {
    assert.doesNotMatch((await cachyOn(file, ...command)).stderr, /defect/, command.join(" "));
  }
});

test("verify, scan and show --curl print no secret from any place", async (t) => {
  const body = JSON.stringify({ api_key: "hunter2-hunter2", tools: [{ headers: { "x-anything": "pass-4711" } }] });
  const headers = { authorization: "Bearer pass-4711", "x-other": KEY };
  const file = fileOf(
    t,
    { request: { ...REQUEST, url: `${URL_ASKED}?api_key=pass-4711`, headers, body } },
    { request: { ...REQUEST, body: `password=hunter2-hunter2&text=${KEY}` }, key: "5ece2361" },
    { request: { ...REQUEST, body: JSON.stringify([["password", null, "hunter2-hunter2"]]) }, key: "5ece2362" },
    { request: { ...REQUEST, body: { api_key: KEY } }, note: KEY, headers: { "x-api-key": [KEY] } },
    { status_code: KEY, v: KEY },
    { status_code: KEY },
    { key: KEY, sha256: KEY },
    { recorded_at: KEY, chunks: [[KEY]] },
    { headers: { "set-cookie": "ab1", cookie: "pass-4711" } },
  );
  const commands = [["verify"], ["verify", "--json"], ["scan"], ["scan", "--json"]];
  for (const key of ["5ece2360", "5ece2361", "5ece2362"]) commands.push(["show", key, "--curl"]);
  for (const command of commands) {
    const { stdout, stderr } = await cachyOn(file, ...command);
    for (const secret of [KEY.slice(0, 20), "pass-4711", "hunter2-hunter2", "ab1"]) {
      assert.ok(!`${stdout}${stderr}`.includes(secret), `${secret} in ${command.join(" ")}`);
    }
  }
  const found = await cachyJson(file, "scan") as { line: number; key?: string }[];
  assert.deepEqual([...new Set(found.map(({ line }) => line))], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
