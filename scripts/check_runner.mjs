// @ts-check
/**
 * Checks that the test runner reports failures: `node scripts/check_runner.mjs`
 *
 * Each file of tests/broken fails in a different way. On each runtime the run must fail, report the reason, and count
 * the tests that passed before.
 */
import { allPassed, checks, cleanEnvironment, run, start } from "./run.mjs";

/** @type {Record<string, readonly [says: RegExp, counts: RegExp]>} */
const CASES = {
  fails: [/FAILED on .*: a test that fails\n[^]*1 !== 2[^]*Again: npm test -- --runtime/, /^1 passed, 1 failed$/m],
  hangs: [/no test ended for 4 s, while this test ran: .*a test that hangs/, /^1 passed, 1 failed$/m],
  exits: [
    /exit code 0, while this test ran: .*a test that ends the process.* 2 tests did not run/,
    /^1 passed, 1 failed$/m,
  ],
  empty: [/The file registers no test/, /^0 passed, [1-9]\d* failed$/m],
  throws: [/thrown while the file is loaded/, /^1 passed, 1 failed$/m],
  cleanup: [/thrown after the last test/, /^1 passed, 1 failed$/m],
};

await start(async () => {
  for (const runtime of ["deno", "bun", "node"]) {
    for (const [name, [says, counted]] of Object.entries(CASES)) {
      const args = ["scripts/test.mjs", "--folder", "tests/broken", "--runtime", runtime, "--filter", name];
      const { ok, output } = await run([process.execPath], [...args, "--silence", "4"], { env: cleanEnvironment() });
      const isRight = !ok && says.test(output) && counted.test(output);
      checks[isRight ? "passed" : "failed"]++;
      if (!isRight) console.log(`  failed: ${name} on ${runtime}:\n${output}`);
    }
  }
  return allPassed();
});
