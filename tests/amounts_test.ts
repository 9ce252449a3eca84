import assert from "node:assert/strict";
import { plural, showBytes, showTime } from "../src/lib/show.ts";
import { test } from "./suite.ts";

test("showBytes() chooses the most readable unit", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [812, "812 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [1234, "1.2 kB"],
    [999_400, "999.4 kB"],
    [999_960, "1.0 MB"],
    [7_000_000, "7.0 MB"],
    [3_210_000_000, "3.2 GB"],
    [5e12, "5000.0 GB"],
  ];
  for (const [bytes, text] of cases) assert.equal(showBytes(bytes), text);
});

test("showTime() chooses the most readable unit", () => {
  const cases: [number, string][] = [
    [0, "0.0 ms"],
    [0.42, "0.4 ms"],
    [9.94, "9.9 ms"],
    [9.96, "10 ms"],
    [848.3, "848 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [1234, "1.2 s"],
    [59_000, "59.0 s"],
    [60_000, "1.0 min"],
    [210_000, "3.5 min"],
    [5_400_000, "1.5 h"],
  ];
  for (const [ms, text] of cases) assert.equal(showTime(ms), text);
});

test("plural() uses the singular for one, the plural for zero and for several", () => {
  assert.deepEqual([0, 1, 2].map((count) => plural(count, "line")), ["0 lines", "1 line", "2 lines"]);
  assert.equal(plural(2, "entry", "entries"), "2 entries");
});
