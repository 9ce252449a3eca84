import { describe, test as base } from "vitest";
import { recordingFile } from "@cachy/core/testing";

// Each test names its recording; scripts/check_test_runners.mjs reads the names in the ledger.
const test = base.extend({ recording: ({ task }, use) => use(recordingFile({ task })) });
const named = ({ recording }) => void recording;

base("says hello", (t) => void recordingFile(t));
describe("greets", () => {
  test("Says: goodbye?", named);
  test("twice", named);
  test("twice", named);
});
test.for([1, 2])("case %i", (_, { task }) => void recordingFile({ task }));
