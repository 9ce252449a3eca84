import type { TestContext } from "node:test";
import { disableCachy } from "../mod.ts";
import { SHARED_STATE } from "../src/global_fetch.ts";
import { CHAT_URL, countingNetwork, type FakeNetwork, jsonPost } from "./testing.ts";

/** Where the copies of the module share their state. */
export const shared = globalThis as { [SHARED_STATE]?: unknown };

/** A process in which nothing was ever enabled, whose fetch is a paid network. */
export function freshProcess(t: TestContext, paid: FakeNetwork = countingNetwork()): FakeNetwork {
  const [platform, patch] = [globalThis.fetch, shared[SHARED_STATE]];
  delete shared[SHARED_STATE];
  globalThis.fetch = paid.fetch;
  t.after(() => {
    disableCachy();
    globalThis.fetch = platform;
    shared[SHARED_STATE] = patch;
  });
  return paid;
}

/** Asks by the global fetch or another one; gives the number of the network's answer. */
export async function ask(client: typeof fetch = fetch, body: unknown = {}): Promise<number> {
  return (await (await client(CHAT_URL, jsonPost(body))).json()).count;
}
