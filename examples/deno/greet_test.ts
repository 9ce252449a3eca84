import assert from "node:assert/strict";
import { withCachy } from "@cachy/core";
import { greet } from "./greet.ts";

Deno.test("greets by name", async () => {
  // --preload enabled cachy. This response is in cachy.jsonl.
  assert.match(await greet("Ada"), /Ada/);
});

Deno.test("greets differently each time", async () => {
  const sample = (namespace: string) => withCachy({ file: "recordings/samples.jsonl", namespace }, () => greet("Bob"));
  const [first, second] = await Promise.all([sample("first"), sample("second")]);
  assert.notEqual(first, second);
});
