import assert from "node:assert/strict";
import { createProgress, type ProgressOptions } from "../src/cli/app/progress.ts";
import { displayWidth } from "../src/cli/display/width.ts";
import { test } from "./suite.ts";

/** A terminal that stores what is written to it, and a clock that stands still. */
function testTerminal({ columns = 80, isTTY = true }: { columns?: number; isTTY?: boolean } = {}) {
  const written: string[] = [];
  const stream = { columns, isTTY, write: (text: string) => written.push(text) };
  const clock = { ms: 5000 };
  const start = (options: Partial<ProgressOptions> = {}) =>
    createProgress({ label: "Reading", total: 2e9, stream, terminalType: "xterm", now: () => clock.ms, ...options });
  return { written, stream, clock, start };
}

test("createProgress() draws a line with percent, bytes and the remaining time, and erases it", () => {
  const { written, clock, start } = testTerminal();
  const progress = start();
  clock.ms += 1000;
  progress.update(5e8);
  progress.end();
  assert.deepEqual(written, [
    "\rReading   25 %  500.0 MB of 2.0 GB  3 s left\x1b[K",
    "\r\x1b[K",
  ]);
});

test("createProgress() shows nothing if the work takes less than 300 ms", () => {
  const { written, clock, start } = testTerminal();
  const progress = start();
  for (let ms = 0; ms < 300; ms++, clock.ms++) progress.update(ms);
  progress.end();
  assert.deepEqual(written, []);
});

test("createProgress() draws at most ten times a second", () => {
  const { written, clock, start } = testTerminal();
  const progress = start();
  for (let ms = 0; ms <= 2300; ms++, clock.ms++) progress.update(ms);
  assert.equal(written.length, 21); // at 300, 400, …, 2300 ms
});

test("createProgress() writes nothing after its end", () => {
  const { written, clock, start } = testTerminal();
  const progress = start();
  clock.ms += 400;
  progress.update(1);
  progress.end();
  progress.end();
  clock.ms += 400;
  progress.update(2);
  assert.equal(written.length, 2);
});

test("createProgress() writes nothing without a terminal", () => {
  for (
    const [terminal, terminalType] of [[testTerminal({ isTTY: false }), "xterm"], [testTerminal(), "dumb"]] as const
  ) {
    const progress = terminal.start({ terminalType });
    terminal.clock.ms += 1000;
    progress.update(1e9);
    progress.end();
    assert.deepEqual(terminal.written, []);
  }
});

test("createProgress() leaves the last column empty at every width", () => {
  const seen: string[] = [];
  for (let columns = 2; columns <= 100; columns++) {
    const { written, clock, start } = testTerminal({ columns });
    const progress = start({ label: "読み込み中 cachy.jsonl" });
    clock.ms += 100_000;
    progress.update(1e9);
    const line = written[0]?.slice(1, -"\x1b[K".length) ?? "";
    assert.ok(line !== "" && displayWidth(line) < columns, `${line} in ${columns}`);
    seen.push(line.trim());
  }
  assert.ok(seen.includes("読み込み…   50 %"));
  assert.deepEqual(seen.slice(0, 5), ["…", "5…", "50…", "50 %", "50 %"]);
});

test("createProgress() follows the width when the window changes", () => {
  const { written, stream, clock, start } = testTerminal();
  const progress = start();
  clock.ms += 400;
  progress.update(1e9);
  stream.columns = 20;
  clock.ms += 400;
  progress.update(1.5e9);
  assert.match(written[0] ?? "", /50 % {2}1\.0 GB of 2\.0 GB/);
  assert.equal(written[1], "\rReading   75 %\x1b[K");
});

test("createProgress() escapes control characters of a label", () => {
  const { written, clock, start } = testTerminal({ columns: 100 });
  const progress = start({ label: "Reading \x1b[2J", total: 10 });
  clock.ms += 400;
  progress.update(10);
  assert.equal(written[0], "\rReading \\x1b[2J  100 %  10 B of 10 B  0 s left\x1b[K");
});

test("createProgress() shows at most 100 %, also without any work", () => {
  for (const total of [0, 1]) {
    const { written, clock, start } = testTerminal();
    const progress = start({ total });
    clock.ms += 400;
    progress.update(5);
    assert.match(written[0] ?? "", / {2}100 %/);
  }
});
