import { describe, test } from "node:test";
import { recordingFile } from "@cachy/core/testing";

// Each test names its recording; scripts/check_test_runners.mjs reads the names in the ledger.
const name = (t) => void recordingFile(t);

test("says hello", name);
describe("greets", () => {
  test("Says: goodbye?", name);
  test("twice", name);
  test("twice", name);
});
for (const n of [1, 2]) test(`case ${n}`, name);
