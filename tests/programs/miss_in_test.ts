/** A test that hides a miss, like an app that catches every error. */
import { test } from "node:test";
import { enableCachy } from "../../mod.ts";

enableCachy({ file: "nothing-here.jsonl", mode: "replay" });

test("the app answers", async () => {
  for (const _ of [1, 2]) await fetch("https://api.openai.com/v1/responses", { method: "POST", body: "{}" });
});
