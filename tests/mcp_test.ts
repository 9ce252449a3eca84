/** Sessions of the Model Context Protocol, with its SDK: recorded as a whole, and replayed as a whole. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
// @ts-types="./node_modules/@modelcontextprotocol/sdk/dist/esm/client/index.d.ts"
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
// @ts-types="./node_modules/@modelcontextprotocol/sdk/dist/esm/client/streamableHttp.d.ts"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { type CachyOptions, createCachy, memoryStore } from "../mod.ts";
import { test, type TestContext } from "./suite.ts";
import { jsonPost, network, testCachy } from "./testing.ts";

interface McpServer {
  readonly url: string;
  /** Method and JSON-RPC method of each request. */
  readonly asked: string[];
}

/** A server that knows only its own sessions, and answers each call with another number. */
async function serveMcp(t: TestContext, { hasSessions = true }: { hasSessions?: boolean } = {}): Promise<McpServer> {
  const asked: string[] = [];
  const sessions = new Set<string>();
  let count = 0;
  const server: Server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const message = text ? JSON.parse(text) : {};
    asked.push(`${request.method} ${message.method ?? ""}`);
    if (request.method !== "POST") return void response.writeHead(405).end();
    if (message.method === "initialize") return start(message, response);
    if (hasSessions && !sessions.has(sessionOf(request))) return void response.writeHead(404).end();
    if (message.id === undefined) return void response.writeHead(202).end();
    const result = message.method === "tools/list"
      ? { tools: [{ name: "count", inputSchema: { type: "object" } }] }
      : { content: [{ type: "text", text: `${message.params.name} ${++count}` }] };
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", id: message.id, result })}\n\n`);
  });
  const start = ({ id, params }: { id: number; params: { protocolVersion: string } }, response: ServerResponse) => {
    const session = randomUUID();
    sessions.add(session);
    const result = {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: "s", version: "1" },
    };
    response.writeHead(200, {
      "content-type": "application/json",
      ...(hasSessions ? { "mcp-session-id": session } : {}),
    });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, asked };
}

function sessionOf(request: IncomingMessage): string {
  return String(request.headers["mcp-session-id"]);
}

function handle(server: McpServer, options: CachyOptions) {
  return createCachy({ domains: [new URL(server.url).host], onEvent: () => {}, ...options });
}

/** A session in which a client lists the tools, calls some, and ends. */
async function session(fetch: typeof globalThis.fetch, url: string, names: readonly string[]): Promise<string[]> {
  const client = new Client({ name: "test", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(url), { fetch });
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  await client.listTools();
  const texts: string[] = [];
  for (const name of names) {
    const { content } = await client.callTool({ name, arguments: {} });
    texts.push((content as { text: string }[])[0]?.text ?? "");
  }
  await transport.terminateSession();
  await client.close();
  return texts;
}

test("an MCP session is replayed as a whole, with its notifications and without its standing connection", async (t) => {
  const server = await serveMcp(t);
  const store = memoryStore();
  const first = handle(server, { store, mode: "auto" });
  assert.deepEqual(await session(first.fetch, server.url, ["a", "b"]), ["a 1", "b 2"]);
  await first.flush();
  const { length } = server.asked;
  const second = handle(server, { store, mode: "replay" });
  assert.deepEqual(await session(second.fetch, server.url, ["a", "b"]), ["a 1", "b 2"]);
  assert.equal(server.asked.length, length);
  assert.deepEqual(second.misses, []);
  assert.equal(second.stats.hits, 5, "initialize, initialized, tools/list and two calls");
});

test("in mode auto an MCP session is answered by the server alone, and recorded anew", async (t) => {
  const server = await serveMcp(t);
  const store = memoryStore();
  for (const expected of ["a 1", "a 2"]) {
    const cachy = handle(server, { store, mode: "auto" });
    assert.deepEqual(await session(cachy.fetch, server.url, ["a"]), [expected]);
    await cachy.flush();
    assert.equal(cachy.stats.hits, 0);
  }
  assert.deepEqual(server.asked.filter((method) => method === "POST initialize").length, 2);
  const replaying = handle(server, { store, mode: "replay" });
  assert.deepEqual(await session(replaying.fetch, server.url, ["a"]), ["a 2"], "of the newest session");
});

test("two MCP sessions of a program are replayed each with its own answers", async (t) => {
  const server = await serveMcp(t);
  const store = memoryStore();
  const run = async ({ fetch }: { fetch: typeof globalThis.fetch }) => [
    await session(fetch, server.url, ["a"]),
    await session(fetch, server.url, ["a", "b"]),
  ];
  const first = handle(server, { store, mode: "auto" });
  const live = await run(first);
  await first.flush();
  assert.deepEqual(await run(handle(server, { store, mode: "replay" })), live);
});

test("a call that the recorded MCP session does not have is a miss, which says to record the session", async (t) => {
  const server = await serveMcp(t);
  const store = memoryStore();
  const first = handle(server, { store, mode: "auto" });
  await session(first.fetch, server.url, ["a"]);
  await first.flush();
  const second = handle(server, { store, mode: "replay" });
  await assert.rejects(session(second.fetch, server.url, ["b"]));
  assert.match(
    second.misses[0]?.message ?? "",
    /To record the response, .*, which records the whole MCP session anew, and/,
  );
  const empty = handle(server, { store: memoryStore(), mode: "replay" });
  await assert.rejects(session(empty.fetch, server.url, ["a"]));
  assert.match(empty.misses[0]?.message ?? "", /the whole MCP session/);
});

test("without sessions only `initialize` asks an MCP server anew", async (t) => {
  const server = await serveMcp(t, { hasSessions: false });
  const store = memoryStore();
  for (let run = 0; run < 2; run++) {
    const cachy = handle(server, { store, mode: "auto" });
    assert.deepEqual(await session(cachy.fetch, server.url, ["a"]), ["a 1"]);
    await cachy.flush();
  }
  const replaying = handle(server, { store, mode: "replay" });
  assert.deepEqual(await session(replaying.fetch, server.url, ["a"]), ["a 1"]);
  assert.deepEqual(replaying.misses, []);
});

test("fetch() takes no other request for one of an MCP session", async () => {
  const { fetch, calls } = network(() => new Response("{}"));
  const cachy = testCachy({ fetch });
  const url = "https://api.openai.com/v1/x";
  const bodies = [{ jsonrpc: "2.0", method: "tools/list" }, { method: "initialize" }, { messages: ['"initialize"'] }];
  for (const body of [...bodies, ...bodies]) {
    await (await cachy.fetch(url, jsonPost(body, { accept: "application/json, text/event-stream" }))).text();
  }
  await (await cachy.fetch(url, jsonPost({ jsonrpc: "2.0", method: "initialize" }))).text();
  await (await cachy.fetch(url, jsonPost({ jsonrpc: "2.0", method: "initialize" }))).text();
  assert.equal(calls.length, bodies.length + 1);
});
