/** Code that restores an older fetch while cachy is enabled, and code that replaces it temporarily. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runProgram } from "./processes.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

let provider: Provider;
before(async () => {
  provider = await startProvider({});
});
after(() => provider.stop());

const onNode = !("Deno" in globalThis || "Bun" in globalThis);
const WARNING = /^cachy: Something put an older fetch back while cachy was enabled/m;

for (const tool of ["assignment", "msw", "sinon", "nock"]) {
  (tool === "assignment" ? test : slowTest)(
    `a fetch that ${tool} puts back is covered again, with a warning`,
    async (t) => {
      provider.reset();
      const file = join(temporaryFolder(t), "cachy.jsonl");
      const { code, stderr, stdout } = await runProgram("restore_fetch", [file, provider.url, tool]);
      assert.match(stderr, WARNING);
      // Node notices the first request that bypasses cachy, so later ones are replayed. Others notice it at the end.
      assert.deepEqual([code, stdout.trim()], [0, onNode ? "recorded 1, hits 1" : "recorded 0, hits 0"]);
    },
  );
}

slowTest("a mock that replaces the global fetch temporarily gets the calls, and nothing is printed", async (t) => {
  provider.reset();
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const { code, stderr, stdout } = await runProgram("restore_fetch", [file, provider.url, "mocks"]);
  assert.deepEqual([code, stdout.trim(), stderr], [0, "recorded 1, hits 1", ""]);
});

test("in Next's server, an assignment of an older fetch is wrapped at once", {
  skip: onNode ? undefined : "This test of Next needs Node.",
}, async (t) => {
  provider.reset();
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const env = { NEXT_RUNTIME: "nodejs" };
  const { code, stderr, stdout } = await runProgram("restore_fetch", [file, provider.url, "assignment"], { env });
  assert.deepEqual([code, stdout.trim(), stderr], [0, "recorded 1, hits 2", ""]);
});
