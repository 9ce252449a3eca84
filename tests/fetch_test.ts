import assert from "node:assert/strict";
import { type CachyOptions, type Entry, memoryStore, type Store } from "../mod.ts";
import { test } from "./suite.ts";
import {
  CHAT_URL,
  chatEvents,
  countingNetwork,
  jsonAnswer,
  jsonPost,
  kinds,
  network,
  streamAnswer,
  testCachy,
} from "./testing.ts";

/** Lets all pending work continue. */
const nextTurn = () => new Promise((done) => setImmediate(done));

test("fetch() replays the response if the same request is repeated", async () => {
  const { fetch: paid, calls } = countingNetwork();
  const cachy = testCachy({ fetch: paid });
  const first = await (await cachy.fetch(CHAT_URL, jsonPost({ a: 1, b: 2 })))
    .json();
  const second = await (await cachy.fetch(CHAT_URL, jsonPost(`{ "b": 2, "a": 1 }`))).json();
  assert.deepEqual([first, second, calls.length], [{ count: 1 }, { count: 1 }, 1]);
  assert.deepEqual(kinds(cachy.events), ["miss", "recorded", "hit"]);
});

test("fetch() calls the network if any part of the identity differs", async () => {
  const { fetch: paid, calls } = countingNetwork();
  const cachy = testCachy({ fetch: paid, keyHeaders: ["x-variant"] });
  const requests: [string, RequestInit][] = [
    [CHAT_URL, jsonPost({ a: 1 })],
    [CHAT_URL, jsonPost({ a: 1.5 })],
    [CHAT_URL, jsonPost({ a: 1, stream: true })],
    [`${CHAT_URL}?api-version=2`, jsonPost({ a: 1 })],
    [CHAT_URL, jsonPost({ a: 1 }, { "anthropic-beta": "files" })],
    [CHAT_URL, jsonPost({ a: 1 }, { "x-variant": "b" })],
    [CHAT_URL, jsonPost({ a: 1 }, { "x-dashscope-sse": "enable" })],
    [CHAT_URL, jsonPost({ a: 1 }, { prefer: "wait" })],
    [CHAT_URL, jsonPost({ a: 1 }, { accept: "audio/wav" })],
    [CHAT_URL, jsonPost({ a: 1 }, { accept: "audio/mpeg" })],
    [CHAT_URL, { ...jsonPost({ a: 1 }), method: "PUT" }],
    [CHAT_URL, { method: "POST" }],
  ];
  for (const [url, init] of requests) {
    await (await cachy.fetch(url, init)).text();
  }
  assert.equal(calls.length, requests.length);
  for (const [url, init] of requests.filter(([, init]) => init.method === "POST")) {
    await (await cachy.fetch(url, init)).text();
  }
  assert.equal(calls.length, requests.length, "and each is answered from the store afterwards");
});

test("fetch() passes the same arguments to the original fetch if the URL is not cached", async () => {
  const { fetch: paid, calls } = network(() => new Response("plain"));
  const cachy = testCachy({
    fetch: paid,
    ignore: ["https://api.openai.com/v1/live"],
  });
  const init = { method: "POST", body: "{}", dispatcher: {} } as RequestInit;
  const inputs = [
    "https://example.com/",
    new URL("https://evil.example/?q=api.openai.com"),
    new Request("https://example.com/", { method: "POST", body: "x" }),
    "data:,",
    "https://api.openai.com/v1/live/one",
    "no url at all",
  ];
  for (const input of inputs) {
    assert.equal(await (await cachy.fetch(input, init)).text(), "plain");
  }
  calls.forEach(([input, given], index) => {
    assert.equal(input, inputs[index]);
    assert.equal(given, init);
  });
  await cachy.fetch("https://example.com/");
  assert.equal(calls.at(-1)?.length, 1, "no argument is added");
  assert.deepEqual(cachy.events, []);
});

test("fetch() passes unknown init members to the original fetch", async () => {
  const { fetch: paid, calls } = countingNetwork();
  const cachy = testCachy({ fetch: paid });
  const dispatcher = {};
  await cachy.fetch(CHAT_URL, { ...jsonPost({}), dispatcher, client: 1, proxy: "p" } as RequestInit);
  const sent = calls[0]?.[1] as Record<string, unknown>;
  assert.equal(sent.dispatcher, dispatcher);
  assert.deepEqual([sent.client, sent.proxy, sent.body], [1, "p", "{}"]);
});

test("fetch() calls the network once for identical concurrent requests", async () => {
  let answer = (_: Response) => {};
  const { fetch: paid, calls } = network(() => new Promise((resolve) => answer = resolve));
  const cachy = testCachy({ fetch: paid });
  const all = [1, 2, 3].map(() => cachy.fetch(CHAT_URL, jsonPost({ a: 1 })));
  while (!calls.length) {
    await Promise.resolve().then(() => new Promise((done) => setImmediate(done)));
  }
  answer(jsonAnswer({ count: 1 }));
  const texts = await Promise.all(all.map(async (response) => await (await response).text()));
  assert.deepEqual([texts, calls.length], [Array(3).fill(`{"count":1}`), 1]);
});

test("fetch() ends a wait with the reason of its own signal only", async () => {
  let answer = (_: Response) => {};
  const { fetch: paid, calls } = network(() => new Promise((resolve) => answer = resolve));
  const cachy = testCachy({ fetch: paid });
  const aborter = new AbortController();
  const first = cachy.fetch(CHAT_URL, jsonPost({ a: 1 }));
  while (!calls.length) await nextTurn();
  const waiter = cachy.fetch(CHAT_URL, { ...jsonPost({ a: 1 }), signal: aborter.signal });
  const reason = new Error("enough");
  aborter.abort(reason);
  await assert.rejects(waiter, (error) => error === reason);
  answer(jsonAnswer({ count: 1 }));
  assert.equal(await (await first).text(), `{"count":1}`);
  assert.equal(calls.length, 1);
});

test("fetch() rejects a hit with the signal's reason if the signal is already aborted", async () => {
  const { fetch: paid } = countingNetwork();
  const cachy = testCachy({ fetch: paid });
  await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
  const reason = new Error("too late");
  const hit = cachy.fetch(CHAT_URL, { ...jsonPost({}), signal: AbortSignal.abort(reason) });
  await assert.rejects(hit, (error) => error === reason);
});

test("fetch() rejects with the signal's reason if the call is aborted during the lookup", async () => {
  for (const mode of ["auto", "replay"] as const) {
    const { fetch: paid } = countingNetwork();
    const aborter = new AbortController();
    const reason = new Error("too late");
    const stored = memoryStore();
    const store: Store = {
      name: "slow",
      find: (...question) => {
        aborter.abort(reason);
        return stored.find(...question);
      },
      append: (entry) => stored.append(entry),
    };
    const cachy = testCachy({ fetch: paid, store, mode });
    await assert.rejects(
      cachy.fetch(CHAT_URL, { ...jsonPost({}), signal: aborter.signal }),
      (error) => error === reason,
    );
    assert.equal(cachy.misses.length, 0);
  }
});

test("fetch() records no failure: no error status, no broken body, no error inside a body", async () => {
  const [start = "", ...rest] = chatEvents("par");
  const reset = new Error("connection reset");
  const answers = [
    () => jsonAnswer({ error: { message: "overloaded" } }, { status: 529 }),
    () => streamAnswer([start], { error: reset }),
    () => streamAnswer([start]),
    () => streamAnswer([start, `data: {"error":{"message":"overloaded"}}\n\n`]),
    () => Promise.reject(new TypeError("fetch failed")),
    () => streamAnswer([start, ...rest]),
  ];
  const { fetch: paid, calls } = network(...answers);
  const cachy = testCachy({ fetch: paid });
  const call = async () => await (await cachy.fetch(CHAT_URL, jsonPost({ stream: true }))).text();
  await call();
  await assert.rejects(call(), (error) => error === reset);
  await call();
  await call();
  await assert.rejects(call(), /fetch failed/);
  assert.equal(await call(), start + rest.join(""));
  assert.equal(await call(), start + rest.join(""));
  assert.equal(calls.length, 6);
  const reasons = cachy.events.flatMap((event) => event.kind === "dropped" ? event.reason : []);
  assert.deepEqual(reasons, ["status", "broken", "truncated", "error", "broken"]);
  assert.deepEqual([cachy.stats.recorded, cachy.stats.hits, cachy.stats.dropped], [1, 1, 5]);
});

test("fetch() replays the n-th response for the n-th identical stateful request", async () => {
  const store = memoryStore();
  const live = countingNetwork();
  const run = async (options: CachyOptions, count: number) => {
    const cachy = testCachy({ store, ...options });
    const texts: string[] = [];
    for (let at = 0; at < count; at++) {
      texts.push(
        await (await cachy.fetch(
          "https://api.openai.com/v1/conversations",
          jsonPost({}),
        )).text(),
      );
    }
    return texts;
  };
  const recorded = [`{"count":1}`, `{"count":2}`, `{"count":3}`];
  assert.deepEqual(await run({ fetch: live.fetch }, 3), recorded);
  assert.deepEqual(await run({ fetch: live.fetch }, 3), recorded, "a new handle starts the count anew");
  assert.equal(live.calls.length, 3);
  assert.deepEqual(await run({ mode: "replay" }, 5), [...recorded, `{"count":3}`, `{"count":3}`]);
  assert.deepEqual(await run({ fetch: live.fetch }, 4), [...recorded, `{"count":4}`]);
});

test("fetch() reuses the number of a stateful request that was not recorded", async () => {
  const url = "https://api.openai.com/v1/batches/batch_1";
  const states = ["validating", "in_progress", "completed"];
  const live = network(...states.map((status) => () => jsonAnswer({ id: "batch_1", status })));
  const store = memoryStore();
  const cachy = testCachy({ store, fetch: live.fetch });
  for (const status of states) {
    assert.deepEqual(await (await cachy.fetch(url)).json(), { id: "batch_1", status });
  }
  await assert.rejects(cachy.fetch(url, { signal: AbortSignal.abort() }));
  const replayed = testCachy({ store, mode: "replay" });
  assert.equal((await (await replayed.fetch(url)).json()).status, "completed", "polling ends at once");
});

test("fetch() records separately for each namespace", async () => {
  const store = memoryStore();
  const { fetch: paid, calls } = countingNetwork();
  const ask = async (namespace?: string) =>
    await (await testCachy({ store, fetch: paid, namespace }).fetch(CHAT_URL, jsonPost({}))).text();
  const texts = [await ask(), await ask("a"), await ask("b"), await ask("a"), await ask()];
  assert.deepEqual(texts.map((text) => JSON.parse(text).count), [1, 2, 3, 2, 1]);
  assert.equal(calls.length, 3);
});

test("fetch() in mode refresh records again once, then replays", async () => {
  const store = memoryStore();
  const { fetch: paid, calls } = countingNetwork();
  const ask = async (options: CachyOptions) =>
    await (await testCachy({ store, fetch: paid, ...options }).fetch(CHAT_URL, jsonPost({}))).json();
  assert.deepEqual(await ask({}), { count: 1 });
  assert.deepEqual(await ask({ mode: "refresh" }), { count: 2 });
  assert.deepEqual(await ask({ mode: "refresh" }), { count: 2 }, "once per request and process");
  assert.deepEqual(await ask({}), { count: 2 });
  assert.equal(calls.length, 2);
});

test("fetch() in mode off neither reads nor writes", async () => {
  const { fetch: paid, calls } = countingNetwork();
  const cachy = testCachy({ fetch: paid, mode: "off", store: brokenStore });
  await cachy.fetch(CHAT_URL, jsonPost({}));
  await cachy.fetch(CHAT_URL, jsonPost({}));
  assert.deepEqual([calls.length, cachy.events.length], [2, 0]);
});

test("fetch() in mode replay never calls the network, and explains the miss", async () => {
  const { fetch: paid, calls } = network(() => assert.fail("the network was asked"));
  const cachy = testCachy({ fetch: paid, mode: "replay" });
  const response = await cachy.fetch(`${CHAT_URL}?key=s3cr3t`, jsonPost({}));
  assert.equal(response.status, 406);
  assert.equal(response.headers.get("x-should-retry"), "false");
  assert.equal(response.url, `${CHAT_URL}?key=s3cr3t`);
  const { error } = await response.json();
  assert.equal(error.type, "cachy_miss");
  assert.match(
    error.message,
    /POST https:\/\/api\.openai\.com\/v1\/chat\/completions: no response is recorded.* memory/,
  );
  assert.match(error.message, /key [0-9a-f]{8}/);
  assert.match(error.message, /mode "replay" by the option/);
  assert.match(error.message, /run once with \{ mode: "auto" \}/);
  assert.doesNotMatch(error.message, /s3cr3t/);
  assert.deepEqual(cachy.misses.map(({ message }) => message), [error.message]);
  for (let at = 0; at < 1001; at++) {
    await cachy.fetch(CHAT_URL, jsonPost({ at }));
  }
  assert.equal(cachy.misses.length, 1000);
  assert.equal(calls.length, 0);
});

test("fetch() always sends requests that are never cached to the network, in every mode", async () => {
  const requests: [string, RequestInit][] = [
    [CHAT_URL, { headers: { range: "bytes=0-9" } }],
    [CHAT_URL, { headers: { "If-None-Match": "x" } }],
    ["https://api.openai.com/v1/realtime/sessions", jsonPost({})],
    [
      "https://generativelanguage.googleapis.com/v1alpha/auth_tokens",
      jsonPost({}),
    ],
    [CHAT_URL, jsonPost({ long: "x".repeat(200) })],
  ];
  for (const mode of ["auto", "refresh", "replay"] as const) {
    const { fetch: paid, calls } = countingNetwork();
    const cachy = testCachy({ fetch: paid, mode, maxBodyBytes: 100 });
    for (const [url, init] of [...requests, ...requests]) {
      await cachy.fetch(url, init);
      assert.deepEqual(calls.at(-1)?.[1], init);
    }
    const warnings = cachy.events.filter((event) => event.kind === "warning");
    assert.deepEqual([calls.length, cachy.events.length], [10, warnings.length]);
    const told = `longer than 100 bytes: POST ${CHAT_URL}. To cache it, raise the option "maxBodyBytes".`;
    assert.deepEqual(warnings.map(({ message }) => message.slice(-told.length)), [told], "said once");
  }
});

test("fetch() says once for each host that a response is longer than maxBodyBytes, without debug", async (t) => {
  const print = t.mock.method(console, "error", () => {});
  const cachy = testCachy({ fetch: network(() => jsonAnswer("x".repeat(100))).fetch, maxBodyBytes: 50 });
  for (const at of [1, 2]) await (await cachy.fetch(CHAT_URL, jsonPost({ at }))).text();
  await cachy.flush();
  assert.deepEqual(cachy.stats.droppedBy, { "too-large": 2 });
  const line =
    'cachy: Cannot record a response of api.openai.com: it is longer than 50 bytes. Raise the option "maxBodyBytes".';
  assert.deepEqual(print.mock.calls.map(({ arguments: [text] }) => text), [line]);
});

test("fetch() answers traces by itself in mode replay only", async () => {
  const url = "https://api.openai.com/v1/traces/ingest";
  const { fetch: paid, calls } = network(() => new Response(null, { status: 202 }));
  assert.equal((await testCachy({ fetch: paid }).fetch(url, jsonPost({}))).status, 202);
  const replayed = testCachy({ fetch: paid, mode: "replay" });
  assert.equal((await replayed.fetch(url, jsonPost({}))).status, 204);
  assert.deepEqual([calls.length, replayed.misses.length], [1, 0]);
});

const brokenStore: Store = {
  name: "broken store",
  find: () => {
    throw new Error("disk on fire");
  },
  append: () => {
    throw new Error("disk on fire");
  },
};

test("fetch() delivers the live response with one warning if the store fails", async () => {
  const cannotWrite: Store = { ...brokenStore, find: () => undefined };
  for (const [store, verb] of [[brokenStore, "read"], [cannotWrite, "write"]] as const) {
    const { fetch: paid, calls } = countingNetwork();
    const cachy = testCachy({ fetch: paid, store });
    assert.deepEqual(await (await cachy.fetch(CHAT_URL, jsonPost({}))).json(), { count: 1 });
    assert.deepEqual(await (await cachy.fetch(CHAT_URL, jsonPost({}))).json(), { count: 2 });
    assert.equal(calls.length, 2);
    const warnings = cachy.events.flatMap((event) => event.kind === "warning" ? event.message : []);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", new RegExp(`Cannot ${verb} broken store: disk on fire`));
  }
});

test("fetch() in mode replay does not call the network if the store fails", async () => {
  const { fetch: paid, calls } = countingNetwork();
  const cachy = testCachy({ fetch: paid, store: brokenStore, mode: "replay" });
  const response = await cachy.fetch(CHAT_URL, jsonPost({}));
  const { message } = (await response.json()).error;
  assert.match(message, /Cannot read broken store: disk on fire/);
  assert.doesNotMatch(message, /To record/, "recording would not help");
  assert.deepEqual([response.status, calls.length], [406, 0]);
});

test("fetch() replays pycachy's line of the plain key if headers are the only extra", async () => {
  const line = { key: "5ece2360", response: `{"id":"resp_1"}` } as Entry;
  const store: Store = {
    name: "one line",
    find: (key, sha256) => sha256 || key !== line.key ? undefined : line,
    append() {},
  };
  const ask = async (headers: Record<string, string>, namespace?: string) => {
    const cachy = testCachy({ store, mode: "replay", namespace });
    const init = jsonPost({ model: "gpt-4.1", input: "Hey!" }, headers);
    return (await cachy.fetch("https://api.openai.com/v1/responses", init))
      .status;
  };
  assert.equal(await ask({ "openai-beta": "responses=v1" }), 200);
  assert.equal(await ask({ "openai-beta": "responses=v1" }, "other"), 406);
  assert.equal(await ask({}), 406, "the store was asked for the digest too, and this one has no such line");
});

test("fetch() reads a stream for the key and sends a stream, and sends the Request itself", async () => {
  const { fetch: paid, calls } = countingNetwork();
  const cachy = testCachy({ fetch: paid });
  const stream = new Blob([`{"a":`, `1}`]).stream();
  const init = { method: "POST", body: stream, duplex: "half", headers: { "content-type": "application/json" } };
  await (await cachy.fetch(CHAT_URL, init as RequestInit)).text();
  const sent = calls[0]?.[1]?.body;
  assert.ok(sent instanceof ReadableStream);
  assert.equal(await new Response(sent).text(), `{"a":1}`);
  const request = new Request(CHAT_URL, jsonPost({ a: 1 }));
  assert.deepEqual(await (await cachy.fetch(request)).json(), { count: 1 }, "the same request in another form");
  const other = new Request(CHAT_URL, jsonPost({ a: 2 }));
  await cachy.fetch(other);
  assert.equal(calls[1]?.[0], other);
  assert.equal(other.bodyUsed, false);
});

test("fetch() lets the original fetch reject an invalid call", async () => {
  const refusal = new TypeError("refused");
  const { fetch: paid } = network(() => Promise.reject(refusal));
  const cachy = testCachy({ fetch: paid });
  const used = new Request(CHAT_URL, jsonPost({}));
  await used.text();
  await assert.rejects(cachy.fetch(used), (error) => error === refusal);
  await assert.rejects(cachy.fetch(CHAT_URL, { headers: { "bad name": "x" } }), (error) => error === refusal);
});

test("fetch() records no stream whose chunks are not bytes", async () => {
  const parts = () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(new ArrayBuffer(4));
        controller.close();
      },
    });
  const paid = network(() => new Response(parts(), { headers: { "content-type": "audio/mpeg" } }));
  const cachy = testCachy({ fetch: paid.fetch });
  for (let call = 1; call <= 2; call++) {
    const response = await cachy.fetch(CHAT_URL, jsonPost({}));
    await response.arrayBuffer().catch(() => {});
    await cachy.flush();
    assert.deepEqual([paid.calls.length, cachy.stats.recorded, cachy.stats.hits], [call, 0, 0]);
  }
});

test("fetch() passes on a response that it cannot record, and says why", async () => {
  const answer = Object.defineProperty(jsonAnswer({ count: 1 }), "body", { value: { pipe() {} } }); // like node-fetch
  const cachy = testCachy({ fetch: network(() => answer).fetch });
  assert.equal(await cachy.fetch(CHAT_URL, jsonPost({})), answer);
  const dropped = cachy.events.find((event) => event.kind === "dropped");
  assert.deepEqual([dropped?.kind === "dropped" && dropped.reason, cachy.stats.recorded], ["not-readable", 0]);
});

test("a response whose body the option fetch has read is passed on, and not recorded", async () => {
  const read = async () => {
    const response = jsonAnswer({ id: "1" });
    await response.text();
    return response;
  };
  const cachy = testCachy({ fetch: read });
  const response = await cachy.fetch(CHAT_URL, jsonPost({}));
  assert.deepEqual([response.status, response.bodyUsed], [200, true]);
  await cachy.flush();
  assert.deepEqual(cachy.events.map(({ kind }) => kind), ["miss", "dropped"]);
});

test("a body that the option fetch has locked breaks for the caller alone", async () => {
  const locked = () => {
    const response = jsonAnswer({ id: "1" });
    response.body?.getReader();
    return Promise.resolve(response);
  };
  const cachy = testCachy({ fetch: locked });
  await assert.rejects(async () => await (await cachy.fetch(CHAT_URL, jsonPost({}))).text());
  // An unhandled rejection would fail the test.
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(cachy.stats.recorded, 0);
});

test("fetch() calls the network if it cannot identify a request", async () => {
  const broken = new Proxy(/x/, {
    get(target, name) {
      if (name === "source") throw new Error("my own bug");
      return Reflect.get(target, name);
    },
  });
  const cachy = testCachy({ fetch: countingNetwork().fetch, normalize: [[broken, "y"]] });
  assert.deepEqual(await (await cachy.fetch(CHAT_URL, jsonPost({ a: "b" }))).json(), { count: 1 });
  assert.match(JSON.stringify(cachy.events), /Cannot identify a request, so it is not cached: my own bug/);
});

test("fetch() leaves bodies of unknown kinds to the runtime, with one warning", async () => {
  const { fetch: paid, calls } = countingNetwork();
  const cachy = testCachy({ fetch: paid });
  class OtherForm {
    readonly [Symbol.toStringTag] = "FormData";
  }
  for (const body of [new OtherForm(), new OtherForm(), async function* () {}] as unknown as BodyInit[]) {
    const init = { method: "POST", body };
    await cachy.fetch(`${CHAT_URL}?key=s3cr3t`, init);
    assert.equal(calls.at(-1)?.[1]?.body, body);
  }
  const warnings = cachy.events.flatMap((event) => event.kind === "warning" ? event.message : []);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? "",
    /body is of an unknown kind.*POST https:\/\/api\.openai\.com\/v1\/chat\/completions$/,
  );
});

test("fetch() passes on reason phrases and objects that new Response() would reject", async () => {
  const phrase = Object.defineProperty(jsonAnswer({}), "statusText", { value: "成功" });
  const cachy = testCachy({ fetch: network(() => phrase).fetch });
  assert.equal((await cachy.fetch(CHAT_URL, jsonPost({}))).statusText, "成功");
  const mocked = { status: 200, headers: { get: () => null }, body: null } as unknown as Response;
  assert.equal(await testCachy({ fetch: network(() => mocked).fetch }).fetch(CHAT_URL, jsonPost({})), mocked);
});

test("fetch() writes a response at most twice, for any number of terminal events", async () => {
  const lines: Entry[] = [];
  const store: Store = { name: "lines", find: () => undefined, append: (entry) => void lines.push(entry) };
  const [start = "", finish = "", done = ""] = chatEvents("x");
  const pieces = [start, finish, done, done, done, done];
  const cachy = testCachy({ store, fetch: network(() => streamAnswer(pieces)).fetch });
  await (await cachy.fetch(CHAT_URL, jsonPost({ stream: true }))).text();
  assert.deepEqual([lines.length, lines.at(-1)?.response], [2, pieces.join("")]);
});

test("fetch() counts a response as recorded even if the bytes after its last event are not written", async () => {
  const store = memoryStore();
  let appended = 0;
  const failing: Store = {
    ...store,
    append: (entry) => ++appended > 1 ? assert.fail("disk full") : store.append(entry),
  };
  const { fetch } = network(() => streamAnswer([...chatEvents("Hi"), ": bye\n\n"]));
  const cachy = testCachy({ store: failing, fetch });
  await (await cachy.fetch(CHAT_URL, jsonPost({ stream: true }))).text();
  assert.deepEqual([appended, cachy.stats.recorded, cachy.stats.dropped], [2, 1, 0]);
});

test("a warning is an event of every handle, and is printed once", async (t) => {
  const printed: unknown[] = [];
  const print = console.error;
  console.error = (...texts: unknown[]) => void printed.push(...texts);
  t.after(() => void (console.error = print));
  const store: Store = { name: "one place", find: () => assert.fail("down"), append: () => {} };
  for (let handle = 0; handle < 3; handle++) {
    const cachy = testCachy({ store, fetch: network(() => jsonAnswer({})).fetch });
    await (await cachy.fetch(CHAT_URL, jsonPost({}))).text();
    assert.equal(cachy.events.filter(({ kind }) => kind === "warning").length, 1);
  }
  assert.deepEqual(printed, ["cachy: Cannot read one place: down"]);
});

test("fetch() says once that a host is not cached whose path is that of an LLM API, with debug or in mode replay", async (t) => {
  const print = t.mock.method(console, "error", () => {});
  const urls = [
    "http://localhost:4000/v1/responses",
    "http://localhost:4000/v1/responses",
    "http://localhost:4000/health",
    "http://127.0.0.1:11434/api/chat",
    "https://ignored.example/v1/messages",
  ];
  const ask = async (options: CachyOptions) => {
    const cachy = testCachy({ fetch: countingNetwork().fetch, ...options });
    for (const url of urls) await (await cachy.fetch(url, jsonPost({}))).text();
    await (await cachy.fetch("https://pages.example/messages")).text();
    await (await cachy.fetch(new Request("https://pages.example/messages"))).text();
    return cachy.events.map((event) => event.kind === "warning" ? event.message : event.kind);
  };
  assert.deepEqual(await ask({}), []);
  assert.equal(print.mock.calls.length, 0);
  const told = await ask({ debug: true, ignore: ["ignored.example"] });
  assert.deepEqual(
    told,
    ["localhost:4000", "127.0.0.1:11434"].map((host) =>
      `Requests to ${host} are not cached: ${host} is not in the option "domains". ` +
      `To cache them, set domains: [...defaultDomains, "${host}"], or CACHY_DOMAINS=${host}.`
    ),
  );
  assert.deepEqual(await ask({ mode: "replay", ignore: ["ignored.example"] }), told);
  const failing = await ask({ debug: true, ignore: [() => assert.fail("never")] });
  assert.deepEqual(failing, [], "a function that fails breaks no call");
});

test("the path of a request shows that it calls an LLM API", async () => {
  const isTold = async (path: string) => {
    const cachy = testCachy({ fetch: countingNetwork().fetch, mode: "replay" });
    await (await cachy.fetch(`http://localhost:4000${path}`, jsonPost({}))).text();
    return cachy.events.length > 0;
  };
  const told = [
    "/v1/completions",
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/v1/images/generations",
    "/v2/chat",
    "/v1/rerank",
    "/model/amazon.nova-pro-v1%3A0/converse-stream",
    "/v1beta/models/gemini-2.5-pro:streamGenerateContent",
    "/v1beta/models/embedding-001:batchEmbedContents",
  ];
  for (const path of told) assert.equal(await isTold(path), true, path);
  for (const path of ["/chat", "/audio/upload", "/images/7", "/v1/models"]) {
    assert.equal(await isTold(path), false, path);
  }
});
