/** Calls that are aborted, cancelled, dropped, half read and made twice at random leave whole lines and no loose ends. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createCachy } from "../mod.ts";
import { parseEntry } from "../src/store/entry.ts";
import { startProgram } from "./processes.ts";
import { textOf } from "./provider/text.ts";
import { seed, slowTest, type TestContext } from "./suite.ts";
import { jsonPost, temporaryFolder } from "./testing.ts";

const ALL_CALLS = 600;

/** Random numbers that the seed decides. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Treatment = (call: Promise<Response>, aborter: AbortController, ms: number) => Promise<unknown>;

const TREATMENTS: readonly Treatment[] = [
  async (call) => await (await call).text(),
  async (call, aborter, ms) => (pause(ms).then(() => aborter.abort()), await (await call).text()),
  async (call, aborter) => (aborter.abort(), await call),
  async (call) => await (await call).body?.cancel(),
  async (call) => void await call,
  async (call) => void await (await call).body?.getReader().read(),
  async (call) => {
    for await (const _ of (await call).body ?? []) break;
  },
  async (call) => {
    const reader = (await call).body?.getReader({ mode: "byob" });
    for (let part = await reader?.read(new Uint8Array(9)); part?.value; part = await reader?.read(part.value));
  },
  async (call) => {
    const reader = (await call).body?.getReader();
    await reader?.read();
    await reader?.cancel();
  },
  async (call, aborter) => {
    await (await call).body?.getReader().read();
    aborter.abort(new Error("enough"));
  },
  async (call) => {
    const response = await call;
    const clone = response.clone();
    await clone.text();
    await response.text();
  },
  async (call, aborter, ms) => {
    const response = await call;
    response.clone().body?.cancel().catch(() => {});
    await pause(ms);
    await response.body?.cancel();
    aborter.abort();
  },
];

async function startServer(t: TestContext): Promise<string> {
  const { child, exit } = startProgram("serve", ["faulty"]);
  t.after(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  return await new Promise((resolve) => child.stdout?.once("data", (text) => resolve(String(text).trim())));
}

slowTest(
  "600 random calls to a faulty server leave no unhandled rejection, and only whole responses in the file",
  async (t) => {
    // In a process of its own, because its faults come by time.
    const provider = await startServer(t);
    const file = join(temporaryFolder(t), "cachy.jsonl");
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", listen);
    const cachy = createCachy({ file, domains: [provider], mode: "auto" });
    const random = randomNumbers(seed);

    const one = async (): Promise<void> => {
      const body = { model: "m", stream: random(3) > 0, messages: [{ role: "user", content: `${random(40)}` }] };
      const aborter = new AbortController();
      const treat = TREATMENTS[random(TREATMENTS.length)] as Treatment;
      const call = cachy.fetch(`${provider}/v1/chat/completions`, { ...jsonPost(body), signal: aborter.signal });
      await treat(call, aborter, random(8)).catch(() => {});
    };
    for (let left = ALL_CALLS; left > 0;) {
      const together = Math.min(left, 1 + random(6));
      left -= together;
      await Promise.all(Array.from({ length: together }, one));
    }
    await cachy.flush();
    await pause(20);
    process.off("unhandledRejection", listen);

    assert.deepEqual(unhandled, []);
    const lines = readFileSync(file, "utf8").split("\n");
    assert.equal(lines.pop(), "");

    assert.ok(lines.length > 40, `${lines.length} lines`);
    for (const line of lines) {
      const entry = parseEntry(line);
      assert.ok(typeof entry === "object", line);
      const text = textIn(entry.response);
      assert.equal(text, textOf({ number: Number(/answer (\d+)/.exec(text)?.[1]) }));
    }
  },
);

interface Choice {
  readonly delta?: { readonly content?: string };
  readonly message?: { readonly content: string };
}

/** The text of a chat completion, streamed to its end or whole. */
function textIn(body: string): string {
  const events = body.startsWith("data:")
    ? body.split("\n\n").map((event) => event.slice("data: ".length))
    : [body, "[DONE]", ""];
  assert.deepEqual(events.splice(-2), ["[DONE]", ""]);
  const choices = events.map((event) => (JSON.parse(event) as { choices: Choice[] }).choices[0]);
  return choices.map((choice) => choice?.delta?.content ?? choice?.message?.content ?? "").join("");
}
