import assert from "node:assert/strict";
import { withCachy } from "@cachy/core";
import { greet } from "./greet.ts";

// With --parallel, this file runs at the same time as greet_test.ts.
Deno.test("greets in several languages at the same time", async () => {
  const check = (language: string) =>
    withCachy({ file: `recordings/${language}.jsonl` }, async () => {
      assert.match(await greet("Ada", language), /Ada/);
    });
  await Promise.all(["French", "German", "Spanish"].map(check));
});
