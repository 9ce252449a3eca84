import assert from "node:assert/strict";
import { test } from "./suite.ts";
import { canonicalJson } from "../src/lib/json.ts";
import { recordedHeaders } from "../src/store/entry.ts";
import { identityUrl, redactForm, redactJson, redactText } from "../src/secrets/redact.ts";

function redact(value: unknown): unknown {
  const canonical = canonicalJson(JSON.stringify(value), redactJson);
  assert.ok(canonical);
  return JSON.parse(canonical);
}

function stripped(url: string): string {
  return identityUrl(new URL(url));
}

test("identityUrl() removes every parameter that carries a secret, in any case and encoding", () => {
  const names = [
    "key",
    "api_key",
    "api-key",
    "apikey",
    "access_token",
    "token",
    "sig",
    "signature",
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "x-amz-date",
    "KEY",
    "Api_Key",
    "API-KEY",
    "apiKey",
    "SIG",
    "%6Bey",
    "api%5Fkey",
    "api%2Dkey",
    "%54oken",
    "X%2dAmz%2dSignature",
  ];
  for (const name of names) {
    assert.equal(stripped(`https://a.example/v1?${name}=SECRET`), "https://a.example/v1", name);
    assert.equal(stripped(`https://a.example/v1?a=1&${name}=SECRET&b=2`), "https://a.example/v1?a=1&b=2", name);
    assert.equal(stripped(`https://a.example/v1?${name}`), "https://a.example/v1", name);
    assert.equal(stripped(`https://a.example/v1?${name}=A&x&${name}=B=C`), "https://a.example/v1?x", name);
  }
});

test("identityUrl() keeps other parameters byte for byte, and their order", () => {
  const queries = [
    "b=2&a=1",
    "a=1&a=1&&=&x",
    "q=a+b%20c&r=%C3%A9&s=~'!()*",
    "keys=1&my_key=2&key2=3&tokens=4&max_tokens=5&signature_version=6&keyword=7&x-am=8&monkey=9",
    "alt=sse",
    "%zz=1&%=2",
    "a=key=1",
    "a=%26key=1",
  ];
  for (const query of queries) {
    assert.equal(stripped(`https://a.example/v1?${query}`), new URL(`https://a.example/v1?${query}`).href, query);
    assert.equal(stripped(`https://a.example/v1?key=S&${query}`), new URL(`https://a.example/v1?${query}`).href, query);
  }
});

test("identityUrl() removes fragment and credentials, and keeps host, port and path", () => {
  assert.equal(
    stripped("https://user:SECRET@A.example:8443/a%20b/key=1?x=1#key=SECRET"),
    "https://a.example:8443/a%20b/key=1?x=1",
  );
  assert.equal(stripped("https://a.example"), "https://a.example/");
  assert.equal(stripped("http://[::1]:80/x"), "http://[::1]/x");
});

test("redactText() removes secrets from the URLs in a text, and does not change the rest", () => {
  const secrets: [string, string][] = [
    ["https://s3.example/a.png?X-Amz-Signature=SECRET&v=1", "https://s3.example/a.png?v=1"],
    ["http://user:SECRET@a.example/x", "http://a.example/x"],
    ["https://blob.example/a?sv=2024&sig=SECRET", "https://blob.example/a?sv=2024"],
    ["HTTPS://a.example/x?token=SECRET", "HTTPS://a.example/x"],
    ["wss://h.example/?authToken=SECRET;a=1", "wss://h.example/?a=1"],
    [
      "Use postgres://u:SECRET@h/db and <https://a.example/?%74oken=SECRET>.",
      "Use postgres://h/db and <https://a.example/>.",
    ],
    ["https://a.example/?client-secret=SECRET&accessToken=SECRET&b=%20#c", "https://a.example/?b=%20#c"],
  ];
  for (const [text, expected] of secrets) assert.equal(redactText(text), expected);
  const harmless = [
    "Is this https://a.example a URL?",
    "https://a.example/x?v=1#part",
    "HTTPS://A.example/X?v=1",
    "what is key=1&token=2?",
    "https://",
    "https://a.example/a?",
    "",
  ];
  for (const text of harmless) assert.equal(redactText(text), text);
});

test("redactJson removes members with the name of a secret, at any depth and with any value", () => {
  const names = [
    "authorization",
    "authorization_token",
    "Authorization",
    "proxy-authorization",
    "api_key",
    "apiKey",
    "API-KEY",
    "x-api-key",
    "x-goog-api-key",
    "access_token",
    "refresh_token",
    "secret",
    "client_secret",
    "clientSecret",
    "password",
    "private_key",
    "credentials",
    "cookie",
    "aws_secret_access_key".replace("aws_", ""),
  ];
  for (const name of names) {
    for (const secret of ["SECRET", 7, true, null, ["SECRET"], { a: { b: "SECRET" } }, [[{ x: "SECRET" }]]]) {
      const expected = { [name]: "[redacted]", a: [{ b: { [name]: "[redacted]", c: 1 } }] };
      assert.deepEqual(redact({ [name]: secret, a: [{ b: { [name]: secret, c: 1 } }] }), expected, name);
    }
  }
});

test("redactJson removes the headers of MCP servers, whatever their names are", () => {
  const tools = [{
    type: "mcp",
    server_url: "https://user:SECRET@mcp.example/sse?token=SECRET",
    authorization: "SECRET",
    headers: { "X-Custom": "SECRET", "Authorization": "Bearer SECRET", "Accept": "text/plain", "Content-Type": "a/b" },
  }];
  assert.deepEqual(redact({ tools }), {
    tools: [{
      type: "mcp",
      server_url: "https://mcp.example/sse",
      authorization: "[redacted]",
      headers: {
        "X-Custom": "[redacted]",
        "Authorization": "[redacted]",
        "Accept": "text/plain",
        "Content-Type": "a/b",
      },
    }],
  });
});

test("redactJson removes headers that are written as a list", () => {
  const lists = [[["X-Custom", "SECRET"]], ["X-Custom: SECRET"], [{ name: "X-Custom", value: "SECRET" }]];
  for (const headers of lists) assert.doesNotMatch(JSON.stringify(redact({ tools: [{ headers }] })), /SECRET/);
});

test("redactJson changes nothing else", () => {
  const body = {
    model: "gpt",
    max_tokens: 5,
    tokens: ["a"],
    metadata: { key: "k", keyword: "w", secretary: "s", authorizations: 1, headersX: { a: "b" } },
    messages: [{ role: "user", content: 'password: "x", api_key=1, https://a.example/?v=1' }],
    image_url: { url: "https://a.example/a.png?v=1#x" },
  };
  assert.deepEqual(redact(body), body);
});

test("redactForm() removes secrets from a form body, and keeps the rest byte for byte", () => {
  assert.equal(
    redactForm("a=1&password=SECRET&client%5Fsecret=SECRET&b=%20+&API_KEY=SECRET=x&token=SECRET&key=SECRET&c&=d"),
    "a=1&password=[redacted]&client%5Fsecret=[redacted]&b=%20+&API_KEY=[redacted]&token=[redacted]&key=[redacted]&c&=d",
  );
  assert.equal(redactForm(""), "");
});

test("recordedHeaders() keeps the headers that replays need, and requested ones", () => {
  const headers = new Headers({
    "Content-Type": "application/json",
    "X-Request-Id": "req_1",
    "request-id": "req_2",
    "x-amzn-requestid": "req_3",
    "x-goog-upload-url": "https://a.example/u?upload_id=1&key=SECRET",
    "x-goog-upload-status": "active",
    "x-mine": "1",
    "openai-organization": "org-1",
    "date": "today",
    "server": "x",
  });
  const kept = {
    "content-type": "application/json",
    "x-request-id": "req_1",
    "request-id": "req_2",
    "x-amzn-requestid": "req_3",
    "x-goog-upload-url": "https://a.example/u?upload_id=1",
    "x-goog-upload-status": "active",
  };
  assert.deepEqual(recordedHeaders(headers, new Set()), kept);
  assert.deepEqual(recordedHeaders(headers, new Set(["x-mine", "x-missing"])), { ...kept, "x-mine": "1" });
  assert.deepEqual(recordedHeaders(new Headers(), new Set()), {});
});

test("recordedHeaders() never keeps cookies and headers of the transfer, even on request", () => {
  const names = ["set-cookie", "content-encoding", "content-length", "transfer-encoding"];
  const headers = new Headers(names.map((name) => [name, "x"] as [string, string]));
  assert.deepEqual(recordedHeaders(headers, new Set(names)), {});
});

test("redactJson removes credentials with any usual spelling of their names", () => {
  const names = [
    "key_string: apiKeyString",
    "encoded_api_key",
    "connection_string",
    "authentication",
    "openai_api_key",
    "OPENAI_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "GITHUB_TOKEN",
    "auth",
    "bearer",
    "api secret",
    "webhook_secret",
    "x-auth-token",
    "apiKeys",
    "pwd",
    "api.key",
    "cf-aig-authorization",
    "ocp-apim-subscription-key",
  ].map((name) => name.split(": ").at(-1) ?? "");
  for (const name of names) {
    assert.deepEqual(redact({ deep: [{ [name]: "SECRET" }] }), { deep: [{ [name]: "[redacted]" }] });
  }
  for (const name of ["env", "extra_headers", "http_headers", "Headers"]) {
    assert.deepEqual(redact({ [name]: { ANY: "SECRET" } }), { [name]: { ANY: "[redacted]" } });
  }
  const schema = { properties: { token: { type: "string" }, headers: { type: "object" } } };
  assert.deepEqual(redact({ schema, environment: "browser" }), { schema, environment: "browser" });
  for (const name of ["max_tokens", "prompt_cache_key", "key", "keywords", "tokens", "author", "environment_id"]) {
    assert.deepEqual(redact({ [name]: "x" }), { [name]: "x" });
  }
});

test("identityUrl() keeps parameters that may be more than credentials, so that pages stay distinct", () => {
  const url = "https://api.example/v1/files?pageToken=a&code=b";
  assert.equal(identityUrl(new URL(url)), url);
});

test("redactText() finds credentials after other characters, in user names with an at sign and in fragments", () => {
  assert.equal(redactText("_https://u:p@SECRET@h.example/x?token=SECRET&a=1"), "_https://h.example/x?a=1");
  assert.equal(redactText("https://a.example/cb#access_token=SECRET&b=1"), "https://a.example/cb#b=1");
  assert.equal(redactText("[docs](https://x.example/s?key=5), and more"), "[docs](https://x.example/s), and more");
});
