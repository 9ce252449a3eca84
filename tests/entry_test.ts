import assert from "node:assert/strict";
import { decodeBody, encodeBody, type Entry, entryBytes, formatEntry, parseEntry } from "../src/store/entry.ts";
import { replay } from "../src/replay/replay.ts";
import { slowTest, test } from "./suite.ts";
import { CHAT_URL } from "./testing.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

const decoder = new TextDecoder();

const ENTRY: Entry = {
  key: "5ece2360",
  sha256: `5ece2360${"0".repeat(56)}`,
  v: 1,
  status_code: 200,
  headers: { "content-type": "application/json" },
  binary: false,
  response: `{"id":"resp_1"}`,
  request: { method: "POST", url: CHAT_URL, body: `{"a": 1}`, exact: true, namespace: "two", n: 2 },
  recorded_at: "2026-11-22T08:00:00.000Z",
  duration_ms: 848,
  chunks: [[12, 10], [40, 5]],
};

/** Why a line is not an entry if this replaces good members. */
function reasonOf(members: Record<string, unknown>): string {
  const parsed = parseEntry(JSON.stringify({ ...ENTRY, ...members }));
  assert.equal(typeof parsed, "string", `taken for an entry: ${JSON.stringify(members)}`);
  return parsed as string;
}

test("parseEntry() returns what formatEntry() wrote", () => {
  const responses = [
    "",
    "plain",
    `{"a":"é"}`,
    "line\nfeeds\r\n",
    "\u2028\u2029\u0085",
    "\0",
    "\uFEFF",
    `"\\`,
    "👩‍🚀",
    "\ud800",
  ];
  for (const response of responses) {
    assert.deepEqual(parseEntry(formatEntry({ ...ENTRY, response })), { ...ENTRY, response });
  }
});

test("formatEntry() writes one line that ends in a line feed, for every body", () => {
  const separators = "\n\r\u2028\u2029\u0085\v\f";
  const line = formatEntry({ ...ENTRY, response: separators, headers: { "x-a": separators } });
  assert.ok(line.startsWith(`{"key":"5ece2360","sha256":"5ece2360`));
  assert.equal(line.split(/[\n\r\u2028\u2029\u0085\v\f]/).length, 2, JSON.stringify(line));
  assert.ok(line.endsWith("}\n"));
  assert.match(line, /\\u2028\\u2029\\u0085/);
});

test("entryBytes() returns the bytes of formatEntry() for long responses, whatever is at the borders of pieces", () => {
  const units = ["a", '"', "\n", "é", "\u2028", "😀", "\ud800", "\0"];
  for (const unit of units) {
    for (const shift of ["", "x"]) {
      const entry = { ...ENTRY, response: shift + unit.repeat(Math.ceil((2 ** 20 + 5) / unit.length)) };
      assert.equal(decoder.decode(entryBytes(entry)), formatEntry(entry), `${JSON.stringify(unit)} after "${shift}"`);
    }
  }
  const only = { response: "a".repeat(2 ** 20 + 1) } as unknown as Entry;
  assert.equal(decoder.decode(entryBytes(only)), formatEntry(only));
});

test("formatEntry() omits undefined members", () => {
  const line = formatEntry({ key: "5ece2360", response: "", request: undefined, chunks: undefined });
  assert.equal(line, `{"key":"5ece2360","response":""}\n`);
});

test("parseEntry() reads the lines that pycachy wrote", () => {
  const lines = [
    `{"key": "5ece2360", "response": "text"}`,
    `{"key": "5ece2360", "response": "text", "headers": {}}`,
    `{"key": "5ece2360", "response": "dGV4dA==", "headers": {"A": "b"}, "status_code": 200, "binary": true}`,
    `{"response": "text", "key": "5ece2360"}`,
    `{"key": "5ece2360", "response": "text", "headers": null, "status_code": null, "binary": null}`,
    ` {"key": "5ece2360", "response": "text"}\r`,
  ];
  for (const line of lines) {
    assert.equal((parseEntry(line) as Entry).key, "5ece2360", line);
  }
});

test("parseEntry() says what is wrong with a line that is not a JSON object", () => {
  const reasons: [string, RegExp][] = [
    ["", /blank/],
    ["  \t\r", /blank/],
    ["<<<<<<< HEAD", /conflict/],
    ["=======", /conflict/],
    [">>>>>>> branch", /conflict/],
    ["||||||| base", /conflict/],
    [`{"key":"5ece2360","resp`, /not JSON/],
    [`{"key":"5ece2360","response":""}{"key":"5ece2360","response":""}`, /not JSON/],
    ["\0\0\0\0", /not JSON/],
    [`\0{"key":"5ece2360","response":""}`, /not JSON/],
    ["[]", /not a JSON object/],
    ["null", /not a JSON object/],
    [`"text"`, /not a JSON object/],
    ["7", /not a JSON object/],
    [`[{"key":"5ece2360","response":""}]`, /not a JSON object/],
  ];
  for (const [line, reason] of reasons) {
    assert.match(String(parseEntry(line)), reason, JSON.stringify(line));
  }
});

test("parseEntry() names a member of a wrong type", () => {
  const wrong: [keyof Entry, unknown[]][] = [
    ["key", [undefined, null, 7, true, [], {}]],
    ["sha256", [null, 7, {}, "ffffffff", "", "5ece"]],
    ["v", [null, "1", 0, -1, [], true]],
    ["status_code", ["200", {}, true, 200.5]],
    ["headers", [[], "text", 7, true]],
    ["binary", ["true", 1, {}]],
    ["response", [undefined, null, 7, {}, []]],
  ];
  for (const [member, values] of wrong) {
    for (const value of values) {
      assert.match(reasonOf({ [member]: value }), new RegExp(`"${member}"`), `${value}`);
    }
  }
});

test("parseEntry() rejects a status that is not a complete success", () => {
  for (const status_code of [0, 100, 199, 206, 300, 304, 404, 429, 500, 700, -200, 1e9]) {
    assert.match(reasonOf({ status_code }), /"status_code"/);
  }
  for (const status_code of [200, 201, 202, 204, 205, 299]) {
    assert.equal(typeof parseEntry(JSON.stringify({ ...ENTRY, status_code })), "object");
  }
});

test("parseEntry() rejects a line of a newer version, and says so", () => {
  for (const v of [2, 3, 99]) assert.match(reasonOf({ v }), /newer version/);
});

test("parseEntry() rejects a binary body that is not base64", () => {
  for (const response of ["a", "abc", "ab=c", "====", "=abc", "ab c", "abcd\n", "ab-_", "äbcd"]) {
    assert.match(reasonOf({ binary: true, response }), /base64/);
  }
  for (const response of ["", "abcd", "abc=", "ab==", "+/+/"]) {
    assert.equal(typeof parseEntry(JSON.stringify({ ...ENTRY, binary: true, response })), "object", response);
  }
});

slowTest("parseEntry() checks a body of the maximum recorded length", () => {
  const length = 90_000_000;
  const line = (end: string) => `{"key":"5ece2360","binary":true,"response":"${"A".repeat(length)}${end}"}`;
  assert.equal((parseEntry(line("")) as Entry).response.length, length);
  assert.match(String(parseEntry(line("----"))), /base64/);
});

test("parseEntry() reads no member from __proto__", () => {
  const line = `{"__proto__":${JSON.stringify(ENTRY)}}`;
  assert.match(String(parseEntry(line)), /"key" is missing/);
  const entry = parseEntry(`{"__proto__":{"binary":true},"key":"5ece2360","response":"text"}`) as Entry;
  assert.equal(decodeBody(entry), "text");
  assert.equal(({} as { binary?: boolean }).binary, undefined);
});

test("replay() returns the body if the informational members have wrong types", async () => {
  for (const member of ["request", "recorded_at", "duration_ms", "chunks"] as const) {
    for (
      const value of [
        null,
        7,
        "text",
        true,
        {},
        [],
        [null],
        [["a", "b"]],
        [[1]],
        [[0, -5], [0, 20]],
      ]
    ) {
      const entry = parseEntry(JSON.stringify({ ...ENTRY, [member]: value })) as Entry;
      const text = await replay(entry, { url: new URL(CHAT_URL) }).text();
      assert.equal(text, ENTRY.response, `${member}: ${JSON.stringify(value)}`);
    }
  }
});

test("encodeBody() keeps text as text if its type is textual and its bytes are valid UTF-8", () => {
  const types = ["text/plain", "text/event-stream", "application/json", "application/x-ndjson", "image/svg+xml"];
  for (const type of [...types, "Application/JSON; charset=utf-8", "application/problem+json", "application/jsonl"]) {
    for (const text of ["", "Hé", "\uFEFFmarked", "\0", "a\r\nb"]) {
      assert.deepEqual(encodeBody(utf8(text), type), { binary: false, response: text }, type);
    }
  }
});

test("encodeBody() keeps other bytes as base64", () => {
  assert.deepEqual(encodeBody(utf8("text"), "audio/mpeg"), { binary: true, response: "dGV4dA==" });
  for (const type of ["", "application/octet-stream", "image/png", "application/vnd.amazon.eventstream"]) {
    assert.equal(encodeBody(utf8("text"), type).binary, true, type);
  }
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf, 0x80]]) {
    assert.equal(encodeBody(new Uint8Array(bytes), "application/json").binary, true, `${bytes}`);
  }
});

test("decodeBody() returns the bytes that encodeBody() received", () => {
  const bodies = [utf8("Hé"), utf8("\uFEFF{}"), new Uint8Array([0xff, 0, 0x80]), new Uint8Array()];
  for (const body of bodies) {
    for (const type of ["application/json", "audio/mpeg", ""]) {
      const line = formatEntry({ key: "5ece2360", ...encodeBody(body, type) });
      const decoded = decodeBody(parseEntry(line) as Entry);
      assert.deepEqual(typeof decoded === "string" ? utf8(decoded) : decoded, body, `${type} ${body}`);
    }
  }
});
