// @ts-check
/**
 * Preloaded by scripts/test.mjs into `deno test`, which does not notice an error thrown at the top level of a test file
 * after its first node:test test: the tests below that line are missing, and the run is a success.
 *
 * Prints a line per unhandled rejection. Only those printed before the tests of a file begin are then looked at (see
 * scripts/runtimes.mjs): later ones belong to a test, which may well expect them.
 */
addEventListener("unhandledrejection", (event) => console.error("[uncaught]", event.reason));
