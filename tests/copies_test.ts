import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import * as first from "../mod.ts";
import { SHARED_STATE } from "../src/lib/shared_state.ts";
import { ask, freshProcess, replaceState } from "./fresh_process.ts";
import { runProgram } from "./processes.ts";
import { newCopy, secondCopy } from "./second_copy.ts";
import { slowTest, test } from "./suite.ts";
import { CHAT_URL, chatEvents, countingNetwork, jsonPost, network, temporaryFolder } from "./testing.ts";

/** Both copies of the module, and a shared file. */
async function twoCopies(t: TestContext) {
  const folder = temporaryFolder(t);
  return { copies: [first, await secondCopy(folder)] as const, file: join(folder, "cachy.jsonl") };
}

/** A network that sends the last event of its stream when `end` is called. */
function openAnswer() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => end = resolve);
  const paid = network(() => {
    const body = new ReadableStream({
      async start(controller) {
        for (const event of chatEvents("Hello")) {
          if (event.includes("[DONE]")) await ended;
          controller.enqueue(new TextEncoder().encode(event));
        }
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  return { ...paid, end };
}

test("a call is answered and not recorded, with a warning, if the code that records cannot be loaded", {
  skip: "Deno" in globalThis ? "Deno loads it with the rest of the module." : undefined,
}, async (t) => {
  const folder = temporaryFolder(t);
  const { second, live } = await newCopy(folder);
  rmSync(live);
  const paid = countingNetwork();
  const warnings: string[] = [];
  const onEvent = (event: { readonly kind: string; readonly message?: string }) => {
    if (event.kind === "warning") warnings.push(event.message ?? "");
  };
  const cachy = second.createCachy({ store: second.memoryStore(), mode: "auto", fetch: paid.fetch, onEvent });
  assert.deepEqual([await ask(cachy.fetch), await ask(cachy.fetch)], [1, 2]);
  assert.deepEqual([cachy.stats.misses, cachy.stats.recorded], [2, 0]);
  assert.match(warnings[0] ?? "", /^Cannot load the code that records, so nothing is recorded: /);
  assert.equal(warnings.length, 1);
});

test("two copies of the module record a request once in mode refresh", async (t) => {
  const paid = freshProcess(t);
  const { copies: [one, other], file } = await twoCopies(t);
  const options = { file, mode: "refresh" } as const;
  one.enableCachy(options);
  assert.equal(await ask(), 1);
  other.enableCachy(options);
  assert.equal(await ask(), 1);
  assert.equal(await other.withCachy(options, () => ask()), 1);
  assert.equal(await ask(one.createCachy(options).fetch), 1);
  assert.equal(paid.calls.length, 1);
});

test("concurrent scopes of two copies of the module make one network call for identical requests", async (t) => {
  const paid = freshProcess(t);
  const { copies, file } = await twoCopies(t);
  const scopes = copies.map(({ withCachy }) => withCachy({ file, mode: "auto" }, () => ask()));
  assert.deepEqual(await Promise.all(scopes), [1, 1]);
  assert.equal(paid.calls.length, 1);
  assert.equal(readFileSync(file, "utf8").trimEnd().split("\n").length, 1);
});

test("two copies of the module print a warning once, and both report it", async (t) => {
  const { copies, file } = await twoCopies(t);
  writeFileSync(file, "no entry\n");
  const printed: string[] = [];
  const print = console.error;
  console.error = (line: string) => void printed.push(line);
  t.after(() => void (console.error = print));
  const warnings: string[] = [];
  const onEvent = (event: first.CachyEvent) => void (event.kind === "warning" && warnings.push(event.message));
  for (const { createCachy, jsonlStore } of copies) {
    const { fetch } = createCachy({ file, mode: "auto", onEvent, fetch: countingNetwork().fetch });
    await ask(fetch);
    await jsonlStore(file).find("00000000"); // without a handle
  }
  assert.equal(warnings.length, 2);
  assert.deepEqual(printed, [`cachy: ${warnings[0]}`]);
});

test("two copies of the module count each request in one handle", async (t) => {
  const paid = freshProcess(t);
  const { copies: [one, other], file } = await twoCopies(t);
  const replaced = one.enableCachy({ file, mode: "auto" });
  const enabled = other.enableCachy({ file, mode: "auto" });
  const handles = [replaced, enabled, one.createCachy({ file, mode: "auto" })];
  for (const client of [globalThis.fetch, handles[2]?.fetch]) assert.equal(await ask(client), 1);
  await other.withCachy({ file, mode: "replay" }, async (scope) => {
    handles.push(scope);
    assert.equal(await ask(), 1);
  });
  assert.deepEqual(handles.map(({ stats }) => [stats.misses, stats.hits]), [[0, 0], [1, 0], [0, 1], [0, 1]]);
  assert.equal(paid.calls.length, 1);
});

test("two copies of the module number identical stateful requests like two handles of one copy", async (t) => {
  const { copies: [one, other], file } = await twoCopies(t);
  const { fetch, calls } = countingNetwork();
  const create = async ({ createCachy }: typeof first) => {
    const cachy = createCachy({ file, mode: "auto", fetch });
    const body = async () =>
      (await (await cachy.fetch("https://api.openai.com/v1/batches", jsonPost({}))).json()).count;
    return [await body(), await body()];
  };
  const numbered = [await create(one), await create(one), await create(other)];
  assert.deepEqual([...numbered, calls.length], [[1, 2], [1, 2], [1, 2], 2]);
});

test("flush() waits for recordings of another copy of the module into the same file, and no other file", async (t) => {
  const { copies: [one, other], file } = await twoCopies(t);
  const { fetch, end } = openAnswer();
  const stream = await one.createCachy({ file, mode: "auto", fetch }).fetch(CHAT_URL, jsonPost({ stream: true }));
  await other.createCachy({ file: `${file}2`, mode: "auto", fetch }).flush();
  await other.withCachy({ file, mode: "auto" }, () => {}); // waits for its own recordings
  const isWritten = other.createCachy({ file, mode: "auto", fetch }).flush().then(() => existsSync(file));
  setTimeout(end); // ends after a flush that does not wait
  assert.equal(await isWritten, true);
  await stream.body?.cancel();
});

test("createCachy() and disableCachy() work beside a version that speaks another protocol", async (t) => {
  const paid = freshProcess(t);
  t.after(replaceState({ protocol: 99 }));
  first.disableCachy();
  const cachy = first.createCachy({ mode: "refresh", store: first.memoryStore() });
  assert.deepEqual([await ask(cachy.fetch), await ask(cachy.fetch), paid.calls.length], [1, 1, 1]);
});

test("createCachy() works if globalThis accepts no new member", async (t) => {
  const putBack = replaceState();
  Object.defineProperty(globalThis, SHARED_STATE, { value: undefined, writable: false, configurable: true });
  t.after(() => {
    Object.defineProperty(globalThis, SHARED_STATE, { writable: true });
    putBack();
  });
  const { fetch } = countingNetwork();
  const cachy = first.createCachy({ mode: "refresh", store: first.memoryStore(), fetch });
  assert.deepEqual([await ask(cachy.fetch), await ask(cachy.fetch)], [1, 1]);
});

test("no file of the core has mutable state at module level, which copies would not share", () => {
  const folder = new URL("../src/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/^cli[\\/]/.test(name));
  const MUTABLE =
    /^(?:export )?(?:let |const \w+\b(?!: Readonly)[^=]*= new (?:Map|Set|Weak\w+|AsyncLocalStorage)\b).*/gm;
  const found = files.flatMap((name) =>
    readFileSync(new URL(name.replaceAll("\\", "/"), folder), "utf8").match(MUTABLE) ?? []
  );
  assert.deepEqual(found, []);
  assert.ok(files.length > 50);
});

slowTest("two copies of the module print one exit summary", async (t) => {
  const cwd = temporaryFolder(t);
  const exit = await runProgram("two_copies", [join(cwd, "cachy.jsonl"), cwd], { cwd });
  assert.equal(exit.code, 0, exit.stderr);
  assert.match(exit.stderr, /^cachy: 1 request was not recorded.*\n.*\(2 times\)/);
  assert.equal(exit.stderr.match(/^cachy:/gm)?.length, 1);
});
