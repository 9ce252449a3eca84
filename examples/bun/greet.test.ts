import { withCachy } from "@cachy/core";
import { expect, test } from "bun:test";
import { greet } from "./greet.ts";

test("greets by name", async () => {
  // The preload enabled cachy. This response is in cachy.jsonl.
  expect(await greet("Ada")).toContain("Ada");
});

for (const language of ["French", "German", "Spanish"]) {
  test.concurrent(`greets in ${language}`, () =>
    withCachy({ file: `recordings/${language}.jsonl` }, async () => {
      expect(await greet("Ada", language)).toContain("Ada");
    }));
}

test.concurrent("greets differently each time", async () => {
  const sample = (namespace: string) => withCachy({ file: "recordings/samples.jsonl", namespace }, () => greet("Bob"));
  const [first, second] = await Promise.all([sample("first"), sample("second")]);
  expect(first).not.toBe(second);
});
