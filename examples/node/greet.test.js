import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withCachy } from "@cachy/core";
import { greet } from "./greet.js";

test("greets by name", async () => {
  // --import enabled cachy. This response is in cachy.jsonl.
  assert.match(await greet("Ada"), /Ada/);
});

describe("at the same time", { concurrency: true }, () => {
  for (const language of ["French", "German", "Spanish"]) {
    test(`greets in ${language}`, () =>
      withCachy({ file: `recordings/${language}.jsonl` }, async () => {
        assert.match(await greet("Ada", language), /Ada/);
      }));
  }

  test("greets differently each time", async () => {
    const sample = (namespace) => withCachy({ file: "recordings/samples.jsonl", namespace }, () => greet("Bob"));
    const [first, second] = await Promise.all([sample("first"), sample("second")]);
    assert.notEqual(first, second);
  });
});
