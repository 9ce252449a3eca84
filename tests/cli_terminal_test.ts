/** Behavior of the command line in a terminal: columns, colors, a question. Also its behavior if a pipe is closed. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { columnsOf, isSmartTerminal } from "../src/cli/app/terminal.ts";
import { displayWidth } from "../src/cli/display/width.ts";
import { formatEntry } from "../src/store/entry.ts";
import { cachyOn, project, WEATHER } from "./cli.ts";
import { defaultFlags, programPath } from "./processes.ts";
import { slowTest, test } from "./suite.ts";

const PROGRAM = programPath("cli");
const TERMINAL = fileURLToPath(new URL("programs/in_terminal.py", import.meta.url));
const isTerminalThere = spawnSync("python3", ["-c", "import pty, fcntl"]).status === 0;
const skip = isTerminalThere ? undefined : "python3 with the module pty is missing.";

interface TerminalOptions {
  readonly columns?: number;
  /** What is typed at the question. */
  readonly answer?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command in a terminal. */
function inTerminal(
  cwd: string,
  args: readonly string[],
  { columns = 80, answer = "", env = {} }: TerminalOptions = {},
) {
  const command = [process.execPath, ...defaultFlags(), PROGRAM, ...args];
  // Empty variables count as not set; Deno would pass omitted ones to a child process.
  const cleared = { ...process.env, TERM: "xterm", NO_COLOR: "", CI: "", CACHY_FILE: "", ...env };
  const { status, stdout } = spawnSync("python3", [TERMINAL, String(columns), "[y/N]", answer, ...command], {
    cwd,
    env: cleared,
    encoding: "utf8",
  });
  return { code: status, output: stdout.replaceAll("\r\n", "\n") };
}

// deno-lint-ignore no-control-regex
const COLORS = /\x1b\[\d+m/;

slowTest("list fits the width of the terminal, and is colored", { skip }, async (t) => {
  const { folder } = await project(t);
  for (const columns of [40, 80, 120]) {
    const { code, output } = inTerminal(folder, ["list"], { columns });
    assert.equal(code, 0, output);
    const lines = stripVTControlCharacters(output).trimEnd().split("\n");
    assert.equal(lines.length, 5);
    const widths = lines.map(displayWidth);
    assert.ok(widths.every((width) => width <= columns), `${widths} in ${columns}`);
    assert.match(lines[0] ?? "", /^KEY .*PROMPT/);
    assert.match(output, COLORS);
  }
});

slowTest(
  "long output goes to PAGER on a terminal, unless --no-pager is set or there is no such program",
  { skip },
  async (t) => {
    const { folder, file } = await project(t, [WEATHER]);
    const line = JSON.parse(readFileSync(file, "utf8"));
    const lines = Array.from({ length: 60 }, (_, at) => {
      const key = String(10_000_000 + at);
      return formatEntry({ ...line, key, sha256: line.sha256.replace(/^.{8}/, key) });
    });
    writeFileSync(file, lines.join(""));
    const listed = (pager: string, ...args: string[]) => {
      const { code, output } = inTerminal(folder, args, { env: { PAGER: pager, NO_COLOR: "1" } });
      assert.equal(code, 0, output);
      // Deno may clear its progress line first.
      return stripVTControlCharacters(output).trimEnd().split("\n");
    };
    const paged = listed("sed s/^/paged:/", "list");
    assert.equal(paged.length, 61);
    assert.ok(paged.every((line) => line.startsWith("paged:")), paged.join("\n"));
    for (const direct of [listed("sed s/^/paged:/", "list", "--no-pager"), listed("no-such-pager", "list")]) {
      assert.deepEqual([direct.length, direct[0]?.startsWith("KEY")], [61, true]);
    }
    assert.ok(listed("sed s/^/paged:/", "stats").every((line) => !line.startsWith("paged:")), "a short output");
  },
);

slowTest("--help fits the width of the terminal", { skip }, async (t) => {
  const { folder } = await project(t, []);
  for (const args of [["--help"], ["list", "--help"]]) {
    const { output } = inTerminal(folder, args, { columns: 80 });
    const widths = stripVTControlCharacters(output).split("\n").map(displayWidth);
    assert.ok(Math.max(...widths) <= 80, output);
  }
});

slowTest("list omits columns that have no values", { skip }, async (t) => {
  const { folder } = await project(t, []);
  writeFileSync(join(folder, "cachy.jsonl"), formatEntry({ key: "5ece2360", response: "{}" }));
  assert.doesNotMatch(inTerminal(folder, ["list"]).output, /TIME|PROVIDER|PROMPT|TOOK/);
  assert.match((await cachyOn(join(folder, "cachy.jsonl"), "list")).stdout, /^KEY .*TIME .*PROVIDER .*PROMPT .*TOOK\n/);
});

slowTest("cachy prints no colors with NO_COLOR", { skip }, async (t) => {
  const { folder, keys: [key = ""] } = await project(t);
  for (const args of [["list"], ["show", key], ["stats"], ["verify"]]) {
    assert.doesNotMatch(inTerminal(folder, args, { env: { NO_COLOR: "1" } }).output, COLORS, args.join(" "));
  }
});

slowTest("show --raw prints text to a terminal, and nothing else", { skip }, async (t) => {
  const { folder, keys: [text = "", , , sound = ""] } = await project(t);
  assert.equal(inTerminal(folder, ["show", text, "--raw"]).code, 0);
  const { code, output } = inTerminal(folder, ["show", sound, "--raw"]);
  assert.equal(code, 2);
  assert.match(
    output,
    /to a terminal: it is not plain text\. Write it to a file: cachy show \w{8} --raw > FILE\./,
  );
});

const noFull = existsSync("/dev/full") ? undefined : "This system has no /dev/full.";
slowTest("cachy reports that it cannot print, with exit code 2", { skip: noFull }, async (t) => {
  const { folder } = await project(t, [WEATHER]);
  const full = openSync("/dev/full", "w");
  const run = (args: readonly string[], stdout: "pipe" | number, stderr: "pipe" | number) =>
    spawnSync(process.execPath, [...defaultFlags(), PROGRAM, ...args], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", stdout, stderr],
    });
  try {
    const { status, stderr } = run(["list"], full, "pipe");
    assert.match(stderr, /^cachy: Cannot write to stdout: .*space left.*\. Free disk space/);
    assert.equal(status, 2);
    assert.equal(run(["show", "0000"], "pipe", full).status, 2);
  } finally {
    closeSync(full);
  }
});

slowTest("remove removes after y, and nothing after any other input", { skip }, async (t) => {
  const { folder, file, keys: [key = ""] } = await project(t, [WEATHER]);
  const before = readFileSync(file, "utf8");
  for (const answer of ["n\n", "\n", "\x04"]) {
    const { code, output } = inTerminal(folder, ["remove", key], { answer });
    assert.equal(code, 0, output);
    assert.match(output, /Remove 1 entry \(1 line, .*\) from .*cachy\.jsonl\? \[y\/N\]/);
    assert.match(output, /Nothing was removed\./);
    assert.equal(readFileSync(file, "utf8"), before);
  }
  const { code, output } = inTerminal(folder, ["remove", key], { answer: "y\n" });
  assert.equal(code, 0, output);
  assert.match(output, /Removed 1 line:/);
  assert.equal(readFileSync(file, "utf8"), "");
});

slowTest("list ends without an error if its reader closes the pipe", async (t) => {
  const { folder, file } = await project(t, [WEATHER]);
  const line = readFileSync(file, "utf8");
  const key = /"key":"(\w{8})","sha256":"\w{64}"/;
  const lines = Array.from({ length: 5000 }, (_, index) => {
    const other = index.toString(16).padStart(8, "0");
    return line.replace(key, `"key":"${other}","sha256":"${other.padEnd(64, "0")}"`);
  });
  writeFileSync(file, lines.join(""));
  const child = spawn(process.execPath, [...defaultFlags(), PROGRAM, "list"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (text) => errors += text);
  await once(child.stdout, "data");
  child.stdout.destroy();
  const [code, signal] = await once(child, "close");
  assert.deepEqual([code, signal, errors], [0, null, ""]);
});

test("columnsOf() is the width of a terminal, and undefined for a pipe", () => {
  assert.equal(columnsOf({ isTTY: true, columns: 120 }), 120);
  assert.equal(columnsOf({ isTTY: true, columns: 0 }), 80); // a terminal of unknown width
  assert.equal(columnsOf({ isTTY: true }), 80);
  assert.equal(columnsOf({ isTTY: false, columns: 120 }), undefined);
  assert.equal(columnsOf({}), undefined);
});

test("isSmartTerminal() is false for a pipe, and for TERM=dumb", (t) => {
  const before = process.env.TERM;
  t.after(() => {
    if (before === undefined) delete process.env.TERM;
    else process.env.TERM = before;
  });
  process.env.TERM = "xterm-256color";
  assert.equal(isSmartTerminal({ isTTY: true }), true);
  assert.equal(isSmartTerminal({}), false);
  process.env.TERM = "dumb";
  assert.equal(isSmartTerminal({ isTTY: true }), false);
});
