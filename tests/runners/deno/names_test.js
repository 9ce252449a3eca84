import { recordingFile } from "@cachy/core/testing";

// Each test names its recording; scripts/check_test_runners.mjs reads the names in the ledger.
const name = (t) => void recordingFile(t);

Deno.test("says hello", name);
Deno.test("greets", async (t) => {
  await t.step("Says: goodbye?", name);
  await t.step("twice", name);
  await t.step("twice", name);
});
for (const n of [1, 2]) Deno.test(`case ${n}`, name);
