import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "../src/cli/read/parts/message.ts";
import { readEntry, type Reading } from "../src/cli/read/reading.ts";
import { parseEntry } from "../src/store/entry.ts";
import { startProvider } from "./provider/provider.ts";
import { test, type TestContext } from "./suite.ts";
import { jsonPost, temporaryFolder, testCachy } from "./testing.ts";

/** Calls the loopback provider, and reads the lines that were recorded. */
async function recordedOf(
  t: TestContext,
  asks: readonly (readonly [path: string, init: RequestInit])[],
): Promise<Reading[]> {
  const provider = await startProvider({ pause: 0 });
  t.after(() => provider.stop());
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const cachy = testCachy({ file, domains: [provider.url] });
  for (const [path, init] of asks) await (await cachy.fetch(`${provider.url}${path}`, init)).arrayBuffer();
  await cachy.flush();
  return readFileSync(file, "utf8").trimEnd().split("\n").map((line) => {
    const entry = parseEntry(line);
    return typeof entry === "string" ? assert.fail(entry) : readEntry(entry);
  });
}

const LONG = "long ".repeat(2000);
const messages = [{ role: "user", content: "Hello." }, { role: "user", content: LONG }];
const contents = messages.map(({ content }) => ({ role: "user", parts: [{ text: content }] }));

test("readEntry() reads real recordings of every family, complete and streamed", async (t) => {
  const asks: [path: string, body: object, kind: string, model: string][] = [
    ["/v1/chat/completions", { model: "m", messages }, "chat", "m"],
    ["/v1/responses", { model: "m", input: messages }, "responses", "m"],
    ["/v1/messages", { model: "m", messages }, "messages", "m"],
    ["/v2/chat", { model: "m", messages }, "chat", "m"],
    ["/v1beta/models/m:generateContent", { contents }, "generate", "m"],
    ["/api/chat", { model: "m", messages, stream: false }, "chat", "m"],
  ];
  const streams = asks.map(([path, body]) =>
    [path.replace(":generate", ":streamGenerate"), path.includes(":") ? body : { ...body, stream: true }] as const
  );
  const readings = await recordedOf(t, [...asks, ...streams].map(([path, body]) => [path, jsonPost(body)] as const));
  assert.equal(readings.length, 12);
  readings.forEach((reading, at) => {
    const [path, , kind, model] = asks[at % asks.length] ?? assert.fail();
    assert.match(reading.provider ?? "", /^127\.0\.0\.1:\d+$/);
    assert.deepEqual([reading.kind, reading.model, reading.isStream], [kind, model, at >= asks.length], path);
    const [hello, long] = reading.asked.flatMap(({ parts }) => parts);
    assert.deepEqual(hello, { kind: "text", text: "Hello." }, path);
    assert.match(long?.kind === "text" ? long.text : "", /^\[10000 characters, sha256 [0-9a-f]{64}\]$/, path);
    const [said, ...others] = reading.answered.flatMap(({ parts }) => parts);
    assert.deepEqual(others, [], path);
    assert.ok(said?.kind === "text" && said.text.split(" ").length > 3, path);
    assert.ok(reading.finish, path);
  });
});

test("readEntry() reads a real recording of a form and of sound", async (t) => {
  const form = new FormData();
  form.append("model", "whisper-1");
  form.append("file", new File(["sound"], "talk.mp3", { type: "audio/mpeg" }));
  const [written, spoken] = await recordedOf(t, [
    ["/v1/audio/transcriptions", { method: "POST", body: form }],
    ["/v1/audio/speech", jsonPost({ model: "tts-1", input: "Hello.", voice: "alloy" })],
  ]);
  assert.deepEqual(written?.asked, [{ role: "user", parts: [{ kind: "media", what: "audio", name: "talk.mp3" }] }]);
  assert.match(written?.settings.join() ?? "", /^model,\[sha256 [0-9a-f]{8}…\]$/);
  assert.deepEqual([written?.kind, spoken?.kind], ["transcription", "speech"]);
  const [audio]: readonly Part[] = spoken?.answered[0]?.parts ?? [];
  assert.ok(
    audio?.kind === "media" && audio.what === "audio" && audio.type === "audio/mpeg" && (audio.bytes ?? 0) > 1000,
  );
});
