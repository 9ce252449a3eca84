import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { formatEntry } from "../src/store/entry.ts";
import { cachy, cachyJson, cachyOn, GREETING, project, record, type Sample, WEATHER } from "./cli.ts";
import { test } from "./suite.ts";
import { CHAT_URL, chatEvents, jsonAnswer, jsonPost, streamAnswer } from "./testing.ts";

const ROME: Sample = {
  ...WEATHER,
  request: jsonPost(JSON.parse(String(WEATHER.request.body).replace("Paris", "Rome").replace("0.2", "0.7"))),
  answer: () =>
    jsonAnswer({
      model: "gpt-4.1",
      choices: [{ index: 0, message: { role: "assistant", content: "Fine." }, finish_reason: "stop" }],
    }),
};

test("diff prints where two requests and their responses differ, with exit code 1", async (t) => {
  const { folder, file, keys: [paris = "", rome = ""] } = await project(t, [WEATHER, ROME]);
  const { code, stdout } = await cachy(folder, "diff", paris, rome);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /^request:\n {2}messages\[1\]\.content: "How is the weather in Paris\?" → "How is the weather in Rome\?"\n {2}temperature: 0\.2 → 0\.7\n/,
  );
  assert.match(stdout, /\nresponse:\n {2}choices\[0\]\.finish_reason: "tool_calls" → "stop"\n/);
  assert.doesNotMatch((await cachyOn(file, "diff", paris, rome, "--request")).stdout, /response:/);
  assert.doesNotMatch((await cachyOn(file, "diff", paris, rome, "--response")).stdout, /request:/);
});

test("diff of an entry with itself finds nothing, with exit code 0", async (t) => {
  const { file, keys: [key = ""] } = await project(t, [GREETING]);
  assert.deepEqual(await cachyOn(file, "diff", key, key), { code: 0, stdout: "No differences.\n", stderr: "" });
  assert.deepEqual(await cachyJson(file, "diff", key, key), { request: [], answer: [] });
});

test("diff of one key compares its response with the one that it replaced", async (t) => {
  const { file, keys: [key = ""] } = await project(t, [GREETING]);
  const alone = await cachyOn(file, "diff", key);
  assert.equal(alone.code, 2);
  assert.match(
    alone.stderr,
    /Cannot compare \w+ with an earlier recording: it has no earlier recording\. Name another entry\./,
  );
  await record(file, [{ ...GREETING, answer: () => streamAnswer(chatEvents("やあ、世界！")) }], { mode: "refresh" });
  const { code, stdout } = await cachyOn(file, "diff", key);
  assert.equal(code, 1);
  assert.equal(stdout, 'response:\n  answered[0].parts[0].text: "こんにちは、世界！" → "やあ、世界！"\n');
});

test("diff finds streams equal that have the same content in different pieces", async (t) => {
  const { file, keys: [key = ""] } = await project(t, [GREETING]);
  const pieces = (
    ...texts: string[]
  ) => [...texts.flatMap((text) => chatEvents(text).slice(0, 1)), ...chatEvents("").slice(1)];
  const answer = () => streamAnswer(pieces("こんに", "ちは、", "世界！"));
  await record(file, [{ ...GREETING, url: CHAT_URL, answer }], { mode: "refresh" });
  assert.equal((await cachyOn(file, "diff", key)).code, 0);
});

test("diff says if the file does not contain a request", async (t) => {
  const { file, keys: [key = ""] } = await project(t, [WEATHER]);
  appendFileSync(file, formatEntry({ key: "5ece2360", response: "{}" }));
  const { code, stderr } = await cachyOn(file, "diff", key, "5ece2360");
  assert.deepEqual([code, stderr], [
    1,
    "Compares only the responses: the file does not contain the request of 5ece2360.\n",
  ]);
  const alone = await cachyOn(file, "diff", key, "5ece2360", "--request");
  assert.deepEqual([alone.code, alone.stdout], [2, ""]);
  assert.match(alone.stderr, /Cannot compare the requests: the file does not contain the request of 5ece2360\./);
  assert.equal((await cachyOn(file, "diff", key, "5ece2360", "--response")).stderr, "");
});
