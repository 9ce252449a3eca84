/** Recordings of pycachy, with a real SDK and a real connection. The recordings are not part of this repository. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { enableCachy } from "../mod.ts";
import { decodeBody, type Entry } from "../src/store/entry.ts";
import { utf8 } from "../src/lib/bytes.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, slowTest, test } from "./suite.ts";
import { network, temporaryFolder, testCachy } from "./testing.ts";

const recorded = fileURLToPath(new URL("../../shared/fixtures/pycachy-recorded.jsonl", import.meta.url));
const skip = existsSync(recorded) ? undefined : `${recorded} is missing.`;

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
after(() => provider.stop());

function entries(): Entry[] {
  return readFileSync(recorded, "utf8").trim().split("\n").map((line) => JSON.parse(line));
}

test("pycachy's entry answers the openai SDK, without the network and without an API key", { skip }, async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const line = entries().find(({ key }) => key === "5ece2360");
  assert.ok(line, "the recordings hold pycachy's own entry");
  writeFileSync(file, `${JSON.stringify(line)}\n`);
  const { fetch: paid, calls } = network(() => assert.fail("the network was asked"));
  const cachy = enableCachy({ file, mode: "replay", fetch: paid });
  for (const name of ["openai6", "openai"]) {
    const { default: OpenAI } = await import(name) as typeof import("openai");
    const client = new OpenAI({ apiKey: "dummy" });
    const response = await client.responses.create({ model: "gpt-4.1", input: "Hey!" });
    assert.equal(response.id, JSON.parse(line.response).id);
    assert.ok(response.output_text.length > 0);
  }
  assert.deepEqual([cachy.stats.hits, calls.length], [2, 0]);
  cachy.disable();
});

slowTest(
  "each response goes over a connection, is recorded and replayed, byte for byte",
  { skip },
  async (t) => {
    const file = join(temporaryFolder(t), "cachy.jsonl");
    const cachy = testCachy({ file, domains: [provider.url] });
    const all = entries();
    for (const [index, entry] of all.entries()) {
      const body = decodeBody(entry);
      const bytes = typeof body === "string" ? utf8(body) : body;
      const path = `/recorded/${index}`;
      // Pieces that split events and characters.
      const pieces = Array.from({ length: 8 }, (_, piece) => Math.floor(bytes.byteLength * piece / 9) + piece);
      const inside = pieces.filter((at) => at > 0 && at < bytes.byteLength);
      provider.serve(path, { headers: { "content-type": contentType(entry) }, body: bytes, pieces: inside });
      const received: Uint8Array[] = [];
      for (let call = 0; call < 2; call++) {
        const response = await cachy.fetch(`${provider.url}${path}`, { method: "POST", body: `${index}` });
        assert.equal(response.headers.get("content-type"), contentType(entry));
        received.push(new Uint8Array(await response.arrayBuffer()));
      }
      for (const bytesOfCall of received) assert.deepEqual(bytesOfCall, bytes, `line ${index + 1}`);
    }
    await cachy.flush();
    assert.deepEqual([cachy.stats.recorded, cachy.stats.hits], [all.length, all.length]);
    assert.equal(provider.requests.length, all.length);
  },
);

function contentType({ binary, response }: Entry): string {
  if (binary) return "audio/mpeg";
  return /^(?:event|data):/.test(response) ? "text/event-stream; charset=utf-8" : "application/json";
}
