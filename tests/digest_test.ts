import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { CanonicalRequest } from "../src/request/canonical.ts";
import { type DigestExtras, digestRequest } from "../src/request/identify.ts";
import { test } from "./suite.ts";
import { CHAT_URL } from "./testing.ts";

const REQUEST: CanonicalRequest = {
  method: "POST",
  url: CHAT_URL,
  streaming: false,
  body: '{"a": 1}',
  format: "json",
  headers: [],
};

function sha256(preimage: string | Uint8Array): string {
  return createHash("sha256").update(preimage).digest("hex");
}

async function check(request: Partial<CanonicalRequest>, extras: DigestExtras, preimage: string | Uint8Array) {
  const digest = await digestRequest({ ...REQUEST, ...request }, extras);
  assert.deepEqual(digest, { sha256: sha256(preimage), key: sha256(preimage).slice(0, 8) });
}

test("digestRequest() hashes URL, streaming and body of a POST, as pycachy does", async () => {
  await check({}, {}, `${CHAT_URL}False{"a": 1}`);
  await check({ streaming: true }, {}, `${CHAT_URL}True{"a": 1}`);
  await check({ body: "" }, {}, `${CHAT_URL}False`);
  await check({ body: "é😀" }, {}, new TextEncoder().encode(`${CHAT_URL}Falseé😀`));
});

test("digestRequest() prepends every other method", async () => {
  for (const method of ["GET", "DELETE", "PUT", "patch"]) {
    await check({ method, body: "" }, {}, `${method} ${CHAT_URL}False`);
  }
});

test("digestRequest() hashes bytes as bytes", async () => {
  const body = Uint8Array.of(0xff, 0x00, 0xfe);
  await check(
    { body },
    { n: 2 },
    new Uint8Array([
      ...new TextEncoder().encode(`${CHAT_URL}False`),
      ...body,
      ...new TextEncoder().encode('\n{"n":2}'),
    ]),
  );
});

test("digestRequest() appends headers, n and namespace in this order, if they are set", async () => {
  const headers = [["anthropic-beta", "x"], ["openai-beta", "y"]] as const;
  const start = `${CHAT_URL}False{"a": 1}\n`;
  await check(
    { headers },
    { namespace: "s", n: 3 },
    `${start}{"headers":[["anthropic-beta","x"],["openai-beta","y"]],"n":3,"namespace":"s"}`,
  );
  await check({ headers }, {}, `${start}{"headers":[["anthropic-beta","x"],["openai-beta","y"]]}`);
  await check({}, { n: 2 }, `${start}{"n":2}`);
  await check({}, { namespace: "é" }, new TextEncoder().encode(`${start}{"namespace":"é"}`));
  await check({}, { namespace: "" }, `${start}{"namespace":""}`);
  await check({}, { n: undefined, namespace: undefined }, `${CHAT_URL}False{"a": 1}`);
});

test("digestRequest() returns different digests for requests with one difference", async () => {
  const variants: [Partial<CanonicalRequest>, DigestExtras][] = [
    [{}, {}],
    [{ method: "PUT" }, {}],
    [{ method: "put" }, {}],
    [{ url: `${CHAT_URL}/` }, {}],
    [{ url: `${CHAT_URL}?a` }, {}],
    [{ streaming: true }, {}],
    [{ body: '{"a": 2}' }, {}],
    [{ body: '{"a": 1.0}' }, {}],
    [{ headers: [["anthropic-beta", "x"]] }, {}],
    [{ headers: [["anthropic-beta", "y"]] }, {}],
    [{ headers: [["openai-beta", "x"]] }, {}],
    [{ headers: [["anthropic-beta", "x"], ["openai-beta", "x"]] }, {}],
    [{ headers: [["anthropic-beta", 'x"],["openai-beta","x']] }, {}],
    [{}, { n: 2 }],
    [{}, { n: 3 }],
    [{}, { namespace: "a" }],
    [{}, { namespace: "b" }],
    [{}, { namespace: "2", n: 2 }],
  ];
  const digests = await Promise.all(
    variants.map(([change, extras]) => digestRequest({ ...REQUEST, ...change }, extras)),
  );
  assert.equal(new Set(digests.map(({ sha256 }) => sha256)).size, variants.length);
});
