import assert from "node:assert/strict";
import { printable, printableLines } from "../src/cli/display/printable.ts";
import { test } from "./suite.ts";

/** Control characters and escape sequences of a terminal. */
function* obeyed(): Generator<string> {
  for (let code = 0; code < 0xa0; code++) if (code < 0x20 || code >= 0x7f) yield String.fromCharCode(code);
  yield* "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";
}

test("printable() removes everything that controls a terminal", () => {
  for (const character of obeyed()) {
    const text = printable(`before${character}after`);
    assert.ok(!text.includes(character), JSON.stringify(character));
    assert.match(text, /^before( |\\x[0-9a-f]{2}|\\u[0-9a-f]{4})after$/);
  }
});

test("printableLines() removes everything that controls a terminal, except line feeds and tabs", () => {
  for (const character of obeyed()) {
    const text = printableLines(`before${character}after`);
    if ("\n\t".includes(character)) assert.equal(text, `before${character}after`);
    else assert.match(text, /^before(\\x[0-9a-f]{2}|\\u[0-9a-f]{4})after$/);
  }
});

test("printable() shows control sequences of a response in one line", () => {
  assert.equal(printable("\x1b[31mred\x1b[0m \x9b2J"), "\\x1b[31mred\\x1b[0m \\x9b2J");
  assert.equal(printable("\x1b]0;title\x07"), "\\x1b]0;title\\x07");
  assert.equal(printable("harmless\r\x1b[Kforged"), "harmless \\x1b[Kforged");
  assert.equal(printable("access \u202egnp.exe"), "access \\u202egnp.exe");
  assert.equal(printable("half \ud83d and whole 👍"), "half \\ud83d and whole 👍");
});

test("printable() replaces white space that breaks the line with one space, and keeps other spaces", () => {
  assert.equal(printable("one\n\n  two\r\n\tthree\u2028four"), "one two three four");
  assert.equal(printable("two  spaces, é"), "two  spaces, é");
  assert.equal(printable("in\u00advisible"), "invisible");
});

test("printable() keeps the characters that other scripts need", () => {
  for (const text of ["日本語　テキスト", "می‌خواهم", "שלום\u200f!", "👩🏽‍🚀 ❤️", "e\u0301"]) {
    assert.equal(printable(text), text);
    assert.equal(printableLines(text), text);
  }
});

test("printableLines() keeps the lines of a text, and converts Windows line ends", () => {
  assert.equal(printableLines("a\r\nb\n\tc"), "a\nb\n\tc");
  assert.equal(printableLines("loading\rforged\x1b[2K"), "loading\\x0dforged\\x1b[2K");
});
