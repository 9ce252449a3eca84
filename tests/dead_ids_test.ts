import assert from "node:assert/strict";
import type { CachyEvent, Entry } from "../mod.ts";
import { createStaleIds } from "../src/report/stale_ids.ts";
import type { RequestData } from "../src/request/request.ts";
import { test } from "./suite.ts";
import { jsonAnswer, jsonPost, network, testCachy } from "./testing.ts";

const RESPONSES_URL = "https://api.openai.com/v1/responses";
const { origin } = new URL(RESPONSES_URL);

const entryOf = (response: string, members: Partial<Entry> = {}): Entry => ({
  key: "5ece2360",
  response,
  recorded_at: "2026-03-04T05:06:07.000Z",
  ...members,
});

function requestOf(
  body: RequestData["body"],
  url = RESPONSES_URL,
): RequestData {
  return {
    method: "POST",
    url: new URL(url),
    headers: new Headers(),
    signal: undefined,
    redirect: "follow",
    isTooLong: false,
    call: [url],
    contentType: "application/json",
    body,
  };
}

/** A watch that has seen some responses. */
function watch(...entries: readonly Entry[]) {
  const deadIds = createStaleIds(() => "cachy.jsonl");
  for (const entry of entries) deadIds.replayed(origin, entry);
  return deadIds;
}

const warningsOf = (events: readonly CachyEvent[]) =>
  events.flatMap((event) => event.kind === "warning" ? [event.message] : []);

test("fetch() reports an id of a recorded response that the provider no longer knows", async () => {
  const refusal = {
    error: {
      message: "Previous response with id 'resp_6f1d2c3b4a' not found.",
    },
  };
  const refused = jsonAnswer(refusal, {
    status: 404,
    headers: { "x-own": "1", "content-type": "application/json" },
  });
  const paid = network(
    () => jsonAnswer({ id: "resp_6f1d2c3b4a", object: "response" }),
    () => refused,
  );
  const cachy = testCachy({ fetch: paid.fetch });
  for (const _ of [1, 2]) {
    await (await cachy.fetch(RESPONSES_URL, jsonPost({ input: "Hi" }))).text();
  }
  const follow = jsonPost({
    input: "And?",
    previous_response_id: "resp_6f1d2c3b4a",
  });
  const answer = await cachy.fetch(RESPONSES_URL, follow);
  assert.equal(answer, refused, "untouched");
  assert.deepEqual([answer.status, await answer.json()], [404, refusal]);
  const [warning = "", ...rest] = warningsOf(cachy.events);
  const [key = ""] = cachy.events.flatMap((event) => event.kind === "hit" ? [event.request.key] : []);
  const today = new Date().toISOString().slice(0, 8);
  assert.deepEqual(rest, []);
  assert.ok(
    warning.startsWith(
      `POST ${RESPONSES_URL} failed with status 404. Its resp_6f1d2c3b4a comes from `,
    ),
  );
  assert.ok(warning.includes(`a recorded response (recorded ${today}`), warning);
  assert.match(
    warning,
    new RegExp(`, key ${key}\\) and may no longer exist\\.\n`),
  );
  assert.match(
    warning,
    /CACHY_MODE=refresh.*mode: "refresh".*delete the lines with the key [0-9a-f]{8} from /,
  );
});

test("fetch() reports no stale id if the response was just recorded, not replayed", async () => {
  const paid = network(
    () => jsonAnswer({ id: "resp_6f1d2c3b4a" }),
    () => jsonAnswer({}, { status: 404 }),
  );
  const cachy = testCachy({ fetch: paid.fetch });
  await (await cachy.fetch(RESPONSES_URL, jsonPost({ input: "Hi" }))).text();
  await cachy.fetch(
    RESPONSES_URL,
    jsonPost({ previous_response_id: "resp_6f1d2c3b4a" }),
  );
  assert.deepEqual(warningsOf(cachy.events), []);
});

test("refused() reports once for each origin", () => {
  const deadIds = watch(entryOf(`{"id":"file-AbCdEf123"}`));
  const other = "https://api.anthropic.com/v1/messages";
  deadIds.replayed(
    new URL(other).origin,
    entryOf(`{"id":"file_011CNha8iCJcU1wXNR6q4V8w"}`),
  );
  const first = requestOf(`{"file_id":"file-AbCdEf123"}`);
  assert.match(deadIds.refused(first, 404) ?? "", /Its file-AbCdEf123 comes/);
  assert.equal(deadIds.refused(first, 404), undefined);
  deadIds.replayed(origin, entryOf(`{"id":"file-AbCdEf123"}`));
  assert.equal(deadIds.refused(first, 404), undefined);
  assert.match(
    deadIds.refused(
      requestOf(`{"file_id":"file_011CNha8iCJcU1wXNR6q4V8w"}`, other),
      400,
    ) ?? "",
    /Its file_011/,
  );
});

test("refused() considers only refusals", () => {
  for (const status of [200, 401, 408, 409, 429, 500, 503]) {
    assert.equal(
      watch(entryOf("file-AbCdEf123")).refused(
        requestOf("file-AbCdEf123"),
        status,
      ),
      undefined,
    );
  }
  for (const status of [400, 403, 404, 410]) {
    assert.match(
      watch(entryOf("file-AbCdEf123")).refused(
        requestOf("file-AbCdEf123"),
        status,
      ) ?? "",
      /file-AbCdEf123/,
    );
  }
});

test("refused() finds ids of many kinds, in the URL and in every kind of body", () => {
  const openai = "https://api.openai.com/v1";
  const cases: [answer: string, request: RequestData, id: string][] = [
    [
      `{"id":"file-AbCdEf123"}`,
      requestOf(undefined, `${openai}/files/file-AbCdEf123/content`),
      "file-AbCdEf123",
    ],
    [
      `{"id":"conv_68f0a1b2c3"}`,
      requestOf("{}", `${openai}/conversations/conv_68f0a1b2c3/items`),
      "conv_68f0a1b2c3",
    ],
    [
      `{"id":"vs_68f0a1b2c3"}`,
      requestOf(`{"vector_store_ids":["vs_68f0a1b2c3"]}`),
      "vs_68f0a1b2c3",
    ],
    [
      `{"id":"rs_0a1b2c3d"}`,
      requestOf(new TextEncoder().encode(`{"id":"rs_0a1b2c3d"}`)),
      "rs_0a1b2c3d",
    ],
    [
      `{"id":"upload_abc123"}`,
      requestOf([{ name: "id", value: "upload_abc123" }]),
      "upload_abc123",
    ],
    [
      `{"name":"files/abc-123xyz"}`,
      requestOf(`{"uri":"https://g.example/v1beta/files/abc-123xyz"}`),
      "files/abc-123xyz",
    ],
    [
      `{"name":"cachedContents/abc123xyz"}`,
      requestOf(`{"cachedContent":"cachedContents/abc123xyz"}`),
      "cachedContents/abc123xyz",
    ],
    [
      `{"id":"0d9e8c7b-1234-4abc-9def-001122334455"}`,
      requestOf(undefined, `${openai}/x/0d9e8c7b-1234-4abc-9def-001122334455`),
      "0d9e8c7b-1234-4abc-9def-001122334455",
    ],
  ];
  for (const [answer, request, id] of cases) {
    assert.ok(
      watch(entryOf(answer)).refused(request, 404)?.includes(
        ` Its ${id} comes from`,
      ),
      id,
    );
  }
  const headers = {
    "x-goog-upload-url": "https://g.example/upload?upload_id=AbC-123_x&upload_protocol=resumable",
  };
  const upload = requestOf(
    "bytes",
    `${origin}/upload?upload_id=AbC-123_x&upload_protocol=resumable`,
  );
  assert.match(
    watch(entryOf("", { headers })).refused(upload, 410) ?? "",
    /Its AbC-123_x comes from/,
  );
});

test("refused() names the newest response that contains the id", () => {
  const older = entryOf("file-AbCdEf123", { key: "00000001" });
  const newer = entryOf("file-AbCdEf123", {
    key: "00000002",
    recorded_at: undefined,
  });
  const last = entryOf("something else", { key: "00000003" });
  const message = watch(older, newer, last).refused(requestOf("file-AbCdEf123"), 404) ?? "";
  assert.match(message, /comes from a recorded response \(key 00000002\)/);
});

test("refused() reports nothing if no replayed response can be the reason", () => {
  const requests = [
    requestOf(`{"model":"gpt-none","input":"Hi"}`), // no id
    requestOf(undefined),
    requestOf(`{"file_id":"file-ofSomebodyElse"}`), // in no response
    requestOf(`{"tool_call_id":"call_AbCdEf123"}`), // never looked up
    requestOf(`{"tools":[{"type":"file_search"}]}`), // a word, not an id
  ];
  for (const request of requests) {
    assert.equal(
      watch(entryOf(`{"id":"file-AbCdEf123","calls":["call_AbCdEf123"],"type":"file_search"}`))
        .refused(request, 400),
      undefined,
    );
  }
  assert.equal(watch().refused(requestOf("file-AbCdEf123"), 404), undefined);
});

test("refused() says that an id may be stale if not all responses are kept for the search", () => {
  const many = Array.from(
    { length: 101 },
    (_, index) => entryOf("{}", { key: `${index}`.padStart(8, "0") }),
  );
  const newest = entryOf("x".repeat(1_000_001), {
    recorded_at: "2026-05-06T00:00:00.000Z",
    key: "5ece2361",
  });
  for (
    const [entries, date, key] of [[many, "2026-03-04", "00000100"], [
      [newest, entryOf("{}")],
      "2026-05-06",
      "5ece2361",
    ]] as const
  ) {
    const message = watch(...entries).refused(requestOf("file-ofSomebodyElse"), 404) ?? "";
    assert.match(
      message,
      /^POST https:\S+ failed with status 404\. An id in it may come from a recorded response /,
    );
    assert.ok(
      message.includes(
        `(the newest replayed one: recorded ${date}, key ${key})`,
      ),
      message,
    );
    // Without an id, there is still nothing to report.
    assert.equal(watch(...entries).refused(requestOf("Hi"), 404), undefined);
  }
});

test("replayed() accepts lines with any member values", () => {
  const values = [null, 7, true, [], {}, { toString: 7, valueOf: 7 }] as unknown as string[];
  const entries = values.flatMap((value) => [
    entryOf("file-AbCdEf123", { recorded_at: value, headers: { "x-goog-upload-url": value } }),
    entryOf("file-AbCdEf123", { headers: value as unknown as Entry["headers"] }),
  ]);
  assert.match(watch(...entries).refused(requestOf("file-AbCdEf123"), 404) ?? "", /Its file-AbCdEf123/);
});

test("refused() shows no credential of the URL", () => {
  const request = requestOf("file-AbCdEf123", `${RESPONSES_URL}?key=PRIVATE`);
  const message = watch(entryOf("file-AbCdEf123")).refused(request, 404) ?? "";
  assert.match(message, /^POST https:\/\/api\.openai\.com\/v1\/responses failed/);
  assert.doesNotMatch(message, /PRIVATE/);
});

test("refused() searches a long body in a reasonable time", () => {
  const prompt = "vs_1 file- run_ resp_abcdef ".repeat(40_000);
  assert.equal(
    watch(entryOf("nothing")).refused(requestOf(prompt), 400),
    undefined,
  );
});
