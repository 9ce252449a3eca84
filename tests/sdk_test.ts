/**
 * The real SDKs against a loopback provider. What a user of each SDK sees must be the same with and without cachy, and
 * the second time it must come from the file.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cachy, disableCachy, enableCachy, type Mode } from "../mod.ts";
import { type Fault, type Provider, startProvider } from "./provider/provider.ts";
import { sdkCases } from "./sdk/all.ts";
import type { Client, SdkCase } from "./sdk/case.ts";
import { after, before, slowTest, test, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
after(async () => {
  disableCachy();
  await provider.stop();
});

/** A folder, a file in it, and a provider without requests. */
function prepare(t: TestContext): { readonly file: string; enable(mode?: Mode): Cachy; lines(): number } {
  disableCachy();
  provider.reset();
  const file = join(temporaryFolder(t), "cachy.jsonl");
  return {
    file,
    enable: (mode = "auto") => enableCachy({ file, domains: [provider.url], mode }),
    lines: () => existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0,
  };
}

const connect = (sdkCase: SdkCase): Promise<Client> => sdkCase.client({ baseURL: provider.url });

/** The SDKs of the fast layer; loading the others takes longer than their tests. */
const FAST_SDKS = ["openai 7", "anthropic 1", "genai 3", "ai 7"];
const fastCases = FAST_SDKS.flatMap((sdk) => {
  const cases = sdkCases.filter((sdkCase) => sdkCase.sdk.startsWith(sdk));
  return [cases[0], cases.find(({ streaming, requests }) => streaming && requests === 1)];
});

/** Whether a case belongs to the fast layer. The layer has the first case and the first stream of each SDK. */
const isFast = (sdkCase: SdkCase) => fastCases.includes(sdkCase);

const nextTurn = () => new Promise((done) => setImmediate(done));

/** How a call ended, for the comparison with the same call without cachy. */
async function outcome(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "no error";
  } catch (error) {
    return describe(error);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = `${error.constructor.name} ${error.name}: ${error.message}`
    .replaceAll(/\d+/g, "0");
  return error.cause === undefined ? text : `${text} (${describe(error.cause)})`;
}

for (const sdkCase of sdkCases) {
  const { name } = sdkCase;
  const register = isFast(sdkCase) ? test : slowTest;
  const skip = sdkCase.skip();

  register(
    `${name}: is recorded while it is live, and replayed without a request`,
    { skip },
    async (t) => {
      const { enable, lines } = prepare(t);
      enable();
      const live = await (await connect(sdkCase)).run();
      assert.equal(provider.requests.length, sdkCase.requests);
      for (const mode of ["auto", "replay"] as const) {
        const cachy = enable(mode);
        assert.deepEqual(await (await connect(sdkCase)).run(), live);
        assert.deepEqual([cachy.stats.hits, cachy.misses.length], [sdkCase.requests, 0]);
      }
      assert.equal(provider.requests.length, sdkCase.requests);
      assert.ok(lines() >= sdkCase.requests);
    },
  );

  register(
    `${name}: reaches the network again after disableCachy()`,
    { skip },
    async (t) => {
      const { enable } = prepare(t);
      const early = await connect(sdkCase);
      enable();
      const captured = await connect(sdkCase);
      await captured.run();
      const { length } = provider.requests;
      if (sdkCase.capturesFetch === "call") {
        enable(); // restarts the numbers of stateful requests
        await early.run();
        assert.equal(provider.requests.length, length, "a client built before enableCachy() is answered from the file");
      }
      disableCachy();
      await captured.run();
      assert.equal(provider.requests.length, length + sdkCase.requests);
    },
  );
}

/** Faults after which a stream is not complete. */
const BROKEN: readonly Fault[] = ["kill", "truncate", "error"];

for (const sdkCase of sdkCases.filter(({ streaming, requests }) => streaming && requests === 1)) {
  const { name } = sdkCase;
  const register = isFast(sdkCase) ? test : slowTest;
  const skip = sdkCase.skip();
  const open = async (signal?: AbortSignal) => await (await connect(sdkCase)).stream!({ signal });

  register(
    `${name}: is not stored when the stream fails, and fails as without us`,
    { skip },
    async (t) => {
      const { enable, lines } = prepare(t);
      for (const fault of BROKEN) {
        provider.fault = fault;
        disableCachy();
        const plain = await outcome(async () => await (await connect(sdkCase)).run());
        const cachy = enable();
        assert.equal(await outcome(async () => await (await connect(sdkCase)).run()), plain, fault);
        await cachy.flush();
        assert.equal(lines(), 0, fault);
      }
      provider.fault = undefined;
      enable();
      await (await connect(sdkCase)).run();
      assert.ok(lines() > 0, "and the next call reaches the network and is stored");
    },
  );

  register(
    `${name}: lets a caller break at once, closes the connection and stores nothing`,
    { skip },
    async (t) => {
      const { enable, lines } = prepare(t);
      provider.fault = "hold";
      const cachy = enable();
      let seen = 0;
      for await (const _ of await open()) if (++seen === 2) break;
      assert.equal(seen, 2);
      // Some SDKs leave the connection open, as without cachy; the end of the process would close it.
      if (closesOnBreak(sdkCase)) await provider.whenClosed();
      else provider.reset();
      await cachy.flush();
      assert.equal(lines(), 0);
    },
  );

  register(
    `${name}: is stored when its terminal event has arrived, before the end of the body`,
    { skip },
    async (t) => {
      const { enable, lines } = prepare(t);
      provider.fault = "hold-end";
      const cachy = enable();
      let linesAtEnd = 0;
      const reading = open().then(collectAll).then(() => linesAtEnd = lines());
      if (hasTerminalEvent(sdkCase)) { while (lines() === 0) await nextTurn(); }
      else await provider.whenAsked(1);
      provider.release();
      await reading;
      assert.ok(linesAtEnd > 0, "a program that exits now has lost nothing");
      await cachy.flush();
    },
  );

  register(`${name}: is not stored when it is aborted, and rejects as without us`, {
    skip: skip ?? (sdkCase.abortable ? undefined : "The SDK accepts no signal."),
  }, async (t) => {
    const { enable, lines } = prepare(t);
    const abortedDuring = async () => {
      provider.fault = "hold";
      const aborter = new AbortController();
      let seen = 0;
      for await (const _ of await open(aborter.signal)) {
        if (++seen === 2) aborter.abort();
      }
    };
    const abortedBefore = async () => {
      for await (const _ of await open(AbortSignal.abort())); // reads to the end, if allowed
    };
    for (const call of [abortedBefore, abortedDuring]) {
      disableCachy();
      const plain = await outcome(call);
      const cachy = enable();
      assert.equal(await outcome(call), plain);
      provider.reset();
      await cachy.flush();
      assert.equal(lines(), 0);
    }
  });
}

async function collectAll(events: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** Whether an SDK closes the connection when its caller breaks out of a stream. */
function closesOnBreak({ sdk }: SdkCase): boolean {
  return !/ollama|huggingface|^ai |genai|bedrock/i.test(sdk);
}

/** Gemini's streams have no terminal event, and Bedrock's are judged at their end: only their end completes them. */
function hasTerminalEvent({ name }: SdkCase): boolean {
  return !/genai|google|gemini|bedrock/i.test(name);
}
