/** Two machines that share a Redis, with each client, and a Redis that is killed at the worst moments and restarted. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Entry, jsonlStore, layeredStore } from "../mod.ts";
import { parseEntry } from "../src/store/entry.ts";
import { keyValueStore } from "../src/store/key_value.ts";
import { type RedisClient, redisClients } from "./key_value_clients.ts";
import { runProgram } from "./processes.ts";
import { redisIsMissing, type RedisServer, startRedis } from "./redis.ts";
import { slowTest, type TestContext } from "./suite.ts";
import {
  CHAT_URL,
  chatEvents,
  countingNetwork,
  eventually,
  type FakeNetwork,
  jsonPost,
  kinds,
  network,
  streamAnswer,
  temporaryFolder,
  testCachy,
} from "./testing.ts";

/** Long enough for a busy machine. */
const PATIENT_MS = 30_000;
/** A server that is gone costs this time once, and is then left alone ten times as long. */
const SHORT_MS = 100;

async function redisFor(t: TestContext): Promise<RedisServer> {
  const server = await startRedis();
  t.after(() => server.kill());
  return server;
}

/** A handle with a separate file and client. */
async function machine(t: TestContext, client: RedisClient, url: string, timeLimitMs: number, { fetch }: FakeNetwork) {
  const { kv, close } = await client.connect(url);
  t.after(close);
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const shared = keyValueStore(kv, { name: "the team's Redis", timeLimitMs });
  const store = layeredStore(jsonlStore(file), shared);
  const cachy = testCachy({ store, fetch });
  const ask = async (prompt: string) => await (await cachy.fetch(CHAT_URL, jsonPost({ prompt }))).text();
  const warnings = () => cachy.events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
  return { cachy, file, ask, warnings };
}

function entriesIn(file: string): Entry[] {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  return lines.map((line) => {
    const entry = parseEntry(line);
    assert.ok(typeof entry === "object", line);
    return entry;
  });
}

const ONE_WARNING =
  /^Cannot (?:read|write) the team's Redis: [^|]+\. Only [^|]+cachy\.jsonl is used for the next 1 s\.$/;

for (const client of redisClients) {
  slowTest(
    `B replays from Redis what A records by ${client.name}, and then without Redis`,
    { skip: client.skip },
    async (t) => {
      const server = await redisFor(t);
      const paid = countingNetwork();
      const a = await machine(t, client, server.url, PATIENT_MS, paid);
      const b = await machine(t, client, server.url, PATIENT_MS, paid);
      assert.deepEqual([await a.ask("Hi"), await b.ask("Hi")], [`{"count":1}`, `{"count":1}`]);
      assert.deepEqual([kinds(a.cachy.events), kinds(b.cachy.events)], [["miss", "recorded"], ["hit"]]);
      assert.deepEqual(entriesIn(b.file), entriesIn(a.file));
      await server.kill();
      const alone = testCachy({ store: jsonlStore(b.file), fetch: paid.fetch, mode: "replay" });
      assert.equal(await (await alone.fetch(CHAT_URL, jsonPost({ prompt: "Hi" }))).text(), `{"count":1}`);
      assert.equal(await b.ask("Hi"), `{"count":1}`);
      assert.deepEqual([paid.calls.length, a.warnings(), b.warnings()], [1, [], []]);
    },
  );

  if (client.name === "unstorage") continue; // It uses Redis by ioredis.

  slowTest(`a kill of Redis before a read by ${client.name} costs one warning`, { skip: client.skip }, async (t) => {
    const server = await redisFor(t);
    const { ask, file, warnings } = await machine(t, client, server.url, SHORT_MS, countingNetwork());
    await ask("before");
    await server.kill();
    assert.deepEqual([await ask("after"), await ask("later"), await ask("after")], [2, 3, 2].map(countOf));
    assert.equal(entriesIn(file).length, 3);
    assert.match(warnings().join("|"), ONE_WARNING);
  });

  slowTest(
    `a kill of Redis between read and write by ${client.name} costs one warning`,
    { skip: client.skip },
    async (t) => {
      const server = await redisFor(t);
      const counting = countingNetwork();
      const killing = network(async (...call) => {
        await server.kill();
        return await counting.fetch(...call);
      });
      const { ask, file, warnings } = await machine(t, client, server.url, SHORT_MS, killing);
      assert.deepEqual([await ask("Hi"), await ask("later"), await ask("Hi")], [1, 2, 1].map(countOf));
      assert.equal(entriesIn(file).length, 2);
      assert.match(warnings().join("|"), ONE_WARNING);
    },
  );

  slowTest(
    `a kill of Redis while a stream is recorded by ${client.name} costs one warning`,
    { skip: client.skip },
    async (t) => {
      const server = await redisFor(t);
      const events = chatEvents("Hello");
      const answer = () => {
        const source = streamAnswer(events).body as ReadableStream<Uint8Array>;
        const killing = new TransformStream<Uint8Array, Uint8Array>({
          async transform(chunk, controller) {
            controller.enqueue(chunk);
            await server.kill();
          },
        });
        return new Response(source.pipeThrough(killing), { headers: { "content-type": "text/event-stream" } });
      };
      const { ask, file, warnings, cachy } = await machine(t, client, server.url, SHORT_MS, network(answer));
      for (const _ of ["live", "replayed"]) assert.equal(await ask("Hi"), events.join(""));
      assert.deepEqual(entriesIn(file).map(({ response }) => response), [events.join("")]);
      assert.deepEqual(kinds(cachy.events), ["miss", "recorded", "hit"]);
      assert.match(warnings().join("|"), ONE_WARNING);
    },
  );
}

function countOf(count: number): string {
  return JSON.stringify({ count });
}

const usable = redisClients.filter(({ skip }) => !skip);

slowTest("every client shares again after Redis is restarted", { skip: redisIsMissing }, async (t) => {
  const server = await redisFor(t);
  const pairs = await Promise.all(usable.map(async (client) => {
    const a = await machine(t, client, server.url, SHORT_MS, countingNetwork());
    const b = await machine(t, client, server.url, SHORT_MS, network());
    return { name: client.name, a, b };
  }));
  for (const { name, a } of pairs) await a.ask(`${name}: first`);
  await server.kill();
  await Promise.all(pairs.map(({ name, a }) => a.ask(`${name}: down`)));
  for (const { name, a } of pairs) assert.match(a.warnings().join("|"), ONE_WARNING, name);
  await server.start();
  await Promise.all(pairs.map(async ({ name, a, b }) => {
    let attempt = 0;
    await eventually(async () => {
      const prompt = `${name}: attempt ${++attempt}`;
      const recorded = await a.ask(prompt);
      return await b.ask(prompt).catch(() => undefined) === recorded; // B has no network to fall back on
    });
  }));
});

slowTest("in mode replay, a miss says that Redis is not reachable", { skip: redisIsMissing }, async (t) => {
  const server = await redisFor(t);
  await server.kill();
  for (const client of usable.filter(({ name }) => name === "ioredis" || name === "keyv 5")) {
    const { kv, close } = await client.connect(server.url);
    t.after(close);
    const shared = keyValueStore(kv, { name: "the team's Redis", timeLimitMs: SHORT_MS });
    const store = layeredStore(jsonlStore(join(temporaryFolder(t), "cachy.jsonl")), shared);
    const cachy = testCachy({ store, mode: "replay", fetch: network().fetch });
    const response = await cachy.fetch(CHAT_URL, jsonPost({}));
    assert.equal(response.status, 406);
    assert.match((await response.json()).error.message, /recorded for it in .*; the team's Redis is not available now/);
  }
});

slowTest("a kill of Redis neither ends a process nor keeps it alive", { skip: redisIsMissing }, async (t) => {
  const folder = temporaryFolder(t);
  const names = usable.map(({ name }) => name);
  const { code, stdout, stderr } = await runProgram("share_and_survive", [folder, ...names]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), names.map((name) => [name, 3, 1, 0]));
  const lines = stderr.trimEnd().split("\n");
  for (const name of names) {
    const warning = new RegExp(
      `^cachy: Cannot (read|write) Redis by ${name}: .+\\. Only .+ is used for the next 2 s\\.$`,
    );
    assert.equal(lines.filter((line) => warning.test(line)).length, 1, stderr);
    assert.equal(entriesIn(join(folder, `${name}.jsonl`)).length, 3);
  }
  assert.equal(lines.length, names.length, stderr);
});
