import assert from "node:assert/strict";
import type { Difference } from "../src/miss/comparison.ts";
import { differencesOf, showDifference, weightOf } from "../src/miss/difference.ts";
import { test } from "./suite.ts";

const shown = (recorded: unknown, asked: unknown) => differencesOf(recorded, asked).map(showDifference);

test("differencesOf() is empty for equal values", () => {
  for (const value of [null, 1, "a", [], {}, { a: [1, { b: "c" }] }]) {
    assert.deepEqual(differencesOf(value, structuredClone(value)), []);
  }
});

test("differencesOf() lists changed, added and missing members by their paths", () => {
  const recorded = { model: "a", old: 1, nested: { list: [{ x: 1 }] }, "a b": true };
  const asked = { model: "b", new: [2], nested: { list: [{ x: 2 }] }, "a b": false };
  const expected: Difference[] = [
    { kind: "changed", path: `["a b"]`, recorded: true, asked: false },
    { kind: "changed", path: "model", recorded: "a", asked: "b" },
    { kind: "changed", path: "nested.list[0].x", recorded: 1, asked: 2 },
    { kind: "added", path: "new", asked: [2] },
    { kind: "missing", path: "old", recorded: 1 },
  ];
  assert.deepEqual(differencesOf(recorded, asked), expected);
});

test("differencesOf() finds an added or removed item, at the start, in the middle and at the end", () => {
  const [a, b, c, x] = ["a", "b", "c", "x"].map((content) => ({ content }));
  for (const [at, longer] of [[x, a, b, c], [a, x, b, c], [a, b, c, x]].entries()) {
    const path = `[${[0, 1, 3][at]}]`;
    assert.deepEqual(differencesOf([a, b, c], longer), [{ kind: "added", path, asked: x }]);
    assert.deepEqual(differencesOf(longer, [a, b, c]), [{ kind: "missing", path, recorded: x }]);
  }
});

test("differencesOf() reports values of different kinds as changed", () => {
  for (const [recorded, asked] of [[{}, []], [1, "1"], [null, {}], ["a", ["a"]]]) {
    assert.deepEqual(differencesOf(recorded, asked), [{ kind: "changed", path: "", recorded, asked }]);
  }
});

test("differencesOf() does not double its time with every level", () => {
  let [recorded, asked]: unknown[] = [[1], [2]];
  for (let level = 0; level < 100; level++) [recorded, asked] = [[recorded, 1], [asked, 1, 1]];
  assert.ok(differencesOf(recorded, asked).length > 0);
});

test("weightOf() is about the number of characters that changed", () => {
  const weight = (recorded: unknown, asked: unknown) => weightOf(differencesOf(recorded, asked));
  assert.ok(weight("write 1 word", "write one word") < weight("write 1 word", "write 7 long words"));
  assert.ok(weight({ a: "x".repeat(9000), b: 1 }, { a: "y".repeat(9000), b: 1 }) < 1000, "a long text is not all");
  assert.equal(weight("a", "a"), 0);
});

test("showDifference() shortens texts to the part that differs", () => {
  const start = "Please be so kind and take your time to ";
  const [first] = shown({ content: `${start}write 1 word` }, { content: `${start}write one word` });
  assert.equal(first, `content: "…take your time to write 1 word" → "…take your time to write one word"`);
  const [long] = shown("a".repeat(500), `${"a".repeat(400)}b`);
  assert.match(long ?? "", /^.{20,180}…" → .*$/);
});

test("showDifference() shows added, missing and other values as JSON", () => {
  assert.deepEqual(shown({ a: 1 }, { b: { c: "x".repeat(100) } }), [
    "a: missing 1",
    `b: added {"c":"${"x".repeat(54)}…`,
  ]);
  assert.deepEqual(shown({ a: [1] }, { a: null }), ["a: [1] → null"]);
  assert.deepEqual(shown("recorded", "asked"), [`body: "recorded" → "asked"`]);
});
