import assert from "node:assert/strict";
import OpenAI from "openai";
import { createCachy, memoryStore, type Pace, type Store } from "../mod.ts";
import type { Entry } from "../src/store/entry.ts";
import type { Clock } from "../src/replay/replay.ts";
import { replay } from "../src/replay/replay.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, test } from "./suite.ts";
import { CHAT_URL } from "./testing.ts";

/** A clock that stands still, until it is moved to what it was asked to wait for. */
class FakeClock implements Clock {
  /** The delays that were asked for. */
  readonly delays: number[] = [];
  time = 1000;
  #due: (() => void) | undefined;

  now(): number {
    return this.time;
  }

  after(ms: number, call: () => void): () => void {
    assert.equal(this.#due, undefined, "one timer at a time");
    this.delays.push(ms);
    this.#due = () => {
      this.#due = undefined;
      this.time += ms;
      call();
    };
    return () => this.#due = undefined;
  }

  get isWaiting(): boolean {
    return this.#due !== undefined;
  }

  /** Lets the time that is waited for pass. */
  pass(): void {
    this.#due?.();
  }
}

/** A signal that knows how many listeners it has. */
function countedSignal(): {
  readonly aborter: AbortController;
  listeners(): number;
} {
  const aborter = new AbortController();
  let count = 0;
  const { addEventListener, removeEventListener } = aborter.signal;
  const known = new Set<unknown>();
  Object.assign(aborter.signal, {
    addEventListener(...args: Parameters<typeof addEventListener>) {
      known.add(args[1]);
      count = known.size;
      addEventListener.apply(aborter.signal, args);
    },
    removeEventListener(...args: Parameters<typeof removeEventListener>) {
      known.delete(args[1]);
      count = known.size;
      removeEventListener.apply(aborter.signal, args);
    },
  });
  return { aborter, listeners: () => count };
}

const CHUNKS = [[0, 1], [10, 1], [40, 1], [100, 1]] as const;

function pacedReader(
  pace: Pace | undefined,
  { chunks = CHUNKS as unknown, response = "abcd", signal }: {
    readonly chunks?: unknown;
    readonly response?: string;
    readonly signal?: AbortSignal;
  } = {},
) {
  const clock = new FakeClock();
  const headers = { "content-type": "text/event-stream" };
  const entry: Entry = {
    key: "5ece2360",
    v: 1,
    headers,
    response,
    chunks: chunks as Entry["chunks"],
  };
  const reader = replay(entry, { url: new URL(CHAT_URL), signal, pace, clock })
    .body?.getReader();
  assert.ok(reader);
  const read = async () => {
    const { value } = await reader.read();
    return value && new TextDecoder().decode(value);
  };
  /** Reads a chunk, and lets the time pass that it has to wait for. */
  const readLater = async () => {
    const reading = read();
    await nextTurn();
    clock.pass();
    return await reading;
  };
  return { clock, reader, read, readLater };
}

const nextTurn = () => new Promise((resolve) => setTimeout(resolve));

async function delaysOf(
  pace: Pace | undefined,
  members?: Parameters<typeof pacedReader>[1],
) {
  const { clock, readLater } = pacedReader(pace, members);
  const texts: string[] = [];
  for (
    let text = await readLater();
    text !== undefined;
    text = await readLater()
  ) texts.push(text);
  return { delays: clock.delays, text: texts.join(""), chunks: texts.length };
}

test("replay() asks for no time, when there is no pace", async () => {
  assert.deepEqual(await delaysOf(undefined), {
    delays: [],
    text: "abcd",
    chunks: 4,
  });
});

test("replay() waits as recorded, so many times as fast, or the same before every chunk", async () => {
  const cases: [Pace, number[]][] = [
    ["recorded", [10, 30, 60]],
    [2, [5, 15, 30]],
    [0.5, [20, 60, 120]],
    [Infinity, []],
    [{ chunkMs: 20 }, [20, 20, 20, 20]],
    [{ chunkMs: 0 }, []],
  ];
  for (const [pace, delays] of cases) {
    assert.deepEqual(
      await delaysOf(pace),
      { delays, text: "abcd", chunks: 4 },
      JSON.stringify(pace),
    );
  }
});

test("replay() waits once before a body that was recorded as one chunk", async () => {
  const chunks = [[30, 4]];
  assert.deepEqual(await delaysOf({ chunkMs: 20 }, { chunks }), {
    delays: [20],
    text: "abcd",
    chunks: 1,
  });
  assert.deepEqual(await delaysOf("recorded", { chunks }), {
    delays: [30],
    text: "abcd",
    chunks: 1,
  });
});

test("replay() gives a body at once, when it has no chunks or they do not describe it", async () => {
  for (const chunks of [undefined, [], [[5, 3]], "1234"]) {
    for (const pace of ["recorded", { chunkMs: 20 }] as const) {
      // Not undefined, which would mean the usual chunks.
      const { delays, text } = await delaysOf(pace, { chunks: chunks ?? null });
      assert.deepEqual([delays, text], [[], "abcd"], JSON.stringify(chunks));
    }
  }
});

test("replay() does not wait for times that are none", async () => {
  const chunks = [["a", 1], [-5, 1], [null, 1], [7, 1]];
  assert.deepEqual(await delaysOf("recorded", { chunks }), {
    delays: [7],
    text: "abcd",
    chunks: 4,
  });
});

test("replay() does not delay a slow reader further, since recorded times count from the start", async () => {
  const { clock, read, readLater } = pacedReader("recorded");
  await read();
  clock.time += 60; // the second and the third chunk are due meanwhile
  assert.deepEqual([await read(), await read(), clock.delays], ["b", "c", []]);
  assert.deepEqual([await readLater(), clock.delays], ["d", [40]]);
});

test("replay() gives no chunk before its time", async () => {
  const { clock, read } = pacedReader("recorded");
  assert.equal(await read(), "a");
  let text: string | undefined;
  const reading = read().then((chunk) => text = chunk);
  await nextTurn();
  assert.deepEqual([text, clock.isWaiting], [undefined, true]);
  clock.pass();
  await reading;
  assert.equal(text, "b");
});

test("replay() ends a pause with the signal's reason, and leaves no timer and no listener behind", async () => {
  for (const pace of ["recorded", { chunkMs: 20 }] as const) {
    const { aborter, listeners } = countedSignal();
    const { clock, read, readLater } = pacedReader(pace, {
      signal: aborter.signal,
    });
    await readLater();
    assert.equal(listeners(), 0);
    const reason = new Error("changed my mind");
    const reading = read();
    await nextTurn();
    assert.deepEqual([clock.isWaiting, listeners()], [true, 1]);
    aborter.abort(reason);
    await assert.rejects(reading, (error) => error === reason);
    assert.deepEqual([clock.isWaiting, listeners()], [false, 0]);
    await assert.rejects(read(), (error) => error === reason);
  }
});

test("replay() ends a pause at once, when the reader cancels, and leaves no timer and no listener behind", async () => {
  const { aborter, listeners } = countedSignal();
  const { clock, read, reader } = pacedReader("recorded", {
    signal: aborter.signal,
  });
  await read();
  const reading = read();
  await nextTurn();
  assert.deepEqual([clock.isWaiting, listeners()], [true, 1]);
  await reader.cancel();
  assert.equal(await reading, undefined);
  assert.deepEqual([clock.isWaiting, listeners()], [false, 0]);
});

test("replay() has nothing to call off, when the reader cancels between two chunks", async () => {
  const { clock, read, reader } = pacedReader("recorded");
  await read();
  await reader.cancel();
  assert.deepEqual([await read(), clock.delays], [undefined, []]);
});

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
after(() => provider.stop());

/** A store that is full, with other times than those that were recorded. */
async function recordedStore(time: (index: number) => number): Promise<Store> {
  const store = memoryStore();
  await allEvents(clientOf(store));
  return {
    name: "other times",
    append: store.append,
    async find(key, sha256) {
      const entry = await store.find(key, sha256);
      return entry &&
        {
          ...entry,
          chunks: entry.chunks?.map(([, bytes], index) => [time(index), bytes] as const),
        };
    },
  };
}

function clientOf(store: Store, pace?: Pace): OpenAI {
  const cachy = createCachy({
    store,
    pace,
    mode: "auto",
    domains: [provider.url],
  });
  return new OpenAI({
    apiKey: "dummy",
    baseURL: `${provider.url}/v1`,
    maxRetries: 0,
    fetch: cachy.fetch,
  });
}

function openStream(client: OpenAI, signal?: AbortSignal) {
  const body = {
    model: "gpt-5-mini",
    input: "Say hello.",
    stream: true,
  } as const;
  return client.responses.create(body, { signal });
}

async function allEvents(client: OpenAI): Promise<unknown[]> {
  const events: unknown[] = [];
  for await (const event of await openStream(client)) events.push(event);
  return events;
}

test("an SDK sees the same events at every pace", async () => {
  const store = await recordedStore((index) => index);
  const events = await allEvents(clientOf(store));
  for (const pace of ["recorded", 4, { chunkMs: 1 }] as const) {
    assert.deepEqual(
      await allEvents(clientOf(store, pace)),
      events,
      JSON.stringify(pace),
    );
  }
});

/** After the first event, a pause that no test waits for. */
const endlessPause = () => recordedStore((index) => index < 2 ? 0 : 1e9);

test("an SDK's caller may break in the middle of a pause", async () => {
  const stream = await openStream(clientOf(await endlessPause(), "recorded"));
  for await (const event of stream) {
    assert.equal(event.type, "response.created");
    break;
  }
});

test("an SDK's caller may abort in the middle of a pause", async () => {
  const aborter = new AbortController();
  const stream = await openStream(
    clientOf(await endlessPause(), "recorded"),
    aborter.signal,
  );
  const types: string[] = [];
  for await (const event of stream) {
    types.push(event.type);
    // Not now, but when the next event is waited for.
    setTimeout(() => aborter.abort());
  }
  // The SDK ends a stream that its caller aborts without an error, as it does with a live one.
  assert.deepEqual(types.slice(0, 1), ["response.created"]);
  assert.ok(!types.includes("response.completed"));
});
