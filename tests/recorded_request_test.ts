import assert from "node:assert/strict";
import { sha256Hex, utf8 } from "../src/lib/bytes.ts";
import { canonicalRequest, type Normalization } from "../src/request/canonical.ts";
import type { RecordedRequest } from "../src/store/entry.ts";
import { type KeepRequest, recordedRequest } from "../src/store/entry_request.ts";
import { readHead, readRequest } from "../src/request/request.ts";
import { test } from "./suite.ts";
import { CHAT_URL, jsonPost } from "./testing.ts";

interface Options {
  readonly keep?: KeepRequest;
  readonly keyHeaders?: readonly string[];
  readonly normalize?: readonly Normalization[];
  readonly n?: number;
  readonly namespace?: string;
}

async function record(init: RequestInit, options: Options = {}, url = CHAT_URL): Promise<RecordedRequest | undefined> {
  const { keep = "brief", keyHeaders = [], normalize = [], n, namespace } = options;
  const head = readHead(new URL(url), url, init);
  assert.ok(head);
  const request = await readRequest(head);
  const canonical = await canonicalRequest(request, { keyHeaders: new Set(keyHeaders), normalize });
  return await recordedRequest(canonical, { keep, n, namespace });
}

async function recordedBody(init: RequestInit, options: Options = {}): Promise<string> {
  return (await record(init, options))?.body ?? assert.fail("nothing was recorded");
}

function post(contentType: string, body: BodyInit): RequestInit {
  return { method: "POST", headers: { "content-type": contentType }, body };
}

async function summary(content: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const [bytes, unit] = typeof content === "string" ? [utf8(content), "characters"] : [content, "bytes"];
  return `[${content.length} ${unit}, sha256 ${await sha256Hex(bytes)}]`;
}

test("recordedRequest() stores method, URL without secrets, headers of the key, and canonical text", async () => {
  const init = jsonPost({ b: 1, a: "é" }, { "anthropic-beta": "x", authorization: "Bearer SECRET" });
  for (const keep of ["brief", "whole"] as const) {
    const recorded = await record(init, { keep, n: 2, namespace: "s" }, `${CHAT_URL}?key=SECRET&a=1`);
    assert.deepEqual(recorded, {
      method: "POST",
      url: `${CHAT_URL}?a=1`,
      headers: { "anthropic-beta": "x" },
      body: '{"a": "\\u00e9", "b": 1}',
      exact: true,
      namespace: "s",
      n: 2,
    });
  }
});

test("recordedRequest() omits headers, n and namespace if they are not set", async () => {
  const recorded = JSON.parse(JSON.stringify(await record(jsonPost({}))));
  assert.deepEqual(Object.keys(recorded), ["method", "url", "body", "exact"]);
});

test("recordedRequest() stores nothing in `none`", async () => {
  assert.equal(await record(jsonPost({ a: 1 }), { keep: "none", n: 2, namespace: "s" }), undefined);
});

test("recordedRequest() replaces strings over 4,096 characters in `brief`, and stores them in `whole`", async () => {
  const [short, long, accents] = ["s".repeat(4096), "l".repeat(4097), "é".repeat(4096)];
  const init = jsonPost({ a: [long, short, { b: long }], c: accents });
  const brief = JSON.parse(await recordedBody(init));
  assert.deepEqual(brief, { a: [await summary(long), short, { b: await summary(long) }], c: accents });
  assert.equal((await record(init))?.exact, false);
  const whole = await record(init, { keep: "whole" });
  assert.deepEqual(JSON.parse(whole?.body ?? ""), { a: [long, short, { b: long }], c: accents });
  assert.equal(whole?.exact, true);
  assert.equal((await record(jsonPost({ a: short, b: short })))?.exact, true, "many short ones stay");
});

test("recordedRequest() replaces a text that cannot be searched for secrets, and stores it in `whole`", async () => {
  for (const text of ["api_key=SECRET", `\ufeff{"token":"SECRET"}`, `{"token":"SECRET",}`]) {
    for (const type of ["text/plain", "application/json"]) {
      assert.equal(await recordedBody(post(type, text)), await summary(text));
      assert.equal((await record(post(type, text)))?.exact, false);
      assert.equal(await recordedBody(post(type, text), { keep: "whole" }), text);
    }
  }
});

test("recordedRequest() finds the secrets in lines of JSON, and in JSON inside strings", async () => {
  const lines = `{"a":1}\n\n{"token":"SECRET"}\n`;
  assert.equal(await recordedBody(post("application/jsonl", lines)), `{"a":1}\n\n{"token": "[redacted]"}\n`);
  const inner = JSON.stringify({ arguments: JSON.stringify({ password: "SECRET", b: [1] }) });
  const body = await recordedBody(post("application/json", inner));
  assert.equal(JSON.parse(JSON.parse(body ?? "").arguments).b[0], 1);
  assert.doesNotMatch(body ?? "", /SECRET/);
});

test("recordedRequest() stores URLs and headers without credentials, and clears `exact`", async () => {
  const entry = await record(post("application/json", "{}"), {}, "https://api.openai.com/v1/x?page_token=SECRET&a=1");
  assert.deepEqual([entry?.url, entry?.exact], ["https://api.openai.com/v1/x?a=1", false]);
});

test("recordedRequest() replaces bytes in `brief`, and stores them as base64 in `whole`", async () => {
  const bytes = Uint8Array.of(0xff, 0, 1);
  const brief = await record(post("application/octet-stream", bytes));
  assert.deepEqual([brief?.body, brief?.exact], [await summary(bytes), false]);
  const whole = await record(post("application/octet-stream", bytes), { keep: "whole" });
  assert.deepEqual([whole?.body, whole?.exact], ["base64:/wAB", false]);
});

test("recordedRequest() stores a form as hashes in `brief`, with its values in `whole`", async () => {
  const form = new FormData();
  form.append("model", "whisper");
  form.append("file", new Blob([Uint8Array.of(0xff, 0, 1)]), "a.wav");
  const brief = await record({ method: "POST", body: form });
  assert.deepEqual(JSON.parse(brief?.body ?? ""), [
    ["model", null, await sha256Hex(utf8("whisper"))],
    ["file", "a.wav", await sha256Hex(Uint8Array.of(0xff, 0, 1))],
  ]);
  assert.equal(brief?.exact, true);
  const whole = await record({ method: "POST", body: form }, { keep: "whole" });
  assert.deepEqual(JSON.parse(whole?.body ?? ""), [["model", null, "whisper"], ["file", "a.wav", "base64:/wAB"]]);
  assert.equal(whole?.exact, false);
});

test("recordedRequest() stores the hashed text, with normalized strings", async () => {
  const recorded = await record(jsonPost({ a: "run 12" }), { normalize: [[/\d+/, "N"]], keep: "whole" });
  assert.deepEqual([recorded?.body, recorded?.exact], ['{"a": "run N"}', true]);
});

test("recordedRequest() never stores secrets of a JSON body", async () => {
  const init = jsonPost({
    api_key: "SECRET",
    tools: [{ headers: { "X-Custom": "SECRET" }, server_url: "https://a.example/?token=SECRET" }],
    long: `https://a.example/?token=SECRET&x=${"x".repeat(5000)}`,
  });
  for (const keep of ["brief", "whole"] as const) {
    const recorded = await record(init, { keep });
    assert.doesNotMatch(JSON.stringify(recorded), /SECRET/);
    assert.equal(recorded?.exact, false);
  }
});

test("recordedRequest() never stores secrets of a form body, for any spelling of the content type", async () => {
  for (const type of ["application/x-www-form-urlencoded", "Application/X-WWW-Form-UrlEncoded; charset=UTF-8"]) {
    for (const keep of ["brief", "whole"] as const) {
      const recorded = await record(post(type, "user=a&password=SECRET"), { keep });
      assert.deepEqual([recorded?.body, recorded?.exact], ["user=a&password=[redacted]", false], type);
    }
  }
  const search = { method: "POST", body: new URLSearchParams({ client_secret: "SECRET" }) };
  assert.equal(await recordedBody(search), "client_secret=[redacted]");
});

test("recordedRequest() never stores secrets of a FormData", async () => {
  const form = new FormData();
  form.append("api_key", "SECRET");
  form.append("model", "whisper");
  const whole = await recordedBody({ method: "POST", body: form }, { keep: "whole" });
  assert.doesNotMatch(whole, /SECRET/);
  assert.match(whole, /whisper/);
});

test("recordedRequest() never stores secrets of JSON that is sent as text, the default of fetch", async () => {
  for (const keep of ["brief", "whole"] as const) {
    const body = await recordedBody({ method: "POST", body: '{"model":"m","api_key":"SECRET"}' }, { keep });
    assert.doesNotMatch(body, /SECRET/);
    assert.match(body, /model/);
  }
});

test("recordedRequest() never stores a credential from a header that belongs to the key", async () => {
  const headers = { authorization: "Bearer SECRET", "x-api-key": "SECRET", cookie: "a=SECRET", "x-mine": "1" };
  const recorded = await record(jsonPost({}, headers), { keyHeaders: Object.keys(headers) });
  assert.doesNotMatch(JSON.stringify(recorded), /SECRET/);
  assert.equal(recorded?.headers?.["x-mine"], "1");
});

test("recordedRequest() replaces a body of more than a million characters, which would take long to search", async () => {
  const body = JSON.stringify({ list: Array.from({ length: 300_000 }, () => 12) });
  assert.match(await recordedBody(post("application/json", body)), /^\[\d+ characters, sha256 [0-9a-f]{64}\]$/);
});

test("recordedRequest() redacts JSON inside a string that is nested too deeply to search", async () => {
  const deep = `${"[".repeat(1000)}{"token":"SECRET"}${"]".repeat(1000)}`;
  for (const keep of ["brief", "whole"] as const) {
    assert.doesNotMatch(await recordedBody(post("application/json", JSON.stringify({ a: deep })), { keep }), /SECRET/);
    assert.doesNotMatch(await recordedBody(post("application/json", deep), { keep }), /SECRET/);
  }
});
