/** HTTP/1.1 through the proxy, over raw sockets: what clients and providers may send, besides a request and its response. */
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { connected, testProxy } from "./proxy.ts";
import { slowTest, test, type TestContext } from "./suite.ts";
import { eventually } from "./testing.ts";

/** A provider that answers each request by these bytes. @returns Its host, and the requests that it got. */
async function rawProvider(t: TestContext, answer: string | Uint8Array | ((socket: Socket) => void)) {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (data) => {
      text += data.toString("latin1");
      const [head = "", body = ""] = text.split("\r\n\r\n", 2);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (!text.includes("\r\n\r\n") || body.length < length) return;
      requests.push(text);
      text = "";
      if (typeof answer === "function") answer(socket);
      else socket.end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const post = (host: string, more: readonly string[] = [], body = '{"model":"m"}') =>
  [
    `POST /${host}/v1/chat/completions HTTP/1.1`,
    "host: localhost",
    "connection: close",
    `content-length: ${body.length}`,
    ...more,
    "",
    body,
  ].join("\r\n");

const json = (lines: readonly string[] = [], body = '{"choices":[]}') =>
  ["HTTP/1.1 200 OK", "content-type: application/json", `content-length: ${body.length}`, ...lines, "", body]
    .join("\r\n");

test("interim responses and trailers of a provider do not reach the client, and the response is complete", async (t) => {
  const early = "HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n";
  const chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntrailer: x-sum\r\n" +
    'transfer-encoding: chunked\r\n\r\ne\r\n{"choices":[]}\r\n0\r\nx-sum: 1\r\n\r\n';
  const { host } = await rawProvider(t, early + early + chunked);
  const proxy = await testProxy(t);
  for (const round of ["live", "replayed"]) {
    const text = await proxy.raw(post(host, ["te: trailers"]));
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\{"choices":\[\]\}/, round);
    assert.doesNotMatch(text, /103|x-sum/i);
  }
  assert.equal(proxy.cachy.stats.hits, 1);
});

test("repeated and long headers of a response reach the client", async (t) => {
  const { host } = await rawProvider(
    t,
    json(["Set-Cookie: a=1", "set-cookie: b=2, c", "X-Twice: 1", "x-twice: 2", `X-Long: ${"y".repeat(8_000)}`]),
  );
  const proxy = await testProxy(t);
  const text = (await proxy.raw(post(host))).toLowerCase();
  assert.match(text, /set-cookie: a=1\r\n[^]*set-cookie: b=2, c\r\n/);
  assert.match(text, /x-twice: 1, 2\r\n/);
  assert.ok(text.includes("y".repeat(8_000)));
  const longer = await rawProvider(t, json([`X-Long: ${"y".repeat(30_000)}`]));
  // The limit of Node is 16 KB.
  assert.match(await proxy.raw(post(longer.host)), /^HTTP\/1\.1 (?:200 [^]*y{30000}|502 [^]*with NODE_OPTIONS=)/);
});

test("compressed responses are decoded once, live and replayed", async (t) => {
  const body = '{"choices":[{"message":{"content":"squeezed"}}]}';
  const encoded = { gzip: gzipSync(body), br: brotliCompressSync(body), deflate: deflateSync(body) };
  for (const [encoding, bytes] of Object.entries(encoded)) {
    const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: ${encoding}\r\n` +
      `content-length: ${bytes.length}\r\n\r\n`;
    const whole = Buffer.concat([Buffer.from(head), bytes]);
    const { host, requests } = await rawProvider(t, (socket) => {
      const [, accepted = ""] = /accept-encoding: ([^\r]*)/i.exec(requests[0] ?? "") ?? [];
      socket.end(accepted.includes(encoding) ? whole : json([], body));
    });
    const proxy = await testProxy(t);
    for (let round = 0; round < 2; round++) {
      const text = await proxy.raw(post(host, ["accept-encoding: br, zstd"]));
      assert.ok(text.includes(body), `${encoding} ${text}`);
      assert.doesNotMatch(text, /content-encoding/i);
    }
    assert.equal(requests.length, 1);
  }
});

slowTest("a long upload waits in the client while the provider does not read it", async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.pause());
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  t.mock.method(console, "error", () => {});
  const proxy = await testProxy(t);
  const socket = await connected(proxy.address);
  const chunk = Buffer.alloc(1 << 20, "x");
  const total = 100;
  socket.write(
    `POST /127.0.0.1:${(server.address() as AddressInfo).port}/v1/files HTTP/1.1\r\nhost: localhost\r\n` +
      `content-type: multipart/form-data; boundary=x\r\ncontent-length: ${total * chunk.length}\r\n\r\n`,
  );
  let sent = 0;
  const send = () => {
    while (sent < total && socket.write(chunk)) sent++;
    if (sent < total) socket.once("drain", () => (sent++, send()));
  };
  send();
  await eventually(() => Promise.resolve(sockets.length === 1));
  await standstill(() => sent, 100);
  assert.ok(sent < 40, `${sent} of ${total} MB left the client`);
  socket.destroy();
});

/** Waits until a number stays the same for some milliseconds. */
async function standstill(current: () => number, ms: number): Promise<void> {
  let before = -1;
  await eventually(async () => {
    const isStill = before === current();
    before = current();
    await new Promise((resolve) => setTimeout(resolve, ms));
    return isStill;
  });
}

slowTest("a provider waits for a client that does not read", async (t) => {
  let written = 0;
  const chunk = Buffer.alloc(1 << 16, "x");
  const total = 200 << 20;
  const { host } = await rawProvider(t, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: ${total}\r\n\r\n`);
    const send = () => {
      while (written < total && !socket.destroyed) {
        written += chunk.length;
        if (!socket.write(chunk)) return void socket.once("drain", send);
      }
    };
    send();
  });
  t.mock.method(console, "error", () => {});
  const proxy = await testProxy(t);
  const socket = await connected(proxy.address);
  socket.pause();
  socket.write(post(host));
  await eventually(() => Promise.resolve(written > 0));
  await standstill(() => written, 300);
  assert.ok(written < 120 << 20, `${written >> 20} MB were read ahead`);
  socket.destroy();
});

test("a provider that speaks no HTTP, and one whose certificate is not trusted, are named with what to do", async (t) => {
  const proxy = await testProxy(t);
  const tls = createTlsServer({ key: KEY, cert: CERT });
  tls.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
  t.after(() => tls.close());
  const secure = `127.0.0.1:${(tls.address() as AddressInfo).port}`;
  const other = await rawProvider(t, "SSH-2.0-OpenSSH_9.6\r\n");
  const bodies = {
    [other.host]: /it speaks HTTP/,
    [secure]: /it speaks HTTP/,
    [`https/${secure}`]: /DENO_CERT on Deno/,
  };
  for (const [host, cure] of Object.entries(bodies)) {
    const text = await proxy.raw(post(host));
    assert.match(text, /^HTTP\/1\.1 502 [^]*Cannot reach 127\.0\.0\.1:\d+: /);
    assert.match(text, cure);
    assert.doesNotMatch(text, /verbose|\.\. /);
  }
});

/** A certificate that no system trusts. */
const CERT = `-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUZUL7nUQ55M2ti0BjSj+64102e+8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODE2NDEwN1oYDzIxMjYxMTA0
MTY0MTA3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQjcw3m9jesCLV+iFAPs1C3pEyEVC8zcFxMKwSbubxdK9vn9b0Dhab1
z4uBMWTE4MiYLN8XQljAI92oiYG0GvEBo1MwUTAdBgNVHQ4EFgQU2po6yPyHNaqc
WSpPdgxt7hVoFycwHwYDVR0jBBgwFoAU2po6yPyHNaqcWSpPdgxt7hVoFycwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAw8/AcaWHiRBDQxykV021
pM8x+xCfEn0HK9InLIlasKgCIQCZI/oHrLByyGWd255hMxIAnoiMI+NUJ97OA2UW
Iah33A==
-----END CERTIFICATE-----`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8em52SfkK/b7IgVB
UFGtA3lYNfOIMYZgR8Qp+Qz9JnahRANCAAQjcw3m9jesCLV+iFAPs1C3pEyEVC8z
cFxMKwSbubxdK9vn9b0Dhab1z4uBMWTE4MiYLN8XQljAI92oiYG0GvEB
-----END PRIVATE KEY-----`;
