import assert from "node:assert/strict";
import { bar } from "../src/cli/display/table.ts";
import { displayWidth } from "../src/cli/display/width.ts";
import { test } from "./suite.ts";

test("bar() draws eighths of a column", () => {
  const drawn = Array.from({ length: 17 }, (_, eighths) => bar(eighths, 16, 2));
  const beginnings = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
  assert.deepEqual(drawn, [...beginnings, ...beginnings.map((end) => `█${end}`), "██"]);
});

test("bar() shows what is more than nothing, and never more than the width", () => {
  assert.equal(bar(1, 1e9, 20), "▏");
  assert.equal(bar(1e9, 1, 3), "███");
  assert.equal(bar(Infinity, 1, 3), "███");
});

test("bar() is empty, when there is nothing to show", () => {
  for (const [value, max] of [[0, 10], [-1, 10], [NaN, 10], [0, 0], [1, 0], [1, NaN]] as const) {
    assert.equal(bar(value, max, 10), "");
    assert.equal(bar(value, max, 10, true), "");
  }
});

test("bar() draws whole columns, when only ASCII is wanted", () => {
  assert.equal(bar(5, 10, 8, true), "####");
  assert.equal(bar(1, 1000, 8, true), "#");
  assert.equal(bar(10, 10, 8, true), "########");
});

test("bar() takes as many columns as it is long", () => {
  for (let eighths = 1; eighths <= 80; eighths++) {
    assert.equal(displayWidth(bar(eighths, 80, 10)), Math.ceil(eighths / 8));
  }
});
