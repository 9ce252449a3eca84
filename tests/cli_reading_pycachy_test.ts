import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readEntry, type Reading } from "../src/cli/read/reading.ts";
import { type Entry, parseEntry } from "../src/store/entry.ts";
import { test } from "./suite.ts";

/** What pycachy recorded from the real APIs. It is not part of this repository. */
const RECORDED = fileURLToPath(new URL("../../shared/fixtures/pycachy-recorded.jsonl", import.meta.url));
const options = { skip: existsSync(RECORDED) ? undefined : `${RECORDED} is missing.` };

function recorded(): { readonly entry: Entry; readonly reading: Reading }[] {
  return readFileSync(RECORDED, "utf8").trimEnd().split("\n").map((line) => {
    const entry = parseEntry(line);
    return typeof entry === "string" ? assert.fail(entry) : { entry, reading: readEntry(entry) };
  });
}

const CONVERSING = new Set(["chat", "responses", "messages", "generate"]);
const isConversing = ({ reading }: { readonly reading: Reading }) => CONVERSING.has(reading.kind);

test("readEntry() finds provider, model, end and words of every conversation that pycachy recorded", options, () => {
  const conversations = recorded().filter(isConversing);
  assert.equal(conversations.length, 104);
  for (const { entry, reading } of conversations) {
    assert.ok(["OpenAI", "Anthropic", "Google"].includes(reading.provider ?? ""), entry.key);
    assert.match(reading.model ?? "", /^(?:gpt|claude|gemini)-/);
    assert.match(reading.finish ?? "", /^(?:completed|stop|end_turn|tool_use|STOP)$/);
    assert.equal(reading.isStream, /^(?:data|event):/.test(entry.response), entry.key);
    const [answer, ...others] = reading.answered;
    assert.equal(others.length, 0);
    for (const part of answer?.parts ?? assert.fail(entry.key)) {
      if (part.kind === "text" || part.kind === "thinking") assert.notEqual(part.text.trim(), "", entry.key);
      else if (part.kind === "call") assert.equal(typeof JSON.parse(part.arguments), "object", entry.key);
      else assert.fail(`${entry.key} has a part of the kind ${part.kind}`);
    }
  }
});

test("readEntry() reads pycachy's other lines: files, sound, and an empty body", options, () => {
  const others = recorded().filter((item) => !isConversing(item)).map(({ reading }) => reading);
  assert.deepEqual(
    others.map(({ kind }) => kind).sort(),
    ["files", "files", "files", "files", "other", "speech"].toSorted(),
  );
});

test("readEntry() finds the words that the events of a recorded stream contain", options, () => {
  for (const { entry, reading } of recorded().filter((item) => isConversing(item) && item.reading.isStream)) {
    const said = reading.answered.flatMap(({ parts }) => parts).map((part) => part.kind === "text" ? part.text : "");
    const spelled = [...entry.response.matchAll(/"(?:delta|text|content)":\s*("(?:[^"\\]|\\.)*")/g)].map((
      [, text = ""],
    ) => JSON.parse(text) as string);
    // Responses and Anthropic repeat or omit some texts: the words are part of what the events contain.
    assert.ok(spelled.join("").includes(said.join("")), entry.key);
  }
});

test("readEntry() returns the first words of a recorded stream that is truncated anywhere", options, () => {
  const textOf = (reading: Reading) =>
    reading.answered.flatMap(({ parts }) => parts).map((part) => part.kind === "text" ? part.text : "").join("");
  for (const { entry, reading } of recorded().filter(({ reading }) => reading.isStream)) {
    for (let cut = 0; cut < entry.response.length; cut += 211) {
      const text = textOf(readEntry({ ...entry, response: entry.response.slice(0, cut) }));
      // The first characters may not be a complete event, and are shown unchanged.
      if (cut > 200) assert.ok(textOf(reading).startsWith(text), `${entry.key} at ${cut}: ${text}`);
    }
  }
});
