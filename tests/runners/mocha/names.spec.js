import { recordingFile } from "@cachy/core/testing";

// Each test names its recording; scripts/check_test_runners.mjs reads the names in the ledger.
function name() {
  recordingFile(this);
}

it("says hello", name);
describe("greets", () => {
  it("Says: goodbye?", name);
  it("twice", name);
  it("twice", name);
});
for (const n of [1, 2]) it(`case ${n}`, name);
