/** Whom the proxy answers: programs of this machine, and pages that the user allows. It calls only listed hosts. */
import assert from "node:assert/strict";
import { connect as connectHttp2, type OutgoingHttpHeaders } from "node:http2";
import fc from "fast-check";
import { memoryStore } from "../mod.ts";
import { addressAt, upstreamOf } from "../src/proxy/address.ts";
import { baseUrlsOf, variablesFor, withoutHttpProxy } from "../src/proxy/variables.ts";
import { testProxy } from "./proxy.ts";
import { seed, test, type TestContext } from "./suite.ts";
import { jsonAnswer, jsonPost, network, testCachy } from "./testing.ts";

const SECRET = "an answer that was recorded";
const PATH = "/api.openai.com/v1/chat/completions";
const BODY = JSON.stringify({ model: "gpt-4.1", messages: [] });

/** A proxy without a network, with a recorded answer to a POST of `BODY`, and to a GET of /v1/models. */
async function recordedProxy(t: TestContext, origins: readonly string[] = []) {
  const store = memoryStore();
  const handle = testCachy({ store, fetch: network(() => jsonAnswer({ text: SECRET })).fetch });
  await (await handle.fetch("https://api.openai.com/v1/chat/completions", jsonPost(BODY))).text();
  await (await handle.fetch("https://api.openai.com/v1/models")).text();
  return await testProxy(t, { store, mode: "replay" }, origins);
}

const get = (lines: readonly string[], path = "/api.openai.com/v1/models", version = "1.1") =>
  [`GET ${path} HTTP/${version}`, ...lines, "connection: close", "", ""].join("\r\n");

test("only a Host header of this machine is answered", async (t) => {
  const proxy = await recordedProxy(t);
  for (
    const host of ["127.0.0.1", "127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:9", "cachy.localhost", "127.1.2.3"]
  ) {
    assert.match(await proxy.raw(get([`Host: ${host}`])), /^HTTP\/1\.1 200 [^]*an answer/, host);
  }
  const foreign = [
    ["Host: evil.example"],
    ["Host: 127.0.0.1.evil.example"],
    ["Host: localhost.evil.example"],
    ["Host: evil.example:80"],
    ["Host: api.openai.com"],
    ["Host: 0.0.0.0"],
    ["Host: 10.0.0.1"],
    ["Host: 127.0.0.1@evil.example"],
    ["Host: evil.example/127.0.0.1"],
    ["Host:"],
    ["Host: localhost", "Host: evil.example"],
    ["Host: evil.example", "Host: localhost"],
    [],
  ];
  for (const lines of foreign) {
    for (const version of ["1.1", "1.0"]) {
      const text = await proxy.raw(get(lines, undefined, version));
      assert.match(text, /^HTTP\/1\.\d 4\d\d /, lines.join());
      assert.doesNotMatch(text, /an answer/, lines.join());
    }
  }
});

test("HTTP/2 requests are answered only with an authority of this machine", async (t) => {
  const proxy = await recordedProxy(t);
  const session = connectHttp2(proxy.address);
  t.after(() => session.destroy());
  const ask = (headers: OutgoingHttpHeaders) =>
    new Promise<string>((resolve, reject) => {
      const request = session.request({ ":path": "/api.openai.com/v1/models", ...headers });
      let text = "";
      request.on("response", ({ ":status": status }) => text = `${status} ${text}`);
      request.setEncoding("utf8").on("data", (data) => text += data);
      request.on("end", () => resolve(text)).on("error", reject);
      request.end();
    });
  for (const headers of [{ ":authority": "evil.example" }, { ":authority": "localhost", host: "evil.example" }]) {
    assert.match(await ask(headers), /^4\d\d (?![^]*an answer)/);
  }
  assert.match(await ask({ ":authority": "localhost" }), /^200 [^]*an answer/);
});

test("CONNECT, absolute URLs, upgrades and paths without a known host are refused with a sentence", async (t) => {
  const proxy = await recordedProxy(t);
  const requests: readonly (readonly [RegExp, string])[] = [
    [/^HTTP\/1\.1 400 [^]*Cannot serve CONNECT/, "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    [
      /^HTTP\/1\.1 400 [^]*Cannot serve as a forward proxy/,
      get(["Host: localhost"], "http://api.openai.com/v1/models"),
    ],
    [
      /^HTTP\/1\.1 400 [^]*Cannot serve as a forward proxy/,
      get(["Host: localhost"], "https://api.openai.com/v1/models"),
    ],
    [/^HTTP\/1\.1 501 [^]*not WebSockets/, get(["Host: localhost", "Upgrade: websocket", "Connection: Upgrade"])],
    [/^HTTP\/1\.1 404 [^]*does not begin with a host/, get(["Host: localhost"], "/")],
    [/^HTTP\/1\.1 404 [^]*does not begin with a host/, get(["Host: localhost"], "/user:word@api.openai.com/v1/models")],
    [/^HTTP\/1\.1 403 [^]*--domains example\.com/, get(["Host: localhost"], "/example.com/v1/models")],
    [/^HTTP\/1\.1 403 /, get(["Host: localhost"], "/v1/chat/completions")],
    [/^HTTP\/1\.1 403 /, get(["Host: localhost"], "/169.254.169.254/latest/meta-data")],
    [/^HTTP\/1\.1 403 /, get(["Host: localhost"], "/http/evil.example/https://api.openai.com/")],
    [/^HTTP\/1\.1 403 /, get(["Host: localhost"], "/api.openai.com.evil.example/v1/models")],
    [/^HTTP\/1\.1 400 [^]*GET request with a body/, get(["Host: localhost", "Content-Length: 1"]) + "x"],
  ];
  for (const [expected, request] of requests) assert.match(await proxy.raw(request), expected);
});

test("a page gets an answer only if its origin is allowed", async (t) => {
  const page = "http://localhost:3000";
  const [closed, open] = [await recordedProxy(t), await recordedProxy(t, [page])];
  for (
    const lines of [[`Origin: ${page}`], ["Origin: null"], ["Sec-Fetch-Site: cross-site"], [
      "Sec-Fetch-Site: same-site",
    ]]
  ) {
    const text = await closed.raw(get(["Host: localhost", ...lines]));
    assert.match(text, /^HTTP\/1\.1 403 [^]*--cors/);
    assert.doesNotMatch(text, /an answer|access-control/);
  }
  assert.match(await closed.raw(get(["Host: localhost", "Sec-Fetch-Site: none"])), /^HTTP\/1\.1 200 /);
  const allowed = await open.raw(get(["Host: localhost", `Origin: ${page}`, "Sec-Fetch-Site: same-site"]));
  assert.match(allowed, /^HTTP\/1\.1 200 [^]*access-control-allow-origin: http:\/\/localhost:3000\r\n[^]*an answer/);
  assert.match(await open.raw(get(["Host: localhost", "Origin: http://localhost:3001"])), /^HTTP\/1\.1 403 /);
  const preflight = `OPTIONS ${PATH} HTTP/1.1\r\nHost: localhost\r\nOrigin: ${page}\r\nConnection: close\r\n` +
    "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n\r\n";
  assert.match(await open.raw(preflight), /^HTTP\/1\.1 204 [^]*access-control-allow-headers: authorization\r\n/);
  assert.match(await closed.raw(preflight), /^HTTP\/1\.1 403 /);
});

const start = `POST ${PATH} HTTP/1.1\r\nHost: evil.example\r\n`;

/** Requests that are wrong in one way each. */
const MALFORMED: readonly string[] = [
  "",
  "\r\n\r\n\r\n",
  "P",
  "PRI",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"\xff".repeat(500)}`,
  "PRI * HTTP/1.1\r\n\r\n",
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "a".repeat(100),
  "GET\r\n\r\n",
  "GET / HTTP/9.9\r\n\r\n",
  "GET  / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
  `${start}Content-Length: -1\r\n\r\n${BODY}`,
  `${start}Content-Length: 99999999999999999999\r\n\r\n${BODY}`,
  `${start}Content-Length: 5\r\nContent-Length: 6\r\n\r\n${BODY}`,
  `${start}Content-Length: ${BODY.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get(["Host: evil.example"])}`,
  `${start}Transfer-Encoding: chunked\r\n\r\nzz\r\n${BODY}\r\n0\r\n\r\n`,
  `${start}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n${BODY}`,
  `${start}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  `${start}Transfer-Encoding: xchunked\r\n\r\n${BODY}`,
  `${start} folded: header\r\n\r\n`,
  `${start}No colon\r\n\r\n`,
  `${start}: no name\r\n\r\n`,
  `${start}X: \x00\x01\x02\r\n\r\n`,
  `${start}X: ${"a".repeat(400_000)}\r\n\r\n`,
  `GET /${"a".repeat(400_000)} HTTP/1.1\r\n\r\n`,
  `${start}Expect: nonsense\r\n\r\n`,
  `${start}Content-Length: 50\r\n\r\nshort`,
  `GET /%00/%ff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  `GET /[/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  `GET /api.openai.com:99999/v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  `GET /xn--/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  `TRACE ${PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  `OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  `${get(["Host: evil.example"])}${get(["Host: evil.example"])}`,
];

/** Cuts, doubles and overwrites parts of a valid request with a foreign host. */
function mangled(): string[] {
  const whole = `${start}Content-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;
  const change = fc.tuple(
    fc.nat(whole.length),
    fc.nat(40),
    fc.constantFrom("", "\r\n", "\n", "\x00", ":", " ", "\xff", "0"),
  );
  const changes = fc.sample(fc.array(change, { minLength: 1, maxLength: 3 }), {
    numRuns: 200 - MALFORMED.length,
    seed,
  });
  return changes.map((all) =>
    all.reduce((text, [at, length, put]) => text.slice(0, at) + put + text.slice(at + length), whole)
      // The change may have made the name of the host part of a loopback name.
      .replace(/^host: (?!evil\.example\r?$).*$/gim, "Host: evil.example")
  );
}

test("200 malformed requests crash nothing, and no recorded answer goes to another host", async (t) => {
  const proxy = await recordedProxy(t);
  const requests = [...MALFORMED, ...mangled()];
  assert.equal(requests.length, 200);
  for (const request of requests) {
    const text = await proxy.raw(request, { halfClose: true });
    assert.doesNotMatch(text, /an answer that was/, JSON.stringify(request.slice(0, 400)));
  }
  assert.match(await proxy.raw(get(["Host: localhost"])), /^HTTP\/1\.1 200 [^]*an answer/);
});

test("a path of the proxy stands for a URL, and back", () => {
  const pairs = {
    "/api.openai.com/v1/chat?x=%2F&y=1#z": "https://api.openai.com/v1/chat?x=%2F&y=1#z",
    "/127.0.0.1:4000/v1": "http://127.0.0.1:4000/v1",
    "/localhost:11434/": "http://localhost:11434/",
    "/[::1]:11434/api": "http://[::1]:11434/api",
    "/https/localhost:8443/v1": "https://localhost:8443/v1",
    "/http/llm.internal:8000/v1": "http://llm.internal:8000/v1",
    "/api.openai.com": "https://api.openai.com",
  };
  for (const [path, url] of Object.entries(pairs)) {
    assert.equal(upstreamOf(path)?.href, new URL(url).href);
    if (!url.includes("#")) assert.equal(addressAt("http://127.0.0.1:1", url), `http://127.0.0.1:1${path}`);
  }
  assert.equal(
    addressAt("http://127.0.0.1:1", "https://u:p%40@h.example/v1/"),
    "http://u:p%40@127.0.0.1:1/h.example/v1/",
  );
  assert.equal(addressAt("http://127.0.0.1:1", "https://u:$$p$&@h.example/"), "http://u:$$p$&@127.0.0.1:1/h.example/");
  assert.equal(upstreamOf("/%5B::1%5D%3A11434/api")?.href, "http://[::1]:11434/api");
  assert.equal(upstreamOf("/api.openai.com/../../x")?.href, "https://api.openai.com/x");
  for (const path of ["", "/", "//", "/?x", "/a@b/c", "/a%2fb/c", "/a:b/c", "/ä/"]) {
    assert.equal(upstreamOf(path), undefined, path);
  }
});

test("a base URL that the user has set stays the one that is called", () => {
  const proxy = "http://127.0.0.1:1";
  const of = (environment: Record<string, string>, named?: Record<string, string>) =>
    variablesFor(proxy, baseUrlsOf(environment, named));
  assert.equal(of({}).OPENAI_BASE_URL, `${proxy}/api.openai.com/v1`);
  assert.equal(of({}).ANTHROPIC_BASE_URL, `${proxy}/api.anthropic.com`);
  assert.equal(of({}).GOOGLE_GEMINI_BASE_URL, `${proxy}/generativelanguage.googleapis.com/`);
  assert.equal(of({ OPENAI_BASE_URL: "http://localhost:4000/v1" }).OPENAI_BASE_URL, `${proxy}/localhost:4000/v1`);
  assert.equal(of({ OLLAMA_HOST: "0.0.0.0:11434" }).OLLAMA_HOST, `${proxy}/127.0.0.1:11434`);
  assert.equal(of({}, { MY_URL: "http://llm.local/v1" }).MY_URL, `${proxy}/http/llm.local/v1`);
  assert.throws(() => of({ OPENAI_BASE_URL: "/v1" }), /Cannot use OPENAI_BASE_URL=\/v1: expected a URL/);
  // A client of Azure OpenAI rejects a second base URL.
  const azure = of({ AZURE_OPENAI_ENDPOINT: "https://me.openai.azure.com/" });
  assert.deepEqual([azure.AZURE_OPENAI_ENDPOINT, azure.OPENAI_BASE_URL], [`${proxy}/me.openai.azure.com/`, undefined]);
  // The signature of an AWS request covers the host, so only requests with a token pass.
  const region = { AWS_REGION: "eu-west-1" };
  assert.equal(of(region).AWS_ENDPOINT_URL_BEDROCK_RUNTIME, undefined);
  assert.equal(
    of({ ...region, AWS_BEARER_TOKEN_BEDROCK: "t" }).AWS_ENDPOINT_URL_BEDROCK_RUNTIME,
    `${proxy}/bedrock-runtime.eu-west-1.amazonaws.com`,
  );
  assert.deepEqual(withoutHttpProxy({}), {});
  assert.deepEqual(withoutHttpProxy({ HTTPS_PROXY: "http://p:1", NO_PROXY: "a" }), {
    NO_PROXY: "a,127.0.0.1,localhost",
    no_proxy: "127.0.0.1,localhost",
  });
});
