import { withCachy } from "@cachy/core";
import { greet } from "./greet.js";

test("greets by name", async () => {
  // The set-up file enabled cachy. This response is in cachy.jsonl.
  expect(await greet("Ada")).toContain("Ada");
});

for (const language of ["French", "German", "Spanish"]) {
  test.concurrent(`greets in ${language}`, () =>
    withCachy({ file: `recordings/${language}.jsonl` }, async () => {
      expect(await greet("Ada", language)).toContain("Ada");
    }));
}

test.concurrent("greets differently each time", async () => {
  const sample = (namespace) => withCachy({ file: "recordings/samples.jsonl", namespace }, () => greet("Bob"));
  const [first, second] = await Promise.all([sample("first"), sample("second")]);
  expect(first).not.toBe(second);
});
