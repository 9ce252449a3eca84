/** Responses without the parts that only repeat the request. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI from "openai";
import type { Entry } from "../mod.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { programsOf } from "./readme.ts";
import { after, before, test } from "./suite.ts";
import { temporaryFolder, testCachy } from "./testing.ts";

let provider: Provider;
before(async () => void (provider = await startProvider({ pause: 0 })));
after(() => provider.stop());

const request = { model: "gpt-5-mini", instructions: "Answer in one word. ".repeat(100), input: "Say hello." };

/** The function of the page that documents it. */
function withoutEchoes(): (entry: Entry) => Entry {
  const program = programsOf("docs/lifecycle.md").find((text) => text.includes("withoutEchoes")) ?? "";
  const [source = ""] = /^function withoutEchoes.*?^}$/ms.exec(program) ?? [];
  const script = source.replace("entry: Entry): Entry", "entry)").replace("(json: string)", "(json)");
  return new Function(`${script}; return withoutEchoes;`)();
}

for (const stream of [false, true]) {
  test(`openai reads a ${stream ? "streamed " : ""}response without its echoes`, async (t) => {
    const file = join(temporaryFolder(t), "cachy.jsonl");
    const options = { file, domains: [new URL(provider.url).host], redact: withoutEchoes() };
    const ask = async (fetch: typeof globalThis.fetch) => {
      const client = new OpenAI({ apiKey: "sk-test", baseURL: `${provider.url}/v1`, fetch });
      if (!stream) return (await client.responses.create(request)).output_text;
      let text = "";
      for await (const event of await client.responses.create({ ...request, stream })) {
        if (event.type === "response.output_text.delta") text += event.delta;
      }
      return text;
    };
    const live = await ask(testCachy(options).fetch);
    const { response } = JSON.parse(readFileSync(file, "utf8")) as Entry;
    assert.doesNotMatch(response, /Answer in one word/);
    assert.equal(await ask(testCachy({ ...options, mode: "replay" }).fetch), live);
  });
}

test("openai reads a line of pycachy whose response was pruned to the parts that are needed", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const options = { file, domains: [new URL(provider.url).host] };
  const ask = async (fetch: typeof globalThis.fetch) => {
    const client = new OpenAI({ apiKey: "sk-test", baseURL: `${provider.url}/v1`, fetch });
    return (await client.responses.create(request)).output_text;
  };
  const live = await ask(testCachy(options).fetch);
  const { key, response } = JSON.parse(readFileSync(file, "utf8")) as Entry;
  const { id, object, output, usage, model, status } = JSON.parse(response);
  writeFileSync(
    file,
    `${JSON.stringify({ key, response: JSON.stringify({ id, object, output, usage, model, status }) })}\n`,
  );
  assert.equal(await ask(testCachy({ ...options, mode: "replay" }).fetch), live);
});
