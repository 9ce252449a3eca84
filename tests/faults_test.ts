/** The option `faults`: failures in place of recorded responses, met by the retry code of real SDKs. */
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { generateText } from "ai";
import OpenAI from "openai";
import { type CachyOptions, memoryStore, type Store } from "../mod.ts";
import { after, before, slowTest, test } from "./suite.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { CHAT_URL, chatEvents, countingNetwork, jsonPost, kinds, network, streamAnswer, testCachy } from "./testing.ts";

const ASK = jsonPost({ model: "gpt-5-mini", messages: [{ role: "user", content: "Hi" }] });

/** A handle over a store with one stream of three chunks, in mode `replay`. */
async function withStream(faults: CachyOptions["faults"]): Promise<ReturnType<typeof testCachy>> {
  const store = memoryStore();
  const live = testCachy({ store, fetch: network(() => streamAnswer(chatEvents("Hello"))).fetch });
  await (await live.fetch(CHAT_URL, ASK)).text();
  return testCachy({ store, mode: "replay", faults });
}

const chunksOf = async (response: Response): Promise<{ readonly count: number; readonly error?: unknown }> => {
  let count = 0;
  try {
    for await (const _ of response.body ?? []) count++;
    return { count };
  } catch (error) {
    return { count, error };
  }
};

test("a fault with a status answers in place of the recording, as often as `times` says", async () => {
  const { fetch, events } = await withStream([{ status: 429, headers: { "retry-after": "2" }, times: 2 }]);
  const first = await fetch(CHAT_URL, ASK);
  assert.deepEqual([first.status, first.headers.get("retry-after"), first.url], [429, "2", CHAT_URL]);
  const { error } = await first.json();
  assert.deepEqual([error.type, error.message], ["rate_limit_error", 'Status 429, injected by the option "faults".']);
  assert.equal((await fetch(CHAT_URL, ASK)).status, 429);
  assert.equal((await fetch(CHAT_URL, ASK)).status, 200);
  assert.deepEqual(kinds(events), ["fault", "fault", "hit"]);
});

test("a fault without `times` occurs every time, and needs no recording and no network", async () => {
  const { fetch } = testCachy({ fetch: network().fetch, faults: [{ status: 529 }] });
  for (let n = 0; n < 3; n++) assert.equal((await fetch(CHAT_URL, ASK)).status, 529);
});

test("a fault that cuts gives the first chunks of a replayed stream, and then a connection error", async () => {
  const { fetch } = await withStream([{ cutAfter: 2, times: 1 }]);
  const { count, error } = await chunksOf(await fetch(CHAT_URL, ASK));
  assert.equal(count, 2);
  assert.ok(error instanceof TypeError && (error.cause as { code?: string }).code === "ECONNRESET");
  assert.deepEqual(await chunksOf(await fetch(CHAT_URL, ASK)), { count: 3 });
});

test("a fault that cuts leaves a response of the network whole, and its recording too", async () => {
  const store = memoryStore();
  const live = testCachy({
    store,
    fetch: network(() => streamAnswer(chatEvents("Hello"))).fetch,
    faults: [{ cutAfter: 1 }],
  });
  assert.equal((await chunksOf(await live.fetch(CHAT_URL, ASK))).count, 3);
  assert.deepEqual(live.stats.recorded, 1);
});

test("a fault with a reset rejects as a lost connection does", async () => {
  const { fetch } = await withStream([{ reset: true }]);
  await assert.rejects(fetch(CHAT_URL, ASK), (error: Error) => {
    return error instanceof TypeError && (error.cause as { code?: string }).code === "ECONNRESET";
  });
});

test("a fault with a delay answers after it, and ends with the signal of the request", async () => {
  const { fetch } = await withStream([{ delayMs: 1, times: 1 }, { delayMs: 2 ** 31 - 1 }]);
  assert.equal((await fetch(CHAT_URL, ASK)).status, 200);
  const aborter = new AbortController();
  const answer = fetch(CHAT_URL, { ...ASK, signal: aborter.signal });
  aborter.abort(new Error("too slow"));
  await assert.rejects(answer, /too slow/);
});

test("a fault matches by host, by URL and by a function of the request", async () => {
  const isHit = async (match: NonNullable<CachyOptions["faults"]>[number]["match"]) => {
    const { fetch } = await withStream([{ status: 500, match }]);
    return (await fetch(CHAT_URL, ASK)).status === 500;
  };
  assert.deepEqual(await Promise.all(["api.openai.com", "https://api.openai.com/v1", /chat/].map(isHit)), [
    true,
    true,
    true,
  ]);
  assert.deepEqual(await Promise.all(["api.anthropic.com", /embeddings/].map(isHit)), [false, false]);
  assert.equal(await isHit(({ method, body }) => method === "POST" && body.includes("gpt-5-mini")), true);
  assert.equal(await isHit(({ body }) => body.includes("gpt-4")), false);
});

test("a fault with a status does not take the number of a stateful request", async () => {
  const store = memoryStore();
  const url = "https://api.openai.com/v1/files";
  const live = testCachy({ store, fetch: countingNetwork().fetch });
  for (let n = 0; n < 2; n++) await (await live.fetch(url)).text();
  const { fetch } = testCachy({ store, mode: "replay", faults: [{ status: 503, times: 1 }] });
  const answers = [];
  for (let n = 0; n < 3; n++) answers.push(await (await fetch(url)).json());
  assert.deepEqual(answers.slice(1), [{ count: 1 }, { count: 2 }]);
});

let provider: Provider;
before(async () => void (provider = await startProvider()));
after(() => provider.stop());

/** Records a call of an SDK, and gives the options of a handle that replays it. */
async function recorded(call: (fetch: typeof globalThis.fetch) => Promise<unknown>, network = globalThis.fetch) {
  const store: Store = memoryStore();
  const options: CachyOptions = { store, domains: [new URL(provider.url).host] };
  const answer = await call(testCachy({ ...options, fetch: network }).fetch);
  const replay = (faults: CachyOptions["faults"]) => testCachy({ ...options, mode: "replay", faults });
  return { answer, replay };
}

const messages = [{ role: "user" as const, content: "Hi" }];
const RETRY = { status: 429, headers: { "retry-after": "0", "retry-after-ms": "1" }, times: 1 } as const;

const SDKS: Readonly<Record<string, (fetch: typeof globalThis.fetch) => Promise<unknown>>> = {
  async openai(fetch) {
    const client = new OpenAI({ apiKey: "sk-test", baseURL: `${provider.url}/v1`, fetch });
    return (await client.chat.completions.create({ model: "gpt-5-mini", messages })).choices[0]?.message.content;
  },
  async anthropic(fetch) {
    const client = new Anthropic({ apiKey: "sk-test", baseURL: provider.url, fetch });
    return (await client.messages.create({ model: "claude-haiku-4-5", max_tokens: 9, messages })).content;
  },
  async "ai sdk"(fetch) {
    const openai = createOpenAI({ apiKey: "sk-test", baseURL: `${provider.url}/v1`, fetch });
    return (await generateText({ model: openai("gpt-5-mini"), prompt: "Hi" })).text;
  },
  async langchain(fetch) {
    const configuration = { baseURL: `${provider.url}/v1`, fetch };
    const model = new ChatOpenAI({ apiKey: "sk-test", model: "gpt-5-mini", configuration });
    return (await model.invoke("Hi")).content;
  },
};

for (const [name, call] of Object.entries(SDKS)) {
  const register = name === "langchain" ? slowTest : test; // it waits for a second
  register(`${name} retries an injected status 429 and gets the recorded answer`, async () => {
    const { answer, replay } = await recorded(call);
    const cachy = replay([RETRY]);
    assert.deepEqual(await call(cachy.fetch), answer);
    assert.deepEqual(kinds(cachy.events), ["fault", "hit"]);
  });
}

test("anthropic gives up after its retries of an injected status 529, with the error of the provider", async () => {
  const { replay } = await recorded(SDKS.anthropic as (fetch: typeof globalThis.fetch) => Promise<unknown>);
  const cachy = replay([{ status: 529, headers: { "retry-after-ms": "1" } }]);
  await assert.rejects(async () => await SDKS.anthropic?.(cachy.fetch), /529/);
  assert.equal(kinds(cachy.events).length, 3);
});

test("openai retries an injected reset, and gives up on a stall at its own time limit", async () => {
  const { answer, replay } = await recorded(SDKS.openai as (fetch: typeof globalThis.fetch) => Promise<unknown>);
  const reset = replay([{ reset: true, times: 1 }]);
  assert.deepEqual(await SDKS.openai?.(reset.fetch), answer);
  const stalled = replay([{ delayMs: 2 ** 31 - 1 }]);
  const client = new OpenAI({
    ...{ apiKey: "sk-test", baseURL: `${provider.url}/v1`, fetch: stalled.fetch },
    ...{ timeout: 20, maxRetries: 0 },
  });
  await assert.rejects(client.chat.completions.create({ model: "gpt-5-mini", messages }), /timed out/);
});

test("openai reports a stream that is cut in the middle of a tool call", async () => {
  const tools = [{ type: "function" as const, function: { name: "weather", parameters: { type: "object" } } }];
  const stream = async (fetch: typeof globalThis.fetch) => {
    const client = new OpenAI({ apiKey: "sk-test", baseURL: `${provider.url}/v1`, fetch });
    const events = await client.chat.completions.create({ model: "gpt-5-mini", messages, tools, stream: true });
    const deltas = [];
    for await (const { choices } of events) deltas.push(choices[0]?.delta);
    return deltas;
  };
  // A chunk for each event: on a busy machine, several arrive at once, and the cut would come after the last one.
  const network: typeof fetch = async (...call) => {
    return streamAnswer((await (await fetch(...call)).text()).split(/(?<=\n\n)/));
  };
  const { answer, replay } = await recorded(stream, network);
  assert.ok((answer as unknown[]).length > 2);
  await assert.rejects(stream(replay([{ cutAfter: 3 }]).fetch), /terminated|ECONNRESET|Connection/);
});
