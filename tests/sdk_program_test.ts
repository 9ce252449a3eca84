/**
 * Programs that use SDKs with their defaults, recorded live, and replayed by a new handle while the provider is
 * stopped. Requests to the hosts of the providers reach a loopback server.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { defaultDomains, disableCachy, enableCachy, type Mode } from "../mod.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { plain, thisRuntime } from "./sdk/case.ts";
import { sdkPrograms } from "./sdk/programs/all.ts";
import type { SdkProgram } from "./sdk/programs/program.ts";
import { slowTest, test, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

/** Ollama runs at home, and fal stores uploads at a host that serves more than an API. */
const domains = [...defaultDomains, "127.0.0.1:11434", "v3.fal.media"];

/** Replaces the global `fetch` by one that asks the loopback server for `/HOST/PATH` instead of `https://HOST/PATH`. */
function redirect(t: TestContext, provider: Provider): void {
  const { fetch } = globalThis;
  t.after(() => {
    disableCachy();
    globalThis.fetch = fetch;
  });
  globalThis.fetch = async (input, init) => {
    const { url, method, headers, body, signal } = new Request(input as Request, init);
    if (!url.startsWith("http")) return await fetch(url);
    const { host, pathname, search } = new URL(url);
    const bytes = body ? await new Response(body).arrayBuffer() : undefined;
    return await fetch(`${provider.url}/${host}${pathname}${search}`, { method, headers, body: bytes, signal });
  };
}

async function outcome(program: SdkProgram): Promise<unknown> {
  return plain(await program.run());
}

/** Loading the other SDKs takes longer than their tests. */
const isFast = ({ packages: [sdk], name }: SdkProgram) =>
  /^(?:@ai-sdk\/gateway|@fal-ai|replicate)/.test(sdk) && name !== "polled run";

for (const program of sdkPrograms) {
  const { packages, name, requests, hits = requests } = program;
  const register = isFast(program) ? test : slowTest;
  const title = `${packages[0]}: ${name}: is recorded, is replayed without the provider, and misses once`;
  register(title, { skip: program.skip?.(thisRuntime()) }, async (t) => {
    const provider = await startProvider({ pause: 0 });
    t.after(() => provider.stop());
    redirect(t, provider);
    const folder = temporaryFolder(t);
    const enable = (mode: Mode, file = "cachy.jsonl") => enableCachy({ file: join(folder, file), domains, mode });

    const recording = enable("auto");
    const live = await outcome(program);
    await recording.flush();
    assert.equal(provider.requests.filter(({ path }) => !path.includes("/traces/")).length, requests);
    await provider.stop();

    const replaying = enable("replay");
    const replayed = await outcome(program).catch((error) => error);
    assert.deepEqual(replaying.misses.map(({ message }) => message), []);
    assert.deepEqual(replayed, live);
    assert.deepEqual([replaying.stats.hits, replaying.stats.misses], [hits, 0]);

    const empty = enable("replay", "empty.jsonl");
    const error = await outcome(program).then(() => assert.fail("the program succeeded"), (error) => error);
    assert.equal(empty.stats.misses, 1, String(error));
    assert.match(String(error), /Cannot replay (?:GET|POST) .*To record the response, run once with/s);
  });
}
