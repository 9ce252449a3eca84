import type { TestContext } from "node:test";
import { disableCachy } from "../mod.ts";
import { PROTOCOL, SHARED_STATE, type SharedState } from "../src/lib/shared_state.ts";
import { CHAT_URL, countingNetwork, type FakeNetwork, jsonPost } from "./testing.ts";

/**
 * Replaces the state that the copies of the module share.
 *
 * @param state By default, the state of a process in which cachy was never enabled.
 * @returns Restores the previous state.
 */
export function replaceState(state: Partial<SharedState> = { protocol: PROTOCOL, members: new Map() }): () => void {
  const place = globalThis as { [SHARED_STATE]?: Partial<SharedState> };
  const before = place[SHARED_STATE];
  place[SHARED_STATE] = state;
  return () => void (place[SHARED_STATE] = before);
}

/** A process in which cachy was never enabled, with a simulated network as its fetch. */
export function freshProcess(t: TestContext, paid: FakeNetwork = countingNetwork()): FakeNetwork {
  const platform = globalThis.fetch;
  const putBack = replaceState();
  globalThis.fetch = paid.fetch;
  t.after(() => {
    disableCachy();
    globalThis.fetch = platform;
    putBack();
  });
  return paid;
}

/** Calls the global fetch or another one. Returns the number in the response of the network. */
export async function ask(client: typeof fetch = fetch, body: unknown = {}): Promise<number> {
  return (await (await client(CHAT_URL, jsonPost(body))).json()).count;
}
