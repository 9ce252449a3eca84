/** MCP clients against a server of the MCP SDK: its sessions and streams, recorded live, replayed without the server. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createMCPClient } from "@ai-sdk/mcp";
// @ts-types="./node_modules/@modelcontextprotocol/sdk/dist/esm/client/index.d.ts"
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
// @ts-types="./node_modules/@modelcontextprotocol/sdk/dist/esm/client/sse.d.ts"
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
// @ts-types="./node_modules/@modelcontextprotocol/sdk/dist/esm/client/streamableHttp.d.ts"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
// @ts-types="./node_modules/@modelcontextprotocol/sdk/dist/esm/server/mcp.d.ts"
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
// @ts-types="./node_modules/@modelcontextprotocol/sdk/dist/esm/server/sse.d.ts"
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
// @ts-types="./node_modules/@modelcontextprotocol/sdk/dist/esm/server/streamableHttp.d.ts"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";
import { createCachy, memoryStore } from "../mod.ts";
import { slowTest, test, type TestContext } from "./suite.ts";

/** Counts its calls, so that a replay differs from a second live call, and reports the progress of each. */
function counter(count: () => number): McpServer {
  const server = new McpServer({ name: "counter", version: "1" }, { capabilities: { logging: {} } });
  const inputSchema = { label: z.string() };
  server.registerTool("count", { description: "Counts.", inputSchema }, async ({ label }, { sendNotification }) => {
    const params = { level: "info" as const, data: `counting ${label}` };
    await sendNotification({ method: "notifications/message", params });
    return { content: [{ type: "text", text: `${label} ${count()}` }] };
  });
  server.registerResource("notes", "notes://all", {}, (uri) => ({
    contents: [{ uri: uri.href, text: `notes ${count()}` }],
  }));
  return server;
}

async function serve(t: TestContext, options: { readonly hasSessions: boolean; readonly enableJsonResponse: boolean }) {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const asked: string[] = [];
  let calls = 0;
  const open = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: options.hasSessions ? randomUUID : undefined,
      enableJsonResponse: options.enableJsonResponse,
      onsessioninitialized: (id: string) => void sessions.set(id, transport),
    });
    await counter(() => ++calls).connect(transport as Parameters<McpServer["connect"]>[0]);
    return transport;
  };
  const started = await start(t, async (request, response) => {
    asked.push(request.method ?? "");
    const transport = sessions.get(String(request.headers["mcp-session-id"])) ?? await open();
    await transport.handleRequest(request, response);
  });
  return { ...started, asked };
}

async function start(t: TestContext, listener: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const http = createServer(listener);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const stop = () => new Promise<void>((resolve) => (http.closeAllConnections(), http.close(() => resolve())));
  t.after(stop);
  const { port } = http.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/mcp`, domain: `127.0.0.1:${port}`, stop };
}

type Session = (fetch: typeof globalThis.fetch, url: string, labels: readonly string[]) => Promise<unknown>;

const session: Session = async (fetch, url, labels) => {
  const client = new Client({ name: "test", version: "1" });
  const transport = new StreamableHTTPClientTransport(new URL(url), { fetch });
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  const { tools } = await client.listTools();
  const contents: unknown[] = [];
  for (const label of labels) {
    contents.push((await client.callTool({ name: "count", arguments: { label } })).content);
  }
  contents.push((await client.readResource({ uri: "notes://all" })).contents);
  await transport.terminateSession();
  await client.close();
  return { tools: tools.map(({ name }) => name), contents };
};

const aiSession: Session = async (fetch, url, labels) => {
  const client = await createMCPClient({ transport: { type: "http", url, fetch } });
  const tools = await client.tools();
  const contents: unknown[] = [];
  for (const [at, label] of labels.entries()) {
    contents.push(await tools.count?.execute?.({ label }, { toolCallId: `${at}`, messages: [], context: {} } as never));
  }
  await client.close();
  return { tools: Object.keys(tools), contents };
};

const clients: readonly (readonly [string, Session])[] = [
  ["@modelcontextprotocol/sdk", session],
  ["@ai-sdk/mcp", aiSession],
];

for (const [name, run] of clients) {
  for (const hasSessions of [true, false]) {
    for (const enableJsonResponse of [true, false]) {
      const kind = `${hasSessions ? "with" : "without"} sessions and ${enableJsonResponse ? "JSON" : "streams"}`;
      const register = hasSessions && !enableJsonResponse ? test : slowTest;
      register(`${name} replays what a server ${kind} answered, when the server is stopped`, async (t) => {
        const server = await serve(t, { hasSessions, enableJsonResponse });
        const store = memoryStore();
        const options = { store, domains: [server.domain], onEvent: () => {} };
        const recording = createCachy({ ...options, mode: "auto" });
        const live = await run(recording.fetch, server.url, ["a", "b"]);
        await recording.flush();
        assert.match(JSON.stringify(live), /a 1.*b 2/);
        await server.stop();
        const { length } = server.asked;

        const replaying = createCachy({ ...options, mode: "replay" });
        const replayed = await run(replaying.fetch, server.url, ["a", "b"]).catch((error) => error);
        assert.deepEqual(replaying.misses.map(({ message }) => message), []);
        assert.deepEqual(replayed, live);
        assert.equal(server.asked.length, length);

        const other = createCachy({ ...options, mode: "replay" });
        const error = await run(other.fetch, server.url, ["c"]).then(JSON.stringify, String);
        assert.equal(other.stats.misses, 1);
        assert.match(error, /Cannot replay POST .*To record the response/s);
      });
    }
  }
}

test("a server with the older transport answers each session itself, and its connection is not recorded", async (t) => {
  const sessions = new Map<string, SSEServerTransport>();
  let calls = 0;
  const server = await start(t, async (request, response) => {
    const id = new URL(request.url ?? "", "http://localhost").searchParams.get("sessionId");
    if (id !== null) return await sessions.get(id)?.handlePostMessage(request, response);
    const transport = new SSEServerTransport("/messages", response);
    sessions.set(transport.sessionId, transport);
    await counter(() => ++calls).connect(transport);
  });
  const store = memoryStore();
  for (const expected of ["a 1", "a 2"]) {
    const cachy = createCachy({ store, mode: "auto", domains: [server.domain], onEvent: () => {} });
    const client = new Client({ name: "test", version: "1" });
    await client.connect(new SSEClientTransport(new URL(server.url), { fetch: cachy.fetch }));
    const { content } = await client.callTool({ name: "count", arguments: { label: "a" } });
    await client.close();
    assert.equal((content as { text: string }[])[0]?.text, expected);
    await cachy.flush();
    assert.equal(cachy.stats.hits, 0);
  }
});
