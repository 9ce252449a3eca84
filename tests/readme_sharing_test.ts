/** The programs of docs/sharing.md that need a Redis. In a separate file: on Deno, a skipped test prevents `after`. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { startProvider } from "./provider/provider.ts";
import { writePrograms } from "./readme.ts";
import { redisIsMissing, startRedis } from "./redis.ts";
import { test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

for (const [index, program] of [[0, "first"], [1, "second"]] as const) {
  const title = `the ${program} program of docs/sharing.md shares by Redis, and continues without it`;
  test(title, { skip: redisIsMissing }, async (t) => {
    const [provider, redis] = await Promise.all([startProvider({ pause: 1 }), startRedis()]);
    t.after(() => Promise.all([provider.stop(), redis.kill()]));
    const programs = writePrograms("docs/sharing.md", provider);
    t.after(() => programs.remove());
    /** On a machine without a file. */
    const runAnew = async () => {
      const cwd = temporaryFolder(t);
      const { stdout, stderr } = await programs.run(index, { cwd, env: { REDIS_URL: redis.url } });
      assert.deepEqual(readdirSync(cwd), ["cachy.jsonl"]);
      return { hits: stdout.match(/ (\d+)\n$/)?.[1], warnings: stderr.match(/^cachy: .*$/gm) ?? [] };
    };
    assert.deepEqual([await runAnew(), await runAnew()], [{ hits: "0", warnings: [] }, { hits: "1", warnings: [] }]);
    assert.equal(provider.requests.length, 1);
    await redis.kill();
    const { hits, warnings } = await runAnew();
    assert.deepEqual([hits, warnings.length, provider.requests.length], ["0", 1, 2]);
    assert.match(warnings[0] ?? "", /^cachy: Cannot read .+\. Only .+ is used for the next 10 s\.$/);
  });
}
