import assert from "node:assert/strict";
import { showAge } from "../src/cli/file/time.ts";
import { test } from "./suite.ts";

const NOW = Date.parse("2026-11-24T12:00:00.000Z");

test("showAge() shows an age in the most readable unit", () => {
  const cases: [recordedAt: string, age: string][] = [
    ["2026-11-24T12:00:00.000Z", "0 s"],
    ["2026-11-24T11:59:00.001Z", "59 s"],
    ["2026-11-24T11:59:00.000Z", "1 min"],
    ["2026-11-24T11:00:00.001Z", "59 min"],
    ["2026-11-24T11:00:00.000Z", "1 h"],
    ["2026-11-24T05:30:00.000+01:00", "7 h"],
    ["2026-11-23T12:00:00.001Z", "23 h"],
    ["2026-11-23T12:00:00.000Z", "1 d"],
    ["2026-11-17T12:00:00.001Z", "6 d"],
  ];
  for (const [recordedAt, age] of cases) assert.equal(showAge(recordedAt, NOW), age, recordedAt);
});

test("showAge() shows the UTC date after a week, or if clocks differ", () => {
  assert.equal(showAge("2026-11-17T12:00:00.000Z", NOW), "2026-11-17");
  assert.equal(showAge("2025-03-01T00:30:00.000+02:00", NOW), "2025-02-28");
  assert.equal(showAge("2026-11-24T12:00:00.001Z", NOW), "2026-11-24");
});

test("showAge() is empty if the time is not readable", () => {
  for (const recordedAt of ["", "yesterday\x1b[31m", "2026-13-45"]) assert.equal(showAge(recordedAt, NOW), "");
});
