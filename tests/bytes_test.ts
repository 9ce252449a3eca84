import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  concatBytes,
  decodeBase64,
  encodeBase64,
  replaceBytes,
  sha256Hex,
  textOf,
  utf8,
  utf8Length,
} from "../src/lib/bytes.ts";
import { test } from "./suite.ts";

const every = new Uint8Array(Array.from({ length: 256 }, (_, byte) => byte));

test("utf8() and textOf() are inverse, also for a BOM, NULs and four-byte characters", () => {
  for (const text of ["", "plain", "Hé €", "👩‍🚀", "\uFEFFmarked", "a\uFEFFb", "\0", "\u2028\u2029\u0085", "\r\n"]) {
    assert.equal(textOf(utf8(text)), text, JSON.stringify(text));
  }
  assert.deepEqual([...utf8("\uFEFFé")], [0xef, 0xbb, 0xbf, 0xc3, 0xa9]);
});

test("textOf() returns undefined when the bytes are not valid UTF-8", () => {
  const invalid = [
    [0xff],
    [0x80],
    [0xc3],
    [0x61, 0xe2, 0x82],
    [0xf0, 0x9f, 0x91],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xc3, 0x28],
    [0xef, 0xbb, 0xbf, 0xff],
  ];
  for (const bytes of invalid) {
    assert.equal(textOf(new Uint8Array(bytes)), undefined, `${bytes}`);
  }
  assert.equal(textOf(utf8("still works")), "still works", "after a failure");
});

test("concatBytes() joins parts, views of larger buffers, and an empty list", () => {
  assert.deepEqual(concatBytes([]), new Uint8Array());
  const parts = [utf8("xaby").subarray(1, 3), new Uint8Array(), utf8("c")];
  assert.deepEqual(concatBytes(parts), utf8("abc"));
});

test("concatBytes() copies: a later change of a part has no effect", () => {
  const part = utf8("abc");
  const joined = concatBytes([part]);
  part.fill(0);
  assert.deepEqual(joined, utf8("abc"));
});

test("replaceBytes() replaces every occurrence, and no partial match", () => {
  const cases = [
    ["--b\r\nx\r\n--b--", "b", "cachy-boundary", "--cachy-boundary\r\nx\r\n--cachy-boundary--"],
    ["aaaa", "aa", "b", "bb"],
    ["aaa", "aa", "b", "ba"],
    ["ababac", "abac", "x", "abx"],
    ["abc", "abcd", "x", "abc"],
    ["abc", "abc", "", ""],
    ["abc", "", "x", "abc"],
    ["", "a", "x", ""],
  ] as const;
  for (const [bytes, sought, by, expected] of cases) {
    assert.deepEqual(replaceBytes(utf8(bytes), utf8(sought), utf8(by)), utf8(expected), `${bytes} ${sought}`);
  }
});

test("sha256Hex() returns 64 lowercase hex digits", async () => {
  for (const bytes of [new Uint8Array(), utf8("abc"), new Uint8Array(every)]) {
    assert.equal(await sha256Hex(bytes), createHash("sha256").update(bytes).digest("hex"));
  }
});

test("encodeBase64() and decodeBase64() are inverse, and agree with Buffer", async () => {
  const { Buffer } = await import("node:buffer");
  for (let length = 0; length < 256; length += 7) {
    const bytes = every.slice(255 - length);
    assert.equal(encodeBase64(bytes), Buffer.from(bytes).toString("base64"));
    assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
  }
  assert.equal(encodeBase64(every.subarray(3, 6)), "AwQF", "a view, not its buffer");
});

test("decodeBase64() returns new bytes for each call", () => {
  const first = decodeBase64("AwQF");
  first.fill(0);
  assert.deepEqual([...decodeBase64("AwQF")], [3, 4, 5]);
});

test("sha256Hex() returns the same digits for short and for long input as node:crypto", async () => {
  const digest = async (bytes: Uint8Array<ArrayBuffer>) => {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  for (const length of [0, 1, 1 << 20, (1 << 20) + 1]) {
    const bytes = new Uint8Array(length).fill(7);
    assert.equal(await sha256Hex(bytes), await digest(bytes));
  }
});

test("utf8Length() is the number of UTF-8 bytes, for texts of every length", () => {
  for (
    const text of ["", "a", "Grüße", "日本語 👋🏽", "\ud800", "x".repeat(5461), "é€".repeat(2730), "👋🏽".repeat(9000)]
  ) {
    assert.equal(utf8Length(text), utf8(text).byteLength, text.slice(0, 10));
  }
});
