import { recordingFile } from "@cachy/core/testing";

// Each test names its recording; scripts/check_test_runners.mjs reads the names in the ledger.
const name = () => void recordingFile(expect.getState());

test("says hello", name);
describe("greets", () => {
  test("Says: goodbye?", name);
  test("twice", name);
  test("twice", name);
});
test.each([1, 2])("case %i", name);
