/** Shares entries by each client through a Redis that is killed, and prints the results. Arguments: folder, clients. */
import { join } from "node:path";
import process from "node:process";
import { createCachy, jsonlStore, layeredStore } from "../../mod.ts";
import { keyValueStore } from "../../src/store/key_value.ts";
import { redisClients } from "../key_value_clients.ts";
import { startRedis } from "../redis.ts";
import { CHAT_URL, chatEvents, jsonPost, streamAnswer } from "../testing.ts";

const [folder = "", ...names] = process.argv.slice(2);
const server = await startRedis();
const whole = chatEvents("Hello").join("");

const machines = await Promise.all(names.map(async (name) => {
  const connection = await redisClients.find((client) => client.name === name)?.connect(server.url);
  if (!connection) throw new Error(`There is no client ${name}.`);
  const prefix = name.replace(/\W/g, "-"); // Otherwise, some clients would find the recordings of others.
  const shared = keyValueStore(connection.kv, { name: `Redis by ${name}`, prefix, timeLimitMs: 200 });
  const cachy = createCachy({
    store: layeredStore(jsonlStore(join(folder, `${name}.jsonl`)), shared),
    mode: "auto",
    fetch: () => Promise.resolve(streamAnswer(chatEvents("Hello"))),
  });
  const ask = async (prompt: string) => {
    const response = await cachy.fetch(CHAT_URL, jsonPost({ prompt, stream: true }));
    if (await response.text() !== whole) throw new Error(`bytes are lost by ${name}`);
  };
  return { name, ask, cachy, close: connection.close };
}));

await Promise.all(machines.map(({ ask }) => ask("before")));
await server.kill();
await Promise.all(machines.map(async ({ ask }) => {
  await Promise.all([ask("one"), ask("two")]);
  await ask("one");
}));
// Clients report a lost connection before their next attempts.
await new Promise((resolve) => setTimeout(resolve, 300));
for (const { close } of machines) await close();
const results = machines.map(({ name, cachy: { stats } }) => [name, stats.recorded, stats.hits, stats.dropped]);
console.log(JSON.stringify(results));
