import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { canonicalRequest } from "../src/request/canonical.ts";
import { digestRequest } from "../src/request/identify.ts";
import { readHead, readRequest } from "../src/request/request.ts";
import { test } from "./suite.ts";

/** A request, and the key that pycachy 0.0.19 computes. */
interface PycachyKey {
  readonly url: string;
  readonly body: string;
  readonly content_type: string;
  readonly stream: boolean;
  readonly canonical: string;
  readonly key: string;
}

const file = new URL("../../shared/fixtures/pycachy-keys.jsonl", import.meta.url);
const skip = existsSync(file) ? undefined : "The requests recorded with pycachy are missing.";

function readKeys(): PycachyKey[] {
  return readFileSync(file, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

async function identify(url: string, init: RequestInit) {
  const head = readHead(new URL(url), url, init);
  assert.ok(head);
  const canonical = await canonicalRequest(await readRequest(head), { keyHeaders: new Set(), normalize: [] });
  return { canonical, digest: await digestRequest(canonical) };
}

test("digestRequest() returns pycachy's key for all of its 245 requests", { skip }, async () => {
  const rows = readKeys();
  assert.equal(rows.length, 245);
  for (const row of rows) {
    const headers = { "content-type": row.content_type };
    for (const body of [row.body, new TextEncoder().encode(row.body)]) {
      const { canonical, digest } = await identify(row.url, { method: "POST", headers, body });
      assert.equal(canonical.body, row.canonical, row.body);
      assert.equal(canonical.streaming, row.stream, row.body);
      assert.equal(digest.key, row.key, `${row.url} ${row.body}`);
      assert.equal(digest.sha256.slice(0, 8), row.key);
    }
  }
});

test("digestRequest() distinguishes requests that pycachy distinguishes", { skip }, async () => {
  const digests = new Map<string, string>();
  for (const { url, body, content_type: type, key } of readKeys()) {
    const { digest } = await identify(url, { method: "POST", headers: { "content-type": type }, body });
    assert.equal(digests.get(key) ?? digest.sha256, digest.sha256);
    digests.set(key, digest.sha256);
  }
  assert.equal(new Set(digests.values()).size, digests.size);
});
