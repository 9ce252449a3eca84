import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { join } from "node:path";
import { concatBytes, encodeBase64 } from "../src/lib/bytes.ts";
import { type Entry, formatEntry } from "../src/store/entry.ts";
import {
  cachy,
  cachyJson,
  cachyOn,
  GREETING,
  MESSAGE,
  NO_PYCACHY_FILE,
  project,
  PYCACHY_FILE,
  SPEECH,
  WEATHER,
} from "./cli.ts";
import { defaultFlags, programPath } from "./processes.ts";
import { eventFrame } from "./provider/aws_frame.ts";
import { slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

test("show prints a request and its response with roles, texts, calls and settings", async (t) => {
  const { folder, keys: [key = ""] } = await project(t, [WEATHER]);
  const { code, stdout, stderr } = await cachy(folder, "show", key);
  assert.deepEqual([code, stderr], [0, ""]);
  const [head = "", what, facts = "", ...rest] = stdout.split("\n");
  assert.ok(head.startsWith(key) && head.endsWith("  POST https://api.openai.com/v1/chat/completions"), head);
  assert.equal(what, "OpenAI gpt-4.1, chat");
  assert.match(facts, /^status 200, \d+ B, 40 input tokens, 7 output tokens, recorded 20\d\d-.*Z, in .*, line 1$/);
  const body = rest.join("\n");
  assert.match(body, /temperature 0\.2/);
  assert.match(body, /\nsystem\n {2}Be brief\.\n\nuser\n {2}How is the weather in Paris\?\n/);
  assert.match(body, /\nassistant\n {2}\[call call_1\] get_weather\(\{"city":"Paris"\}\)\n/);
  assert.match(body, /\nended: tool_calls\n$/);
});

test("show joins the pieces of a stream, and shows thinking separately", async (t) => {
  const { file, keys: [stream = "", message = ""] } = await project(t, [GREETING, MESSAGE]);
  assert.match(
    (await cachyOn(file, "show", stream)).stdout,
    /, chat, stream\n[^]*\nassistant\n {2}こんにちは、世界！\n/,
  );
  assert.match(
    (await cachyOn(file, "show", message)).stdout,
    /\n {2}\[thinking\] Something calm\.\n {2}Blue,\n {2}of course\.\n/,
  );
});

test("show accepts the first digits of a key or a digest, and says if they are ambiguous", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const response = "{}";
  const entries: Entry[] = [
    { key: "5ece2360", sha256: "5ece2360".padEnd(64, "0"), response },
    { key: "5ece2360", sha256: "5ece2360".padEnd(64, "1"), response },
    { key: "5ec00000", response },
  ];
  writeFileSync(file, entries.map(formatEntry).join(""));
  assert.match((await cachyOn(file, "show", "5ec0")).stdout, /^5ec00000\n/);
  assert.match((await cachyOn(file, "show", "5ECE23601")).stdout, /^5ece236011/);
  const { code, stderr } = await cachyOn(file, "show", "5ece");
  assert.equal(code, 2);
  assert.match(stderr, /Cannot choose an entry by 5ece: it matches 5ece23601111, 5ece23600000\. Write more digits\./);
});

test("show --events prints each event with its time", async (t) => {
  const { file, keys: [key = ""] } = await project(t, [GREETING]);
  const { stdout } = await cachyOn(file, "show", key, "--events");
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? "", /^ *[\d.]+ m?s {2}\{"id":"chatcmpl-1".*こんにちは/);
  assert.match(lines[2] ?? "", /\[DONE\]$/);
  const events = await cachyJson(file, "show", key, "--events") as { ms: number; data: unknown }[];
  assert.deepEqual(events.map(({ data }) => typeof data), ["object", "object", "string"]);
  assert.ok(events.every(({ ms }) => typeof ms === "number"));
});

test("show --events splits AWS frames, also if a chunk ends inside a frame", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const frames = concatBytes(["Hel", "lo"].map((text) => eventFrame("contentBlockDelta", { delta: { text } })));
  const response = encodeBase64(frames);
  const headers = { "content-type": "application/vnd.amazon.eventstream" };
  const chunks: [number, number][] = [[5, 20], [40, frames.length - 20]];
  writeFileSync(file, formatEntry({ key: "5ece2360", v: 1, headers, binary: true, response, chunks }));
  assert.deepEqual(
    await cachyJson(file, "show", "5ec", "--events"),
    ["Hel", "lo"].map((text) => {
      return { ms: 40, name: "contentBlockDelta", data: { delta: { text } } };
    }),
  );
});

test("show --events says that a response is not a stream", async (t) => {
  const { file, keys: [key = ""] } = await project(t, [SPEECH]);
  const { code, stderr } = await cachyOn(file, "show", key, "--events");
  assert.equal(code, 2);
  assert.match(stderr, /Cannot show the events of \w+: its response is not a stream\. Leave out --events\./);
});

/** Runs the command line without decoding its output. */
function rawOf(folder: string, key: string): Buffer {
  const program = programPath("cli");
  const { stdout } = spawnSync(process.execPath, [...defaultFlags(), program, "show", key, "--raw"], { cwd: folder });
  return stdout;
}

slowTest("show --raw prints the exact bytes of a response, also binary ones", async (t) => {
  const { folder, keys: [speech = "", stream = ""] } = await project(t, [SPEECH, GREETING]);
  assert.deepEqual([...rawOf(folder, speech)], [...new Uint8Array(await SPEECH.answer().arrayBuffer())]);
  assert.equal(rawOf(folder, stream).toString(), await GREETING.answer().text());
});

test("show --curl prints a command that contains no credential", async (t) => {
  const { file, keys: [key = ""] } = await project(t, [MESSAGE]);
  const { code, stdout } = await cachyOn(file, "show", key, "--curl");
  assert.equal(code, 0);
  assert.match(stdout, /^curl /);
  assert.match(stdout, /https:\/\/api\.anthropic\.com\/v1\/messages/);
  assert.match(stdout, /\$ANTHROPIC_API_KEY/);
  assert.match(stdout, /Name a colour\./);
});

test("show --json prints the entry and its readable form", async (t) => {
  const { file, keys: [key = ""] } = await project(t, [WEATHER]);
  const shown = await cachyJson(file, "show", key) as { line: number; entry: Entry; reading: { model: string } };
  assert.deepEqual(shown.entry, JSON.parse(readFileSync(file, "utf8")));
  assert.deepEqual([shown.line, shown.reading.model], [1, "gpt-4.1"]);
});

test("show lets no response color the terminal", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const response = JSON.stringify({ choices: [{ message: { content: "red \x1b[31m\rfake\nline" } }] });
  writeFileSync(file, formatEntry({ key: "5ece2360", response }));
  const { stdout } = await cachyOn(file, "show", "5ece2360");
  assert.match(stdout, /fake\n {2}line\n/);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(stdout, /[\x1b\r]/);
});

test("show reads a line that pycachy recorded", { skip: NO_PYCACHY_FILE }, async (t) => {
  const line = readFileSync(PYCACHY_FILE, "utf8").split("\n").find((line) => line.includes("event: message_start")) ??
    "";
  const { key } = JSON.parse(line);
  const { code, stdout } = await cachy(temporaryFolder(t), "show", key, "-f", PYCACHY_FILE);
  assert.equal(code, 0);
  assert.match(stdout, /messages, stream\n[^]*The file does not contain the request\.\n\nassistant\n {2}\S/);
});
