/** The proxy in this process, with real connections: what it forwards, streams, records and replays. */
import assert from "node:assert/strict";
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Provider, startProvider } from "./provider/provider.ts";
import { connected, testProxy, textOf } from "./proxy.ts";
import { after, before, beforeEach, test, type TestContext } from "./suite.ts";
import { CHAT_URL, eventually, jsonAnswer, jsonPost, kinds, temporaryFolder, testCachy } from "./testing.ts";
import { memoryStore } from "../mod.ts";

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
beforeEach(() => provider.reset());
after(() => provider.stop());

const CHAT = "/v1/chat/completions";
const chat = (stream = false) => jsonPost({ model: "gpt-4.1", stream, messages: [{ role: "user", content: "Hi" }] });

/** A server of a test. It stops after the test. */
async function serve(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server: Server = createServer({ maxHeaderSize: 1 << 20 }, answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends a request by node:http, which shows the head as it was sent. */
function exchange(
  url: string,
  options: Parameters<typeof httpRequest>[1] = {},
  body: readonly (string | Uint8Array)[] = [],
) {
  return new Promise<{ status: number; headers: IncomingMessage["headers"]; raw: string[]; body: string }>(
    (resolve, reject) => {
      const request = httpRequest(url, { agent: false, ...options }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => text += chunk);
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            raw: response.rawHeaders,
            body: text,
          }));
      });
      request.on("error", reject);
      for (const piece of body) {
        request.write(piece);
      }
      request.end();
    },
  );
}

test("what is recorded through the proxy answers fetch in the process under the same key, and the other way round", async (t) => {
  for (const stream of [false, true]) {
    const store = memoryStore();
    const proxy = await testProxy(t, { store });
    const handle = testCachy({ store, domains: ["127.0.0.1"], mode: "replay" });
    const live = await (await fetch(proxy.at(provider.url + CHAT), chat(stream))).text();
    const replayed = await handle.fetch(provider.url + CHAT, chat(stream));
    assert.equal(await replayed.text(), live);
    assert.deepEqual(kinds([...proxy.cachy.events, ...handle.events]), ["miss", "recorded", "hit"]);

    const other = memoryStore();
    const first = testCachy({ store: other, domains: ["127.0.0.1"] });
    const text = await (await first.fetch(provider.url + CHAT, chat(stream))).text();
    const second = await testProxy(t, { store: other, mode: "replay" });
    const answer = await fetch(second.at(provider.url + CHAT), chat(stream));
    assert.equal(await answer.text(), text);
    const [a, b] = [[...store.entries!() as Iterable<{ key: string }>], [
      ...other.entries!() as Iterable<{ key: string }>,
    ]];
    assert.deepEqual(a.map(({ key }) => key), b.map(({ key }) => key));
  }
});

test("a line of pycachy answers through the proxy", async (t) => {
  const { fetch: record, events } = testCachy({ fetch: () => Promise.resolve(jsonAnswer({ choices: [] })) });
  await (await record(CHAT_URL, chat())).text();
  const [miss] = events;
  const key = miss?.kind === "miss" ? miss.request.key : "";
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(file, `${JSON.stringify({ key, response: '{"choices":"of pycachy"}' })}\n`);
  const proxy = await testProxy(t, { file, mode: "replay" });
  const answer = await fetch(proxy.at(CHAT_URL), chat());
  assert.deepEqual([answer.status, await answer.text()], [200, '{"choices":"of pycachy"}']);
  assert.equal(answer.headers.get("content-type"), "application/json");
});

test("a stream arrives through the proxy while the provider still sends it", async (t) => {
  const proxy = await testProxy(t);
  provider.fault = "hold";
  const response = await fetch(proxy.at(provider.url + CHAT), chat(true));
  const reader = response.body!.getReader();
  let text = "";
  while (text.split("\n\n").length < 4) text += new TextDecoder().decode((await reader.read()).value);
  assert.doesNotMatch(text, /DONE/);
  provider.release();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += new TextDecoder().decode(read.value);
  }
  assert.match(text, /\[DONE\]\n\n$/);
  assert.deepEqual(kinds(proxy.cachy.events), ["miss", "recorded"]);
});

test("the head of a response arrives before its body", async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  });
  const proxy = await testProxy(t);
  const stop = new AbortController();
  const response = await fetch(proxy.at(`${url}${CHAT}`), { ...chat(true), signal: stop.signal });
  assert.equal(response.status, 200);
  stop.abort();
});

test("a client that goes away ends the call to the provider, and nothing is recorded", async (t) => {
  const proxy = await testProxy(t);
  for (const fault of ["hold", "hang-headers"] as const) {
    provider.reset();
    provider.fault = fault;
    const socket = await connected(proxy.address);
    const body = JSON.stringify({ model: fault, stream: true, messages: [] });
    const { host } = new URL(provider.url);
    socket.write(`POST /${host}${CHAT} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await provider.whenAsked(1);
    if (fault === "hold") await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    await provider.whenClosed();
  }
  await eventually(() => Promise.resolve(proxy.cachy.stats.dropped === 2));
  assert.deepEqual(kinds(proxy.cachy.events), ["miss", "dropped", "miss", "dropped"]);
});

test("a client that closes the connection with the last byte has its recording", async (t) => {
  for (const stream of [false, true]) {
    const proxy = await testProxy(t);
    for (let round = 0; round < 5; round++) {
      const socket = await connected(proxy.address);
      const body = JSON.stringify({ model: `${round}`, stream, messages: [] });
      const { host } = new URL(provider.url);
      socket.write(`POST /${host}${CHAT} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      let text = "";
      await new Promise<void>((resolve) =>
        socket.on("data", (data) => {
          text += data.toString("latin1");
          const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Infinity);
          if (text.includes("DONE]\n\n") || text.length >= text.indexOf("\r\n\r\n") + 4 + length) resolve();
        })
      );
      socket.destroy();
    }
    await proxy.cachy.flush();
    assert.equal(proxy.cachy.stats.recorded, 5);
  }
});

test("a response that breaks off breaks off for the client, too", async (t) => {
  const proxy = await testProxy(t);
  for (const fault of ["kill", "cut-json"] as const) {
    provider.fault = fault;
    await assert.rejects(async () => await (await fetch(proxy.at(provider.url + CHAT), chat(fault === "kill"))).text());
  }
  await proxy.cachy.flush();
  assert.equal(proxy.cachy.stats.recorded, 0);
});

test("a connection stays open after a response, and after one in chunks", async (t) => {
  const proxy = await testProxy(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const sockets = new Set<unknown>();
  for (const stream of [true, false, true, false]) {
    const { socket, text } = await new Promise<{ socket: unknown; text: string }>((resolve, reject) => {
      const options = { method: "POST", agent, headers: { "content-type": "application/json" } };
      const request = httpRequest(proxy.at(provider.url + CHAT), options, async (response) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve({ socket: request.socket?.localPort, text });
      });
      request.on("error", reject);
      request.end(JSON.stringify({ model: "m", stream, messages: [] }));
    });
    sockets.add(socket);
    assert.match(text, stream ? /DONE/ : /choices/);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(sockets.size, 1);
});

test("several requests share a connection, also pipelined, and HTTP/1.0 is answered", async (t) => {
  const proxy = await testProxy(t);
  const { host } = new URL(provider.url);
  const body = JSON.stringify({ model: "m", messages: [] });
  const post = (version: string, more = "") =>
    `POST /${host}${CHAT} HTTP/${version}\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`;
  const twice = await proxy.raw([post("1.1"), post("1.1"), post("1.1", "connection: close\r\n")]);
  assert.equal(twice.split("HTTP/1.1 200 OK").length, 4);
  assert.equal(provider.requests.length, 1);
  const old = await proxy.raw(post("1.0"));
  assert.match(old, /^HTTP\/1\.[01] 200 OK\r\n[^]*"choices"[^]*\}$/);
});

test("a client that closes its half of the connection gets the whole response", async (t) => {
  const proxy = await testProxy(t);
  const { host } = new URL(provider.url);
  for (const stream of [false, true]) {
    const body = JSON.stringify({ model: "half", stream, messages: [] });
    const head =
      `POST /${host}${CHAT} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${body.length}`;
    const text = await proxy.raw(`${head}\r\n\r\n${body}`, { halfClose: true });
    assert.match(text, stream ? /DONE\]/ : /"choices"[^]*\}$/);
  }
  assert.equal(proxy.cachy.stats.recorded, 2);
});

test("requests arrive byte by byte, and with bodies in chunks", async (t) => {
  const proxy = await testProxy(t);
  const { host } = new URL(provider.url);
  const body = JSON.stringify({ model: "slow", messages: [] });
  const head = `POST /${host}${CHAT} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n`;
  const whole = `${head}content-length: ${body.length}\r\n\r\n${body}`;
  const chunked = `${head}transfer-encoding: chunked\r\n\r\n5\r\n${body.slice(0, 5)}\r\n` +
    `${(body.length - 5).toString(16)};name=value\r\n${body.slice(5)}\r\n0\r\nx-trailer: 1\r\n\r\n`;
  for (const request of [whole, chunked]) {
    assert.match(await proxy.raw([...request]), /^HTTP\/1.1 200 OK[^]*"choices"/);
  }
  assert.deepEqual([proxy.cachy.stats.hits, proxy.cachy.stats.recorded], [1, 1]);
  assert.equal(provider.requests[0]?.body, body);
});

test("expect: 100-continue gets its interim response before the body is sent", async (t) => {
  const proxy = await testProxy(t);
  const { host } = new URL(provider.url);
  const body = JSON.stringify({ model: "expect", messages: [] });
  const socket = await connected(proxy.address);
  const received = textOf(socket);
  const continued = new Promise<void>((resolve) =>
    socket.on("data", (data) => String(data).includes("100 Continue") && resolve())
  );
  socket.write(
    `POST /${host}${CHAT} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nexpect: 100-continue\r\n` +
      `content-length: ${body.length}\r\n\r\n`,
  );
  await continued;
  socket.write(body);
  assert.match(await received, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  assert.equal(provider.requests[0]?.headers.expect, undefined);
});

test("HEAD, 204, 304, redirects, cookies and bodies that are compressed arrive as they are", async (t) => {
  const seen: IncomingMessage[] = [];
  const url = await serve(t, async (request, response) => {
    seen.push(request);
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const cookies = ["set-cookie", "a=1; Path=/", "set-cookie", "b=2, c"];
    if (request.url === "/v1/none") response.writeHead(204, ["x-request-id", "r", ...cookies]).end();
    else if (request.url === "/v1/moved") response.writeHead(307, { location: "/v1/echo" }).end();
    else if (request.url === "/v1/odd") {
      response.writeHead(200, "Strangely Fine", { "content-length": "5" }).end("plain");
    } else if (request.url === "/v1/old") response.writeHead(304, { etag: '"x"' }).end();
    else if (request.url === "/v1/head") {
      response.writeHead(200, { "content-length": "1234", "content-type": "image/png" }).end();
    } else {
      const body = Buffer.concat(chunks);
      const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
      response.end(gzipSync(JSON.stringify({ text: String(text) })));
    }
  });
  const proxy = await testProxy(t);
  const head = await exchange(proxy.at(`${url}/v1/head`), { method: "HEAD" });
  assert.deepEqual([head.status, head.headers["content-length"], head.body], [200, "1234", ""]);
  const none = await exchange(proxy.at(`${url}/v1/none`), { method: "DELETE" });
  assert.deepEqual([none.status, none.headers["set-cookie"], none.body], [204, ["a=1; Path=/", "b=2, c"], ""]);
  assert.deepEqual([none.headers["transfer-encoding"], none.headers["x-request-id"]], [undefined, "r"]);
  assert.equal((await exchange(proxy.at(`${url}/v1/old`))).status, 304);
  const odd = await exchange(proxy.at(`${url}/v1/odd`));
  assert.deepEqual([odd.headers["content-length"], odd.body], ["5", "plain"]);
  const moved = await exchange(proxy.at(`${url}/v1/moved`), { method: "POST" }, ['{"a":1}']);
  assert.deepEqual([moved.status, moved.body], [200, '{"text":"{\\"a\\":1}"}']);
  const headers = { "content-encoding": "gzip", "accept-encoding": "zstd;q=1, gzip" };
  const zipped = await exchange(proxy.at(`${url}/v1/zip`), { method: "POST", headers }, [gzipSync("squeezed")]);
  assert.equal(zipped.body, '{"text":"squeezed"}');
  assert.equal(zipped.headers["content-encoding"], undefined);
});

test("headers arrive at the provider without those of the connection, and long ones too", async (t) => {
  let seen: IncomingMessage | undefined;
  const url = await serve(t, (request, response) => {
    seen = request;
    response.end("{}");
  });
  const proxy = await testProxy(t);
  const long = "x".repeat(100_000);
  const headers = {
    Host: "localhost:1",
    "X-Long": long,
    "X-Case": "AbC",
    "X-Twice": ["1", "2"],
    Connection: "close, X-Hop",
    "X-Hop": "hop",
    TE: "trailers",
    "Keep-Alive": "timeout=5",
    "Proxy-Authorization": "Basic eDp5",
    Cookie: "a=1; b=2",
    "User-Agent": "OpenAI/Python 2.8.1",
    Authorization: "Bearer 1",
  };
  await exchange(proxy.at(`${url}/v1/models?a=%2F&b=%20+x`), { headers });
  assert.ok(seen);
  assert.equal(seen.url, "/v1/models?a=%2F&b=%20+x");
  const { host, "x-hop": hop, te, "proxy-authorization": proxyKey, "keep-alive": keepAlive } = seen.headers;
  assert.deepEqual([host, hop, te, proxyKey, keepAlive], [
    new URL(url).host,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual([seen.headers["x-long"], seen.headers["x-case"], seen.headers["x-twice"]], [long, "AbC", "1, 2"]);
  assert.deepEqual(
    [seen.headers.cookie, seen.headers["user-agent"], seen.headers.authorization],
    ["a=1; b=2", "OpenAI/Python 2.8.1", "Bearer 1"],
  );
});

test("an upload address in a header leads to the proxy, and the recorded one stays", async (t) => {
  const url = await serve(t, (request, response) => {
    response.writeHead(200, {
      "x-goog-upload-url": `http://${request.headers.host}/upload/v1beta/files?upload_id=1`,
      location: "https://elsewhere.example/x",
    }).end("{}");
  });
  const store = memoryStore();
  const proxy = await testProxy(t, { store });
  const { headers } = await exchange(proxy.at(`${url}/upload/v1beta/files`), { method: "POST" }, ["{}"]);
  assert.equal(headers["x-goog-upload-url"], proxy.at(`${url}/upload/v1beta/files?upload_id=1`));
  assert.equal(headers.location, "https://elsewhere.example/x");
  const [entry] = [...store.entries!() as Iterable<{ headers?: Record<string, string> }>];
  assert.equal(entry?.headers?.["x-goog-upload-url"], `${url}/upload/v1beta/files?upload_id=1`);
});

test("HTTP/2 with prior knowledge is answered on the same port", async (t) => {
  const proxy = await testProxy(t);
  const session = connectHttp2(proxy.address);
  t.after(() => session.destroy());
  session.on("error", () => {});
  const ask = (stream: boolean) =>
    new Promise<{ status: unknown; text: string }>((resolve, reject) => {
      const { host } = new URL(provider.url);
      const request = session.request({
        ":method": "POST",
        ":path": `/${host}${CHAT}`,
        "content-type": "application/json",
      });
      let [status, text]: [unknown, string] = [undefined, ""];
      request.on("response", (headers) => status = headers[":status"]);
      request.setEncoding("utf8");
      request.on("data", (data) => text += data);
      request.on("end", () => resolve({ status, text }));
      request.on("error", reject);
      request.end(JSON.stringify({ model: "h2", stream, messages: [] }));
    });
  for (const stream of [false, true]) {
    const [live, replayed] = [await ask(stream), await ask(stream)];
    assert.deepEqual(replayed, live);
    assert.equal(live.status, 200);
    assert.match(live.text, stream ? /\[DONE\]/ : /choices/);
  }
  assert.equal(provider.requests.length, 2);
});

test("a miss and a provider that is down are explained in the form that the SDK expects", async (t) => {
  const replaying = await testProxy(t, { mode: "replay" });
  const miss = await exchange(replaying.at(provider.url + CHAT), { method: "POST" }, ["{}"]);
  assert.equal(miss.status, 406);
  assert.match(JSON.parse(miss.body).error.message, /^Cannot replay POST http:\/\/127/);
  assert.equal(provider.requests.length, 0);

  const proxy = await testProxy(t);
  const down = await exchange(proxy.at(`http://127.0.0.1:65533${CHAT}`), { method: "POST" }, ["{}"]);
  assert.equal(down.status, 502);
  assert.match(JSON.parse(down.body).error.message, /^Cannot reach 127\.0\.0\.1:65533: /);
  const ollama = await exchange(proxy.at(`http://127.0.0.1:65533/api/chat`), { method: "POST" }, ["{}"]);
  assert.match(JSON.parse(ollama.body).error, /^Cannot reach 127\.0\.0\.1:65533: /);
});
