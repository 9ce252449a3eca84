import { test } from "bun:test";
import { recordingFile } from "@cachy/core/testing";

// Each test names its recording; scripts/check_test_runners.mjs reads the names in the ledger.
const named = (title) => test(title, () => void recordingFile(title, { testFile: import.meta.url }));

for (const title of ["says hello", "greets > Says: goodbye?", "greets > twice", "case 1", "case 2"]) named(title);
