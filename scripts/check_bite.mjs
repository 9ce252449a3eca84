// @ts-check
/**
 * Shows that the tests notice a broken source: `node scripts/check_bite.mjs [--runtime bun] [--file src/replay/replay.ts ...]`
 *
 * Works in a copy of the repository: breaks one place, runs the fast layer on one runtime, and restores the place. If
 * all tests of the fast layer pass, it runs the whole suite. Prints the test that failed. Exit code 1: no test failed
 * for one of the places. Takes several minutes, and is run by hand.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnvironment, commandLine, root, run, start } from "./run.mjs";

/** @type {readonly (readonly [file: string, from: string, to: string])[]} */
const PLACES = [
  ["src/lib/blocks.ts", "overlap > 0 ? startOfCharacter(memory, end - overlap) : end;", "end;"],
  ["src/record/collect.ts", "if (isCancelled) return giveUp(", "if (false) return giveUp("],
  ["src/record/collect.ts", "isMarked && committedSize === 0 ?", "isMarked ?"],
  ["src/record/completeness.ts", "status < 300 && status !== 206", "status < 300"],
  ["src/record/completeness.ts", "body.byteLength !== announced", "body.byteLength > announced"],
  ["src/request/identify.ts", 'streaming ? "True" : "False"', 'streaming ? "False" : "True"'],
  ["src/request/identify.ts", "sha256.slice(0, 8)", "sha256.slice(0, 9)"],
  [
    "src/flow/in_flight.ts",
    "await waitUnlessAborted(outcomeOf(first, silenceMs), signal);",
    "await outcomeOf(first, silenceMs);",
  ],
  ["src/flow/in_flight.ts", "    } catch (error) {\n      settle(false);", "    } catch (error) {"],
  ["src/request/identify.ts", "if (isTaken) state.returned.add(number);", ""],
  ["src/store/jsonl/file.ts", "isTorn(file, knownTorn) ? repaired() : line", "line"],
  ["src/store/jsonl/file.ts", "if (isAt(path, file)) return {", "return {"],
  ["src/store/jsonl/file.ts", "last.path === path && last.ino === state.ino", "last.path === path"],
  ["src/store/jsonl/store.ts", "entry?.sha256 !== undefined && isReported", "entry?.sha256 !== undefined"],
  ["src/record/stream_families.ts", "return MARKER_PART.test(text) && MARKER_TEXT.test(text);", "return false;"],
  ["src/lib/json.ts", "if (names[at] === names[at + 1]) continue;", ""],
  ["src/replay/replay.ts", "if (signal?.aborted) return controller.error(signal.reason);", ""],
  ["src/replay/replay.ts", "total === bodyLength ? lengths as number[] : undefined", "lengths as number[]"],
  ["src/enable_cachy.ts", "await flush();\n    return result;", "return result;"],
  ["src/flow/fetch.ts", "  request.signal?.throwIfAborted();\n  const {", "  const {"],
  ["src/flow/fetch.ts", 'if (settings.mode === "replay") {', 'if (settings.mode === "refresh") {'],
  ["src/flow/live.ts", "if (!recording.response.body) await settled;", ""],
  ["src/record/write_entry.ts", "if (credential) {", "if (false) {"],
  ["src/replay/pace.ts", 'const factor = pace === "recorded" ? 1 : pace;', "const factor = 1;"],
];

const options = commandLine(["runtime", "file"]);
const runtime = options.runtime?.at(-1) ?? "bun";
const places = PLACES.filter(([file]) => !options.file?.length || options.file.includes(file));

await start(async () => {
  const copy = mkdtempSync(join(tmpdir(), "cachy-bite-"));
  try {
    copyRepository(copy);
    let missed = 0;
    for (const place of places) if (!await bites(copy, place)) missed++;
    console.log(`${places.length - missed} passed, ${missed} failed`);
    return missed === 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});

/** @param {string} copy */
function copyRepository(copy) {
  const filter = (/** @type {string} */ path) => !/[\\/](?:node_modules|\.git)$/.test(path);
  cpSync(root, copy, { recursive: true, filter });
  for (const name of ["node_modules", "tests/node_modules"]) {
    symlinkSync(join(root, name), join(copy, name), "junction");
  }
}

/**
 * @param {string} copy
 * @param {readonly [string, string, string]} place
 */
async function bites(copy, [file, from, to]) {
  const path = join(copy, file);
  const source = readFileSync(path, "utf8");
  if (source.split(from).length !== 2) {
    throw new Error(`Cannot break ${file}: it does not contain this text exactly once: ${from}`);
  }
  writeFileSync(path, source.replace(from, () => to));
  try {
    for (const layer of ["fast", "all"]) {
      const args = ["scripts/test.mjs", "--runtime", runtime, "--layer", layer];
      const { ok, output } = await run([process.execPath], args, { cwd: copy, env: cleanEnvironment() });
      const caught = [...output.matchAll(/^FAILED on [^:]+: (.*)$/gm)].map((match) => match[1] ?? "");
      if (ok || caught.length === 0) continue;
      const only = layer === "all" ? " (only by test:all)" : "";
      const more = caught.length > 1 ? `, and ${caught.length - 1} more` : "";
      console.log(`caught${only}: ${file}: ${from.split("\n")[0]?.trim()}\n    by: ${caught[0]}${more}`);
      return true;
    }
  } finally {
    writeFileSync(path, source);
  }
  console.log(`MISSED: ${file}: ${from}`);
  return false;
}
