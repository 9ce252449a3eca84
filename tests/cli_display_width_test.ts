import assert from "node:assert/strict";
import { cutToWidth, displayWidth } from "../src/cli/display/width.ts";
import { test } from "./suite.ts";

const { Bun } = globalThis as { Bun?: { stringWidth(text: string): number } };

/** Texts with the number of columns that a terminal uses for them. */
const KNOWN: readonly (readonly [text: string, width: number])[] = [
  ["", 0],
  ["hello, world", 12],
  ["Größe: 5 µm", 11],
  ["Привет", 6],
  ["“quoted” – and…", 15],
  ["日本語", 6],
  ["、。「」", 8],
  ["ひらがなカタカナ", 16],
  ["한국어", 6],
  ["\u1112\u1161\u11ab", 2], // 한 in three letters
  ["ＡＢＣ", 6],
  ["ｶﾞ", 2], // halfwidth
  ["a　b", 4], // an ideographic space
  ["𠮷野家", 6],
  ["e\u0301", 1],
  ["か\u3099", 2],
  ["Z\u0351\u036b\u0343", 1],
  ["ไทย", 3],
  ["קָמַץ", 3],
  ["क्ष", 2], // one cluster of two letters
  ["a\u200bb\u2060c\ufeff", 3],
  ["👍", 2],
  ["👍🏽", 2],
  ["☝🏽", 2],
  ["👨‍👩‍👧‍👦", 2],
  ["👩🏽‍🚀", 2],
  ["❤", 1],
  ["❤️", 2],
  ["❤️‍🔥", 2],
  ["1️⃣", 2],
  ["#⃣", 2],
  ["1\ufe0f", 1], // A digit alone is not a keycap.
  ["©", 1],
  ["©️", 2],
  ["🇩🇪", 2],
  ["🇩🇪🇯🇵", 4],
  ["🇩", 1], // half a flag
  ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", 2],
  ["⌚", 2],
  ["🀄", 2],
  ["🀀", 1],
  ["☰䷀", 4],
  ["\ud83d", 1], // half a surrogate pair
  ["█▍", 2],
];

test("displayWidth() counts the columns of a terminal", () => {
  for (const [text, width] of KNOWN) assert.equal(displayWidth(text), width, JSON.stringify(text));
});

test("displayWidth() of a text is the sum of its parts if they do not join", () => {
  for (const [text, width] of KNOWN) assert.equal(displayWidth(`${text} ${text}|日 ${text}`), 3 * width + 5, text);
});

test("displayWidth() counts every character of a long text once", () => {
  for (const [text, width] of KNOWN) {
    for (let before = 55; before < 70; before++) {
      const filling = "日\u0301".repeat(before >> 1) + "x".repeat(before & 1);
      const filled = 2 * (before >> 1) + (before & 1);
      assert.equal(displayWidth(`${filling} ${text}`), filled + 1 + width, JSON.stringify(text));
      assert.equal(displayWidth(`${"x".repeat(before)} ${text} ${text}`), before + 2 + 2 * width, JSON.stringify(text));
    }
  }
});

/** Characters that join, characters that are joined, and characters that do neither. */
const PARTS = [
  ..."aé日한👍❤👩🏴🇩🇪1ก\u0e33कषא…© ",
  ..."\u0301\u3099\u093f\u094d\u1112\u1161\u11ab\u{1f3fd}\u200d\ufe0f\u20e3\u0600",
];

/** Random texts of such characters, the same in each run. */
function* texts(count: number): Generator<string> {
  let state = 1;
  const below = (limit: number) => (state = state * 48271 % 0x7fffffff) % limit;
  for (; count > 0; count--) yield Array.from({ length: 1 + below(100) }, () => PARTS[below(PARTS.length)]).join("");
}

test("displayWidth() splits any mixture into the same characters as Intl.Segmenter", () => {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const segmentsOf = (text: string) => Array.from(segmenter.segment(text), ({ segment }) => segment);
  for (const text of texts(2000)) {
    const segments = segmentsOf(text);
    const widths = segments.map(displayWidth);
    assert.equal(displayWidth(text), widths.reduce((sum, width) => sum + width, 0), JSON.stringify(text));
    const ends = [...segments.keys()].map((count) => `${segments.slice(0, count).join("")}…`);
    const cut = cutToWidth(text, Math.max(1, displayWidth(text) >> 1));
    assert.ok(cut === text || ends.includes(cut), JSON.stringify([text, cut]));
  }
});

test("displayWidth() agrees with Bun.stringWidth() for every letter, digit and sign", {
  skip: Bun ? undefined : "Only Bun has stringWidth().",
}, () => {
  assert.ok(Bun);
  const alike = /^[\p{L}\p{N}\p{P}\p{S}\p{Mn}\p{Zs}]$/u;
  // Letters of Bengali, Kannada and Malayalam that stand alone. Bun treats them as marks.
  const joining = /^[\u0980\u0c80\u0d3a]$/;
  const others: string[] = [];
  for (let codePoint = 0x20; codePoint <= 0x3ffff; codePoint++) {
    const text = String.fromCodePoint(codePoint);
    if (!alike.test(text) || joining.test(text)) continue;
    if (displayWidth(text) !== Bun.stringWidth(text)) others.push(codePoint.toString(16));
  }
  assert.deepEqual(others, []);
});

test("displayWidth() agrees with Bun.stringWidth() for complete texts", {
  skip: Bun ? undefined : "Only Bun has stringWidth().",
}, () => {
  assert.ok(Bun);
  for (const [text] of KNOWN.filter(([text]) => !/[\ud800-\udfff]$/u.test(text))) {
    assert.equal(displayWidth(text), Bun.stringWidth(text), JSON.stringify(text));
  }
});

test("cutToWidth() does not change a text that fits", () => {
  for (const [text, width] of KNOWN.filter(([, width]) => width > 0)) {
    assert.equal(cutToWidth(text, width), text);
    assert.equal(cutToWidth(text, 100), text);
  }
});

test("cutToWidth() ends a shortened text in an ellipsis, and splits no character", () => {
  const cases: [text: string, width: number, cut: string][] = [
    ["hello, world", 6, "hello…"],
    ["hello", 1, "…"],
    ["hello", 0, ""],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"], // 本 would leave no column for the ellipsis
    ["日本語", 2, "…"],
    ["a日本語", 4, "a日…"],
    ["cafe\u0301 au lait", 5, "cafe\u0301…"],
    ["👨‍👩‍👧‍👦 and 👍🏽", 3, "👨‍👩‍👧‍👦…"],
    ["👨‍👩‍👧‍👦 and 👍🏽", 2, "…"],
    ["🇩🇪🇯🇵🇫🇷", 5, "🇩🇪🇯🇵…"],
    ["한국어 문장", 7, "한국어…"],
  ];
  for (const [text, width, cut] of cases) assert.equal(cutToWidth(text, width), cut);
});

test("cutToWidth() never exceeds the width, and leaves at most one column empty", () => {
  const text = KNOWN.map(([text]) => text).join(" ");
  for (let width = 1; width < displayWidth(text); width++) {
    const cut = cutToWidth(text, width);
    assert.ok(text.startsWith(cut.slice(0, -1)));
    assert.ok([width, width - 1].includes(displayWidth(cut)), `${displayWidth(cut)} in ${width}`);
  }
});

test("cutToWidth() finds the end of a character that is longer than the part it examines", () => {
  const marks = "\u0301".repeat(1000);
  assert.equal(cutToWidth(`a${marks}b`, 2), `a${marks}b`);
  assert.equal(cutToWidth(`a${marks}bc`, 2), `a${marks}…`);
});
