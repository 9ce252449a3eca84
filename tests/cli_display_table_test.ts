import assert from "node:assert/strict";
import { type Column, tableLines } from "../src/cli/display/table.ts";
import { displayWidth } from "../src/cli/display/width.ts";
import { test } from "./suite.ts";

const formatTable = (...table: Parameters<typeof tableLines>): string => [...tableLines(...table)].join("\n");

const COLUMNS: readonly Column[] = [
  { title: "key", priority: 9 },
  { title: "model", priority: 2 },
  { title: "size", align: "right", priority: 1 },
  { title: "prompt", elastic: { min: 8, max: 30 }, priority: 8 },
  { title: "answer", elastic: { min: 8, max: 30 }, priority: 5 },
];

const ROWS = [
  ["3f2a9b1c", "gpt-5", "1.2 kB", "What is the capital of Japan?", "東京 is the capital, and 👨‍👩‍👧‍👦 live there."],
  ["00aa11bb", "claude", "812 B", "Say hello", "Hello!"],
];

const lines = (...all: readonly string[]) => all.join("\n");

test("tableLines() aligns columns by their width in a terminal, and leaves no spaces at the end", () => {
  assert.equal(
    formatTable(COLUMNS.slice(0, 4), ROWS, 80),
    lines(
      "key       model     size  prompt",
      "3f2a9b1c  gpt-5   1.2 kB  What is the capital of Japan?",
      "00aa11bb  claude   812 B  Say hello",
    ),
  );
  assert.equal(
    formatTable([{ title: "a" }, { title: "b", align: "right" }], [["日本", "1"], ["e\u0301", "22"], ["x", ""]]),
    lines("a      b", "日本   1", "e\u0301     22", "x"),
  );
});

test("tableLines() shortens the widest elastic column first if the terminal is narrow", () => {
  assert.equal(
    formatTable(COLUMNS, ROWS, 70),
    lines(
      "key       model     size  prompt                 answer",
      "3f2a9b1c  gpt-5   1.2 kB  What is the capital …  東京 is the capital,…",
      "00aa11bb  claude   812 B  Say hello              Hello!",
    ),
  );
});

test("tableLines() omits the columns of the lowest priority if shortening is not enough", () => {
  assert.equal(
    formatTable(COLUMNS, ROWS, 36),
    lines(
      "key       model   prompt    answer",
      "3f2a9b1c  gpt-5   What is…  東京 is…",
      "00aa11bb  claude  Say hel…  Hello!",
    ),
  );
  assert.equal(
    formatTable(COLUMNS, ROWS, 30),
    lines(
      "key       prompt     answer",
      "3f2a9b1c  What is …  東京 is …",
      "00aa11bb  Say hello  Hello!",
    ),
  );
  assert.equal(formatTable(COLUMNS, ROWS, 8), lines("key", "3f2a9b1c", "00aa11bb"));
  assert.equal(formatTable(COLUMNS, ROWS, 5), lines("key", "3f2a…", "00aa…"));
});

test("tableLines() omits the rightmost column if priorities are equal", () => {
  const columns = [{ title: "one" }, { title: "two" }, { title: "three" }];
  assert.equal(formatTable(columns, [["1", "2", "3"]], 10), lines("one  two", "1    2"));
});

test("tableLines() never exceeds the width, and fills it if a cell is shortened", () => {
  for (let width = 1; width <= 120; width++) {
    const table = formatTable(COLUMNS, ROWS, width).split("\n");
    for (const line of table) {
      assert.ok(displayWidth(line) <= width, `${line} in ${width}`);
      assert.ok(!line.endsWith(" "));
    }
    const isCut = table.some((line) => line.includes("…"));
    const widest = Math.max(...table.map(displayWidth));
    assert.ok(!isCut || widest >= width - 1, `${widest} of ${width}`); // A wide character may leave one column empty.
  }
});

test("tableLines() shortens only to the maximum of a column if the width is unknown", () => {
  const long = "word ".repeat(100).trim();
  const [, row] = formatTable(COLUMNS, [["k", "m".repeat(200), "1 B", long, long]]).split("\n");
  assert.equal(row, `k    ${"m".repeat(200)}   1 B  word word word word word word…  word word word word word word…`);
  assert.equal(formatTable([{ title: "prompt", elastic: { min: 5 } }], [[long]]), lines("prompt", long));
});

test("tableLines() lets no cell break the line or set a color, and paints what the column asks for", () => {
  const red = (text: string) => `\x1b[31m${text}\x1b[39m`;
  const columns: Column[] = [
    { title: "kind", paint: red },
    { title: "answer", elastic: { min: 5 } },
    { title: "prompt", elastic: { min: 5 }, paint: red },
    { title: "n", align: "right", paint: red },
  ];
  assert.equal(
    formatTable(columns, [["hit", "one\n\x1b[2Jtwo", "\0", "7"]], 80),
    lines("kind  answer          prompt  n", `${red("hit")}   one \\x1b[2Jtwo  ${red("\\x00")}    ${red("7")}`),
  );
  const [, cut] = formatTable(columns, [["hit", "日本", "an answer", "7"]], 23).split("\n");
  assert.equal(cut, `${red("hit")}   日本    ${red("an an…")}  ${red("7")}`);
});

test("tableLines() shows titles if there are no rows, and fills up short rows", () => {
  assert.equal(formatTable(COLUMNS, []), "key  model  size  prompt  answer");
  assert.equal(formatTable(COLUMNS.slice(0, 2), [["k"], [], ["", "m"]]), lines("key  model", "k", "", "     m"));
});

test("tableLines() marks a very long cell as shortened, though it reads only its start", () => {
  const columns = [{ title: "prompt", elastic: { min: 5 } }];
  assert.equal(formatTable(columns, [["日本語".repeat(1e6)]], 10), lines("prompt", "日本語日…"));
  assert.equal(formatTable(columns, [[`start${" \n".repeat(1e6)}end`]], 10), lines("prompt", "start…"));
});

test("tableLines() yields the lines of formatTable() one by one", () => {
  assert.equal([...tableLines(COLUMNS, ROWS, 60)].join("\n"), formatTable(COLUMNS, ROWS, 60));
});
