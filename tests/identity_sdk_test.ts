/** SDKs that invent something on each run, against a loopback server: the second run is replayed. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createGroq } from "@ai-sdk/groq";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOllama } from "@langchain/ollama";
import { generateText, stepCountIs, tool } from "ai";
import { generateText as generateText6, stepCountIs as stepCountIs6, tool as tool6 } from "ai6";
import { createOpenAICompatible as createOpenAICompatible6 } from "ai6-openai-compatible";
import Replicate from "replicate";
import { z } from "zod";
import { createCachy, memoryStore } from "../mod.ts";
import { test, type TestContext } from "./suite.ts";

interface Asked {
  readonly url: string;
  readonly body: string;
}

/** A server on loopback. */
async function serve(t: TestContext, answer: (asked: Asked) => unknown) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const one = { url: request.url ?? "", body: await textOf(request) };
    asked.push(one);
    const body = JSON.stringify(answer(one));
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

/** Runs a program in mode `auto`, then in mode `replay`: the second run asks no network. */
async function runTwice(
  server: { url: string; asked: Asked[] },
  run: (fetch: typeof globalThis.fetch) => Promise<unknown>,
) {
  const store = memoryStore();
  const options = { store, domains: [new URL(server.url).host], onEvent: () => {} };
  const first = createCachy({ ...options, mode: "auto" });
  const live = await run(first.fetch);
  await first.flush();
  const { length } = server.asked;
  const second = createCachy({ ...options, mode: "replay" });
  const replayed = await run(second.fetch);
  assert.deepEqual(second.misses.map(({ message }) => message), []);
  assert.equal(server.asked.length, length);
  assert.deepEqual(replayed, live);
  return length;
}

/** Calls a tool in the first turn; with an empty id, or with none. */
function chat(id: string | undefined) {
  return ({ body }: Asked) => {
    const isSecond = body.includes('"role":"tool"');
    const calls = ["Rome", "Oslo"].map((city) => ({
      ...(id === undefined ? {} : { id }),
      type: "function",
      function: { name: "weather", arguments: JSON.stringify({ city }) },
    }));
    const message = isSecond
      ? { role: "assistant", content: "Sunny." }
      : { role: "assistant", content: null, tool_calls: calls };
    const choices = [{ index: 0, message, finish_reason: isSecond ? "stop" : "tool_calls" }];
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    return { id: "c", object: "chat.completion", created: 1, model: "m", choices, usage };
  };
}

const inputSchema = z.object({ city: z.string() });
const execute = ({ city }: { city: string }) => Promise.resolve(`${city}: sun`);
const prompt = "Weather in Rome and Oslo?";

for (const [name, id] of [["an empty id", ""], ["no id", undefined]] as const) {
  test(`a tool loop of AI SDK 7 with openai-compatible is replayed, if the server sends ${name}`, async (t) => {
    const server = await serve(t, chat(id));
    const requests = await runTwice(server, async (fetch) => {
      const { chatModel } = createOpenAICompatible({ name: "test", baseURL: `${server.url}/v1`, fetch });
      const tools = { weather: tool({ inputSchema, execute }) };
      return (await generateText({ model: chatModel("m"), tools, prompt, stopWhen: stepCountIs(3) })).text;
    });
    assert.equal(requests, 2);
  });
}

test("a tool loop of AI SDK 6 with openai-compatible is replayed, if the server sends no id", async (t) => {
  const server = await serve(t, chat(undefined));
  const requests = await runTwice(server, async (fetch) => {
    const { chatModel } = createOpenAICompatible6({ name: "test", baseURL: `${server.url}/v1`, fetch });
    const tools = { weather: tool6({ inputSchema, execute }) };
    return (await generateText6({ model: chatModel("m"), tools, prompt, stopWhen: stepCountIs6(3) })).text;
  });
  assert.equal(requests, 2);
});

test("a tool loop of AI SDK 7 with groq is replayed, if the server sends no id", async (t) => {
  const server = await serve(t, chat(undefined));
  const requests = await runTwice(server, async (fetch) => {
    const groq = createGroq({ baseURL: `${server.url}/v1`, apiKey: "k", fetch });
    const tools = { weather: tool({ inputSchema, execute }) };
    return (await generateText({ model: groq("m"), tools, prompt, stopWhen: stepCountIs(3) })).text;
  });
  assert.equal(requests, 2);
});

test("a tool loop of @langchain/ollama, which invents UUIDs, is replayed", async (t) => {
  const server = await serve(t, ({ body }) => {
    const isSecond = body.includes('"role":"tool"');
    const calls = [{ function: { name: "weather", arguments: { city: "Rome" } } }];
    const message = {
      role: "assistant",
      content: isSecond ? "Sunny." : "",
      ...(isSecond ? {} : { tool_calls: calls }),
    };
    return { model: "m", created_at: "2026-11-22T08:00:00Z", message, done: true, done_reason: "stop" };
  });
  const requests = await runTwice(server, async (fetch) => {
    const model = new ChatOllama({ model: "m", baseUrl: server.url, fetch, streaming: false });
    const withTools = model.bindTools([{ type: "function", function: { name: "weather", parameters: {} } }]);
    const first = await withTools.invoke([new HumanMessage(prompt)]);
    const results = (first.tool_calls ?? []).map(({ id }) =>
      new ToolMessage({ content: "sun", tool_call_id: id ?? "" })
    );
    assert.equal(results.length, 1);
    return (await withTools.invoke([new HumanMessage(prompt), first, ...results])).content;
  });
  assert.equal(requests, 2);
});

test("an upload of replicate, which makes the file's name from a clock, is replayed", async (t) => {
  const server = await serve(t, ({ body }) => {
    assert.match(body, /filename="(?:blob|buffer)_\d{13}"/);
    return { id: "f", urls: { get: "https://api.replicate.com/v1/files/f" } };
  });
  let now = Date.now();
  const { now: clock } = Date;
  Date.now = () => now += 1000;
  t.after(() => Date.now = clock);
  const requests = await runTwice(server, async (fetch) => {
    const replicate = new Replicate({ auth: "r", baseUrl: `${server.url}/v1`, fetch });
    const ids: string[] = [];
    for (const file of [Buffer.from("abc"), new Blob(["def"])]) ids.push((await replicate.files.create(file)).id);
    return ids;
  });
  assert.equal(requests, 2);
});
