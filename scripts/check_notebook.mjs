// @ts-check
/**
 * Runs the notebook of the examples with Deno's kernel: `node --import tsx scripts/check_notebook.mjs [--update]`
 *
 * Runs the committed cells unchanged, in an empty folder. Its import map provides the package from the source, the SDKs
 * of the demo, and a loopback server in place of the providers. The cells run twice: live, and from the file. Their
 * outputs must equal the committed ones, except for times, dates and ids. `--update` writes them into the notebook. The
 * last line is `N passed, N failed`.
 */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProvider } from "../tests/provider/provider.ts";
import { findPython, installKernel } from "./jupyter.mjs";
import { answers, codeCells, debugWords, links, masked, shownBy, updateOutputs } from "./notebook.mjs";
import { newFolder } from "./notebook_folder.mjs";
import { traps, UNRECORDED_TRAPS } from "./notebook_traps.mjs";
import { allPassed, checks, cleanEnvironment, deno, report, run, start } from "./run.mjs";

/** @typedef {Awaited<ReturnType<typeof installKernel>>} RunSteps */
/** @typedef {Awaited<ReturnType<typeof startProvider>>} Provider */
/** @typedef {import("./jupyter.mjs").Output} Output */

/** The debug lines of the first run. In the second one all are hits. */
const DEBUG_LINES = {
  "first-call": "MISS RECORDED",
  "second-call": "HIT",
  "stream": "MISS RECORDED",
  "replayed-stream": "HIT",
  "pace": "HIT",
  "anthropic": "MISS RECORDED HIT",
  "gemini": "MISS RECORDED HIT",
  "append": "HIT",
  "using": "MISS RECORDED",
};
/** Cells that are run once more, after all others. */
const AGAIN = ["first-call", "stream", "digest"];
/** Cells with a handle of their own: the table counts the others. */
const OWN_HANDLE = ["pace", "append", "using"];
/** Pause between two writes of the provider, in milliseconds: the reader shall see a stream. */
const PAUSE = 40;

const isUpdate = process.argv.includes("--update");
const temporary = realpathSync(mkdtempSync(join(tmpdir(), "cachy-notebook-")));

await start(async () => {
  const found = await findPython();
  const provider = await startProvider({ pause: PAUSE });
  try {
    if ("reason" in found) {
      console.log(`note: jupyter_client is missing, and ${found.reason}: the notebook is not run.`);
    } else {
      const home = join(temporary, "home");
      mkdirSync(home);
      const runSteps = await installKernel(found.python, home, provider.url);
      await checkCells(runSteps, provider);
      await checkTraps(runSteps, provider);
    }
    checkCommitted();
    await checkProgram();
  } finally {
    await provider.stop();
    rmSync(temporary, { recursive: true, force: true });
  }
  return allPassed();
});

/** @param {string} name @param {unknown} found @param {unknown} expected */
function reportEqual(name, found, expected) {
  report(name, found === expected, `expected ${expected}\nfound    ${found}`);
}

/** What can be seen without a kernel. */
function checkCommitted() {
  const counted = codeCells.map(({ execution_count }) => execution_count).join();
  reportEqual("the committed outputs are those of one run", counted, codeCells.map((_, index) => index + 1).join());
  const committed = JSON.stringify(codeCells.map(({ outputs }) => outputs));
  const own = /\/tmp\b|\/home\/(?!you\/)|127\.0\.0\.1|localhost|file:\/\/|\\u001b|not-a-real-key/.exec(committed);
  report("the outputs contain no paths of this machine", !own, `Found ${own?.[0]}.`);
  const dead = links.filter((path) => !existsSync(path));
  report("the targets of the links exist", links.length > 0 && dead.length === 0, dead.join("\n"));
}

/**
 * Checks types and format of the cells as one program. A kernel does not check types, and `deno fmt --check` rejects a
 * notebook whose cells do not end in a line feed, although `deno fmt` adds none.
 */
async function checkProgram() {
  const cwd = newFolder(join(temporary, "program"));
  writeFileSync(join(cwd, "cells.ts"), codeCells.map(({ code }) => `${code}\n`).join("\n"));
  const options = { cwd, env: cleanEnvironment(), timeout: 60 };
  const typed = await run(deno(), ["check", "cells.ts"], options);
  report("the types of the cells are right", typed.ok, typed.output);
  const formatted = await run(deno(), ["fmt", "--check", "--line-width", "120", "cells.ts"], options);
  report("the cells are formatted", formatted.ok, formatted.output);
}

/** @param {RunSteps} runSteps @param {Provider} provider */
async function checkCells(runSteps, provider) {
  const folder = newFolder(join(temporary, "notebook"));
  const steps = codeCells.map(({ code }) => ({ code }));
  const live = await runSteps(folder, steps);
  if (isUpdate) updateOutputs(live, folder);
  for (const [index, { id, outputs }] of codeCells.entries()) {
    reportEqual(`${id} shows the committed outputs`, masked(live[index] ?? [], folder), masked(outputs));
  }
  if (checks.failed > 0) console.log("To update the committed outputs, run this script with --update.");
  checkRun("live", live, DEBUG_LINES);
  reportEqual("live: each recording is one request", provider.requests.length, recordings(Object.values(DEBUG_LINES)));

  provider.reset();
  const again = AGAIN.map((id) => codeCells.findIndex((cell) => cell.id === id));
  const replayed = await runSteps(folder, [...steps, ...again.map((index) => steps[index] ?? { code: "" })]);
  const hits = Object.entries(DEBUG_LINES).map(([id, words]) => [id, words.replace("MISS RECORDED", "HIT")]);
  checkRun("from the file", replayed, Object.fromEntries(hits));
  for (const [index, { id }] of codeCells.entries()) {
    if (id !== "table") {
      reportEqual(`from the file: ${id} shows the same`, answers(replayed[index]), answers(live[index]));
    }
  }
  for (const [place, index] of again.entries()) {
    const outputs = replayed[steps.length + place];
    reportEqual(`run once more: ${AGAIN[place]} shows the same`, answers(outputs), answers(live[index]));
  }
  reportEqual("from the file: no request reaches the provider", provider.requests.length, 0);
}

/**
 * Checks what a reader of the notebook must see, independently of the committed outputs.
 *
 * @param {string} name
 * @param {readonly Output[][]} run
 * @param {Record<string, string>} debugLines The words of the debug lines, by cell.
 */
function checkRun(name, run, debugLines) {
  for (const [index, { id }] of codeCells.entries()) {
    const found = shownBy(run[index] ?? []).errors.join() + debugWords(run[index]);
    reportEqual(`${name}: ${id} has no error and its debug lines`, found, debugLines[id] ?? "");
  }
  const shown = (/** @type {string} */ id) => shownBy(run[codeCells.findIndex((cell) => cell.id === id)] ?? []);
  const value = (/** @type {string} */ id, type = "text/plain") => shown(id).values[0]?.[type] ?? "";
  reportEqual(`${name}: the second call has the answer of the first`, value("second-call"), value("first-call"));
  report(
    `${name}: the digest computed by hand equals the one in the file`,
    shown("digest").stdout.endsWith(": true\n"),
  );
  reportEqual(`${name}: the line written by hand is replayed`, value("append"), '"42, says the file."');
  report(`${name}: the miss explains itself`, /^406 Cannot replay POST .*two sent/s.test(shown("miss").stdout));
  const counted = Object.entries(debugLines).filter(([id]) => !OWN_HANDLE.includes(id));
  const hits = counted.join().split("HIT").length - 1;
  const row = `<table><tr><th>hits</th><td>${hits}</td></tr>`;
  report(`${name}: the handle is a table`, value("table", "text/html").startsWith(row));
  report(`${name}: the handle is also a text`, new RegExp(`^hits +${hits}\n`).test(value("table")));
}

/** @param {RunSteps} runSteps @param {Provider} provider */
async function checkTraps(runSteps, provider) {
  provider.reset();
  const run = await runSteps(newFolder(join(temporary, "traps")), traps.map(({ step }) => step));
  for (const [index, { name = `cell ${index + 1} of the traps`, debug = "", error = "", stdout }] of traps.entries()) {
    const shown = shownBy(run[index] ?? []);
    const found = { debug: debugWords(run[index]), error: shown.errors.join(), stdout: stdout && shown.stdout };
    reportEqual(name, JSON.stringify(found), JSON.stringify({ debug, error, stdout }));
  }
  const expected = recordings(traps.map(({ debug }) => debug ?? "")) + UNRECORDED_TRAPS;
  reportEqual("the traps make the expected requests", provider.requests.length, expected);
}

/** @param {readonly string[]} debugLines */
function recordings(debugLines) {
  return debugLines.join(" ").split("RECORDED").length - 1;
}
