import assert from "node:assert/strict";
import type { CachyOptions, Entry, Store } from "../mod.ts";
import { concatBytes, encodeBase64 } from "../src/lib/bytes.ts";
import { type SecretFinding, secretFindings, showSecret } from "../src/cli/scan/scan.ts";
import { credentialsOf } from "../src/secrets/values.ts";
import { eventFrame } from "./provider/aws_frame.ts";
import { test } from "./suite.ts";
import { CHAT_URL, jsonAnswer, jsonPost, network, testCachy } from "./testing.ts";

const KEY = "sk-proj-0123456789abcdefghij";
const VALUE = "s3cr3t/of+many&characters";
const CREDENTIALS = credentialsOf([["A_KEY", VALUE]]);

/** A response with its request, of which some members are replaced. */
function entryWith(changes: Partial<Entry>, request: Record<string, unknown> = {}): Entry {
  const whole = { method: "POST", url: CHAT_URL, body: "{}", exact: true, ...request };
  return { key: "00000000", v: 1, status_code: 200, response: "{}", request: whole, ...changes };
}

const find = (entry: Entry) => secretFindings(entry, CREDENTIALS);
const findInBody = (body: unknown) => {
  return find(entryWith({}, { body: typeof body === "string" ? body : JSON.stringify(body) }));
};
/** What was found and where, without counts and excerpts. */
const places = (findings: readonly SecretFinding[]) => findings.map(({ what, where }) => `${what} in ${where}`);

/** The entry of a recorded call. */
async function recorded(init: RequestInit, url = CHAT_URL, options: CachyOptions = {}): Promise<Entry> {
  const entries: Entry[] = [];
  const store: Store = { name: "list", find: () => undefined, append: (entry) => void entries.push(entry) };
  const cachy = testCachy({
    store,
    fetch: network(() => jsonAnswer({ id: "req_0123456789abcdef" })).fetch,
    ...options,
  });
  await (await cachy.fetch(url, init)).text();
  return entries[0] ?? assert.fail("nothing was recorded");
}

test("secretFindings() reports a string that looks like a key once, with a count, and never quotes it", () => {
  const [finding, ...others] = find(entryWith({ response: JSON.stringify({ a: KEY, b: [`x ${KEY}9 y`] }) }));
  assert.deepEqual(others, []);
  assert.deepEqual(finding, {
    what: "an API key (sk-…)",
    where: "response",
    count: 2,
    excerpt: "sk-p… (28 characters)",
  });
  assert.equal(showSecret(finding), "an API key (sk-…) in response: sk-p… (28 characters), 2 times");
});

test("secretFindings() finds a key at the start of a line inside JSON", () => {
  const texts = [`the key:\n${KEY}`, `tab\t${KEY}`, `\u0001${KEY}`];
  for (const text of texts) {
    assert.deepEqual(places(find(entryWith({ response: JSON.stringify({ text }) }))), [
      "an API key (sk-…) in response",
    ]);
  }
  assert.deepEqual(places(findInBody({ text: texts[0] })), ["an API key (sk-…) in request body, text"]);
});

test("secretFindings() finds keys of all shapes", () => {
  const pem = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----";
  const keys = [
    KEY,
    `AIza${"a".repeat(35)}`,
    `ghp_${"a1".repeat(18)}`,
    `github_pat_${"a".repeat(22)}`,
    "xoxb-1234567890",
    "AKIAABCDEFGHIJKLMNOP",
    `hf_${"a".repeat(30)}`,
    `gsk_${"a".repeat(40)}`,
    pem,
  ];
  for (const key of keys) {
    const [finding] = find(entryWith({ response: JSON.stringify({ key }) }));
    assert.ok(finding?.excerpt?.startsWith(`${key.slice(0, 4)}… (`), key);
    assert.ok(!JSON.stringify(finding).includes(key.slice(0, 12)));
  }
});

test("secretFindings() finds keys that a stream splits over events, and reports unsplit ones once", () => {
  const event = (text: string) => `data: ${JSON.stringify({ delta: text })}\n\n`;
  const spelled = [KEY.slice(0, 9), KEY.slice(9)].map(event).join("");
  const end = `data: ${JSON.stringify({ type: "end", text: KEY })}\n\n`;
  assert.deepEqual(places(find(entryWith({ response: spelled }))), [
    "an API key (sk-…) in response, across several events",
  ]);
  assert.deepEqual(places(find(entryWith({ response: spelled + end }))), ["an API key (sk-…) in response"]);
});

test("secretFindings() finds split keys after a byte order mark, and in AWS frames", () => {
  const halves = [KEY.slice(0, 9), KEY.slice(9)];
  const events = halves.map((delta) => `data: ${JSON.stringify({ delta })}\n\n`).join("");
  const frames = encodeBase64(concatBytes(halves.map((text) => eventFrame("contentBlockDelta", { delta: { text } }))));
  const aws = { binary: true, headers: { "Content-Type": "application/vnd.amazon.eventstream" }, response: frames };
  for (const entry of [{ response: `\uFEFF\r\n${events}` }, aws]) {
    assert.deepEqual(places(find(entryWith(entry))), ["an API key (sk-…) in response, across several events"]);
  }
});

test("secretFindings() finds the value of a variable everywhere, in all forms that JSON and URLs have", () => {
  const url = `${CHAT_URL}?q=${encodeURIComponent(VALUE)}`;
  const body = JSON.stringify({ messages: [{ content: `use ${VALUE} now` }] });
  const request = { url, body, headers: { "x-tenant": VALUE }, namespace: VALUE };
  const findings = find(entryWith({ response: VALUE, headers: { "x-request-id": VALUE } }, request));
  assert.deepEqual(
    places(findings),
    [
      "response",
      "response header x-request-id",
      "request url",
      "request namespace",
      "request header x-tenant",
      "request body, messages[0].content",
    ].map((place) => `the value of A_KEY in ${place}`),
  );
  assert.equal(findings[0]?.excerpt, "s3cr… (25 characters)");
  assert.ok(!JSON.stringify(findings).includes(VALUE.slice(0, 8)));
});

test("secretFindings() finds the value of a variable in the bytes of a binary response", () => {
  const bytes = new Uint8Array([255, 0, ...new TextEncoder().encode(VALUE), 254]);
  const findings = find(entryWith({ binary: true, response: encodeBase64(bytes) }));
  assert.deepEqual(places(findings), ["the value of A_KEY in response"]);
});

test("secretFindings() reports a value that looks like a key once, by the name of its variable", () => {
  const findings = secretFindings(entryWith({ response: `${KEY} ${KEY}` }), credentialsOf([["A_KEY", KEY]]));
  assert.deepEqual(findings.map(({ what, count }) => [what, count]), [["the value of A_KEY", 2]]);
});

test("secretFindings() finds response headers that carry credentials, and no others", () => {
  const headers = {
    "set-cookie": "__cf_bm=abc; path=/",
    authorization: "Basic abc",
    "x-goog-upload-url": "https://a.example/upload?upload_id=1&key=abc",
    "access-control-allow-credentials": "true",
    "x-ratelimit-remaining-tokens": "100",
    "www-authenticate": "Bearer",
    "x-request-id": "req_0123456789abcdef0123456789abcdef",
    "x-api-key": "[redacted]",
  };
  assert.deepEqual(places(find(entryWith({ headers }))), [
    "a cookie in response header set-cookie",
    "a credential in response header authorization",
    "a credential in a URL in response header x-goog-upload-url",
  ]);
});

test("secretFindings() finds members of a JSON body that recording would have redacted, with their paths", () => {
  const body = {
    tools: [{
      type: "mcp",
      server_url: "https://me:pw@mcp.example/?token=abc",
      headers: { Authorization: "Bearer abc" },
    }],
    env: ["A=1"],
    "odd name": { api_key: 12345678 },
    messages: [{ tool_calls: [{ function: { arguments: JSON.stringify({ login: { password: "hunter22" } }) } }] }],
    credentials: { user: "me" },
  };
  assert.deepEqual(places(findInBody(body)), [
    "a credential in a URL in request body, tools[0].server_url",
    "a credential in request body, tools[0].headers.Authorization",
    "a credential in request body, env[0]",
    `a credential in request body, ["odd name"].api_key`,
    "a credential in request body, messages[0].tool_calls[0].function.arguments.login.password",
    "a credential in request body, credentials",
  ]);
});

test("secretFindings() finds secrets in forms, parts, JSON lines and texts", () => {
  assert.deepEqual(places(findInBody("user=me&password=hunter22&client_secret=[redacted]")), [
    "a credential in request body, field password",
  ]);
  const parts = [["api_key", null, "hunter22"], ["token", null, "[redacted]"], ["secret", null, "0".repeat(64)]];
  assert.deepEqual(places(findInBody(parts)), ["a credential in request body, part api_key"]);
  assert.deepEqual(places(findInBody(`{"a":1}\n{"api_key":"hunter22"}\n`)), [
    "a credential in request body, line 2.api_key",
  ]);
  assert.deepEqual(places(findInBody(`hello https://me:pw@a.example/ and ${KEY}`)), [
    "an API key (sk-…) in request body",
    "a credential in a URL in request body",
  ]);
});

test("secretFindings() finds a secret that is the name of a member, without quoting it", () => {
  const findings = findInBody({ [KEY]: { password: "hunter22" } });
  assert.deepEqual(places(findings), [
    `a credential in request body, [redacted].password`,
    "an API key (sk-…) in request body",
  ]);
});

test("secretFindings() finds nothing in what recording has redacted", async () => {
  const form = new FormData();
  form.append("api_key", "hunter22-hunter22");
  form.append("prompt", "Hey!");
  const secrets = {
    model: "gpt",
    max_tokens: 5,
    key: `k ${KEY}`,
    tools: [{ headers: { Authorization: "Bearer x" }, server_url: "https://me:pw@mcp.example/?token=1&a=2" }],
    parameters: { properties: { password: { type: "string" } } },
    inner: JSON.stringify({ api_key: KEY }),
    long: `x`.repeat(5000),
    names: "sk-spinner-wandering-cubes task-0123456789-0123456789",
    token: null,
  };
  for (const keepRequest of ["brief", "whole"] as const) {
    const entries = [
      await recorded(jsonPost(secrets, { "x-api-key": KEY, "anthropic-beta": "b" }), `${CHAT_URL}?api_key=${KEY}&a=1`, {
        keepRequest,
        keyHeaders: ["x-api-key"],
      }),
      await recorded({ method: "POST", body: new URLSearchParams({ password: "x", a: "1" }) }, CHAT_URL, {
        keepRequest,
      }),
      await recorded({ method: "POST", body: form }, CHAT_URL, { keepRequest }),
      await recorded({ method: "POST", body: `{"token":"a"}\n{"b":1}` }, CHAT_URL, { keepRequest }),
      await recorded({ method: "POST", body: `https://me:pw@a.example/?token=1 ${KEY}` }, CHAT_URL, { keepRequest }),
      await recorded({ method: "POST", body: new Uint8Array([255, 0]) }, CHAT_URL, { keepRequest }),
    ];
    assert.deepEqual(entries.flatMap(find), []);
  }
});

test("secretFindings() finds nothing in secrets that are empty or redacted", () => {
  const empty = { token: null, auth: true, password: "", credentials: {}, cookies: [], env: ["[redacted]"] };
  const hashed = {
    secret: `[5000 characters, sha256 ${"0".repeat(64)}]`,
    headers: { authorization: "Bearer [redacted]" },
  };
  assert.deepEqual(findInBody([empty, hashed]), []);
  assert.deepEqual(places(findInBody({ authorization: "Bearer" })), ["a credential in request body, authorization"]);
});

test("secretFindings() accepts a request of any shape, and an entry without one", () => {
  const shapes: unknown[] = [undefined, null, "x", [], { url: 1, headers: [1], body: {} }, { headers: { a: 1 } }];
  for (const request of shapes) {
    assert.deepEqual(find(entryWith({ request: request as Entry["request"] })), []);
  }
});

test("secretFindings() accepts long repetitive texts and deep nesting", () => {
  const repeated = [
    "sk-",
    "sk-a",
    "-----BEGIN A-----",
    "a.",
    "a://",
    "?",
    "@",
    "a=",
    "\\n",
    "\\u",
    "[",
    '{"a":',
    "hf_",
    "=&",
  ];
  for (const piece of repeated) {
    const text = piece.repeat(200_000);
    const entry = entryWith({ response: text }, { body: text, url: `https://a.example/${text}` });
    assert.deepEqual(find(entry), [], piece);
  }
  const deep = `${'{"a":'.repeat(5000)}{"x":"${KEY}"}${"}".repeat(5000)}`;
  assert.deepEqual(places(findInBody(deep)), ["an API key (sk-…) in request body"]);
});
