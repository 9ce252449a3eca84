import { withCachy } from "@cachy/core";
import { describe, expect, test } from "vitest";
import { greet } from "./greet.js";

test("greets by name", async () => {
  // The set-up file enabled cachy. This response is in cachy.jsonl.
  expect(await greet("Ada")).toContain("Ada");
});

describe.concurrent("at the same time", () => {
  for (const language of ["French", "German", "Spanish"]) {
    test(`greets in ${language}`, ({ expect }) =>
      withCachy({ file: `recordings/${language}.jsonl` }, async () => {
        expect(await greet("Ada", language)).toContain("Ada");
      }));
  }

  test("greets differently each time", async ({ expect }) => {
    const sample = (namespace) => withCachy({ file: "recordings/samples.jsonl", namespace }, () => greet("Bob"));
    const [first, second] = await Promise.all([sample("first"), sample("second")]);
    expect(first).not.toBe(second);
  });
});
