import assert from "node:assert/strict";
import { join } from "node:path";
import { addNotebookDisplay, createCounters, NOTEBOOK_DISPLAY, type NotebookView } from "../src/report/stats.ts";
import { test } from "./suite.ts";
import { CHAT_URL, jsonAnswer, jsonPost, network, temporaryFolder, testCachy } from "./testing.ts";

/** As Deno's notebooks do. */
function display(value: object): NotebookView {
  return (value as { [NOTEBOOK_DISPLAY](): NotebookView })[NOTEBOOK_DISPLAY]();
}

test("a handle displays itself as a table in a notebook", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const usage = { prompt_tokens: 19, completion_tokens: 23 };
  const cachy = testCachy({
    file,
    fetch: network(() => jsonAnswer({ usage })).fetch,
  });
  for (const _ of [1, 2]) {
    await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
  }
  const { "text/plain": text, "text/html": html } = display(cachy);
  const [
    hits,
    misses,
    recorded,
    dropped,
    replayed,
    stored,
    time,
    tokens,
    place,
    ...rest
  ] = text.split("\n");
  assert.deepEqual([
    hits,
    misses,
    recorded,
    dropped,
    replayed,
    stored,
    tokens,
    place,
    rest,
  ], [
    "hits            1",
    "misses          1",
    "recorded        1",
    "dropped         0",
    "bytes replayed  53 B",
    "bytes recorded  53 B",
    "tokens saved    19 in, 23 out",
    `file            ${file}`,
    [],
  ]);
  assert.match(time ?? "", /^time saved {6}[\d.]+ m?s$/);
  assert.match(html, /^<table><tr><th>hits<\/th><td>1<\/td><\/tr>.*<\/table>$/);
  assert.ok(html.includes(`<td>${file}</td>`));
});

test("a handle displays itself with the reasons of drops, without a file, and with its name escaped", () => {
  const { stats, count } = createCounters();
  const request = { method: "POST", url: CHAT_URL, key: "5ece2360" };
  for (const reason of ["status", "status", "broken"] as const) {
    count({ kind: "dropped", request, reason, detail: "" });
  }
  assert.match(
    display(addNotebookDisplay({ stats, file: undefined }))["text/plain"],
    /^dropped +3 \(status 2, broken 1\)$/m,
  );
  assert.doesNotMatch(
    display(addNotebookDisplay({ stats, file: undefined }))["text/plain"],
    /file/,
  );
  const { "text/html": html } = display(
    addNotebookDisplay({ stats, file: `<a & "b">` }),
  );
  assert.ok(html.includes("<td>&lt;a &amp; &quot;b&quot;&gt;</td>"));
});

test("a handle does not enumerate the method for notebooks", () => {
  const cachy = testCachy();
  assert.equal(NOTEBOOK_DISPLAY, Symbol.for("Jupyter.display"));
  assert.equal(
    Object.getOwnPropertyDescriptor(cachy, NOTEBOOK_DISPLAY)?.enumerable,
    false,
  );
});
