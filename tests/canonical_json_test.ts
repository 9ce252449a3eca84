import assert from "node:assert/strict";
import { canonicalJson, canonicalString } from "../src/lib/json.ts";
import { test } from "./suite.ts";

/** A JSON text in any spelling, and what Python's `json.dumps(json.loads(text), sort_keys=True)` prints for it. */
type Expectation = readonly [text: string, canonical: string];

function check(expectations: readonly Expectation[]): void {
  for (const [text, canonical] of expectations) assert.equal(canonicalJson(text), canonical, text);
}

test("canonicalJson() keeps every digit of integers of any length", () => {
  const long = "123456789".repeat(40);
  check([
    ["0", "0"],
    ["-0", "0"],
    ["-7", "-7"],
    ["9007199254740992", "9007199254740992"],
    ["9007199254740993", "9007199254740993"],
    ["-9007199254740993", "-9007199254740993"],
    ["100000000000000000000000", "100000000000000000000000"],
    [`[${long},-${long}]`, `[${long}, -${long}]`],
  ]);
});

test("canonicalJson() prints floats as Python's repr() does", () => {
  check([
    ["1.0", "1.0"],
    ["1e0", "1.0"],
    ["1E2", "100.0"],
    ["1e+2", "100.0"],
    ["-1.50", "-1.5"],
    ["0.0", "0.0"],
    ["-0.0", "-0.0"],
    ["-0e3", "-0.0"],
    ["0e400", "0.0"],
    ["0.1", "0.1"],
    ["0.10", "0.1"],
    ["0.30000000000000004", "0.30000000000000004"],
    ["0.06341934204101562", "0.06341934204101562"],
    ["-6.341934204101563e-2", "-0.06341934204101562"],
    ["0.0001", "0.0001"],
    ["0.000123456789012345678", "0.00012345678901234567"],
    ["0.00009999", "9.999e-05"],
    ["0.00001", "1e-05"],
    ["1e-7", "1e-07"],
    ["-2.5e-9", "-2.5e-09"],
    ["1e-100", "1e-100"],
    ["5e-324", "5e-324"],
    ["2e-324", "0.0"],
    ["-1e-400", "-0.0"],
    ["999999999999999.9", "999999999999999.9"],
    ["9999999999999998.0", "9999999999999998.0"],
    ["1e15", "1000000000000000.0"],
    ["1e16", "1e+16"],
    ["12345678901234567.0", "1.2345678901234568e+16"],
    ["123456789012345680000.0", "1.2345678901234568e+20"],
    ["1e21", "1e+21"],
    ["1e22", "1e+22"],
    ["1e23", "1e+23"],
    ["9007199254740993.0", "9007199254740992.0"],
    ["1.7976931348623157e308", "1.7976931348623157e+308"],
    ["1e309", "Infinity"],
    ["-1e309", "-Infinity"],
    ["123456789.25", "123456789.25"],
  ]);
});

test("canonicalJson() distinguishes numbers that Python reads as different", () => {
  const numbers = ["1", "1.0", "9007199254740992", "9007199254740993", "9007199254740992.0", "0", "-0.0", "0.0"];
  assert.equal(new Set(numbers.map((number) => canonicalJson(number))).size, numbers.length);
});

test("canonicalJson() keeps literals, and strings that look like numbers", () => {
  check([
    ["true", "true"],
    [" false ", "false"],
    ["null", "null"],
    ['"1.0"', '"1.0"'],
    ['"1e5"', '"1e5"'],
    ["[true,false,null,1]", "[true, false, null, 1]"],
  ]);
});

test("canonicalJson() sorts members by code point at every depth", () => {
  check([
    ['{"b":1,"a":2}', '{"a": 2, "b": 1}'],
    ['{"b":[{"d":1,"c":2}],"a":{"z":1,"y":2}}', '{"a": {"y": 2, "z": 1}, "b": [{"c": 2, "d": 1}]}'],
    ['{"a":1,"Z":2,"_":3,"":4,"10":5,"9":6}', '{"": 4, "10": 5, "9": 6, "Z": 2, "_": 3, "a": 1}'],
    ['{"a!":1,"a":2,"a\\"":3,"a#":4}', '{"a": 2, "a!": 1, "a\\"": 3, "a#": 4}'],
    ['{"a!":1,"a":2,"a#":4,"a ":3}', '{"a": 2, "a ": 3, "a!": 1, "a#": 4}'],
    ['{"ab":1,"a\\n":2,"a":3}', '{"a": 3, "a\\n": 2, "ab": 1}'],
    ['{"__proto__":1,"constructor":2,"a":3}', '{"__proto__": 1, "a": 3, "constructor": 2}'],
  ]);
});

test("canonicalJson() sorts names beyond the basic plane after all others, as Python does", () => {
  check([
    ['{"\u{1f600}":1,"\uff5e":2}', '{"\\uff5e": 2, "\\ud83d\\ude00": 1}'],
    ['{"\\ud83d\\ude00":1,"\\uff5e":2,"é":3}', '{"\\u00e9": 3, "\\uff5e": 2, "\\ud83d\\ude00": 1}'],
    ['{"x\u{1f600}":1,"x\uffff":2,"x":3}', '{"x": 3, "x\\uffff": 2, "x\\ud83d\\ude00": 1}'],
    // A lone surrogate is a code point of its own, below U+E000 and every astral one.
    ['{"\\ue000":1,"\\ud83d":2,"\\ud83d\\ude00":3}', '{"\\ud83d": 2, "\\ue000": 1, "\\ud83d\\ude00": 3}'],
    ['{"\\ude00":1,"\\ud83d":2}', '{"\\ud83d": 2, "\\ude00": 1}'],
  ]);
});

test("canonicalJson() keeps the last of equal names, in any spelling", () => {
  check([
    ['{"a":1,"a":2}', '{"a": 2}'],
    ['{"a":1,"b":0,"\\u0061":[2]}', '{"a": [2], "b": 0}'],
    ['{"/":1,"\\/":2}', '{"/": 2}'],
    ['{"\\u00e9":1,"é":2}', '{"\\u00e9": 2}'],
    ['{"a":{"x":1},"a":{"y":2}}', '{"a": {"y": 2}}'],
  ]);
});

test("canonicalJson() escapes all characters outside printable ASCII, and no others", () => {
  check([
    ['"é"', '"\\u00e9"'],
    ['"\\u00E9"', '"\\u00e9"'],
    ['"\\u0041\\/\\u002f"', '"A//"'],
    ['"\\u007f\u007f\u0080\u2028"', '"\\u007f\\u007f\\u0080\\u2028"'],
    ['"\u{1f60a}"', '"\\ud83d\\ude0a"'],
    ['"\\ud83d\\ude0a"', '"\\ud83d\\ude0a"'],
    ['"\\ud800"', '"\\ud800"'],
    ['"\\ude0a\\ud83d"', '"\\ude0a\\ud83d"'],
    ['"\\b\\f\\n\\r\\t\\u0008\\u000c\\u000a\\u0000\\u001F"', '"\\b\\f\\n\\r\\t\\b\\f\\n\\u0000\\u001f"'],
    ['"\\"\\\\"', '"\\"\\\\"'],
    ['"\\\\u0041"', '"\\\\u0041"'],
    ['"\\\\\\""', '"\\\\\\""'],
    ['["\\\\","\\\\\\\\","a\\\\"]', '["\\\\", "\\\\\\\\", "a\\\\"]'],
    ['"</script> \'"', '"</script> \'"'],
  ]);
  assert.equal(canonicalString('é"\u007f\ud800'), '"\\u00e9\\"\\u007f\\ud800"');
});

test("canonicalJson() removes white space between tokens, and keeps it within strings", () => {
  check([
    [' \t\r\n{ "a" :\n[ 1 ,\t2 , { } , [ ] ] }\r\n', '{"a": [1, 2, {}, []]}'],
    ['[" a  b ", "{ }:,[]"]', '[" a  b ", "{ }:,[]"]'],
    ["{}", "{}"],
    [" [ ] ", "[]"],
  ]);
});

test("canonicalJson() accepts 900 levels and rejects 901", () => {
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]] as const) {
    const nested = (levels: number) => open.repeat(levels - 1) + "[]" + close.repeat(levels - 1);
    assert.equal(canonicalJson(nested(900)), nested(900).replaceAll(":", ": "));
    assert.equal(canonicalJson(nested(901)), undefined);
    assert.equal(canonicalJson(nested(20_000)), undefined);
  }
  assert.equal(canonicalJson(`[${"[[]],".repeat(2_000)}1]`)?.length, 2_000 * 6 + 3, "siblings do not add up");
});

test("canonicalJson() passes each string with its path to the rewrite, and uses the result", () => {
  const seen: [string, string][] = [];
  const string = (value: string, path: readonly string[]) => {
    seen.push([path.join("/"), value]);
    return `${value}é"`;
  };
  const canonical = canonicalJson('{"b":["x",{"\\u0063":"y"}],"a":1,"d":"z"}', { string });
  assert.equal(canonical, '{"a": 1, "b": ["x\\u00e9\\"", {"c": "y\\u00e9\\""}], "d": "z\\u00e9\\""}');
  assert.deepEqual(seen, [["b", "x"], ["b/c", "y"], ["d", "z"]]);
});

test("canonicalJson() replaces a complete member if the rewrite asks for it", () => {
  const member = (path: readonly string[]) => path.at(-1) === "secret" ? 'gone"' : undefined;
  const canonical = canonicalJson('{"secret":{"a":[1,{"b":"}"}]},"a":[{"secret":7,"b":true}]}', { member });
  assert.equal(canonical, '{"a": [{"b": true, "secret": "gone\\""}], "secret": "gone\\""}');
});

/** Reproducible numbers in [0, 1). */
function randomNumbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Tree = { number: string } | { string: string } | { word: string } | { array: Tree[] } | {
  object: [string, Tree][];
};

/** Makes random trees, and prints the same tree in many spellings. */
function randomJson(random: () => number) {
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(choices: readonly T[]) => choices[below(choices.length)] as T;
  const units = [
    "a",
    "b",
    "Z",
    "0",
    " ",
    '"',
    "\\",
    "/",
    "\n",
    "\u007f",
    "é",
    "\u2028",
    "\ud83d",
    "\ude0a",
    "\uffee",
    "\0",
  ];
  const string = () => Array.from({ length: below(5) }, () => pick(units)).join("");
  const digits = (count: number) => Array.from({ length: count }, () => below(10)).join("");
  const whole = () => pick(["0", "7", `${1 + below(9)}${digits(below(25))}`]);
  const number = () => {
    const text = whole() + pick(["", `.${digits(1 + below(20))}`]) +
      pick(["", "", `${pick(["e", "E+", "e-"])}${below(99)}`]);
    return text === "0" ? text : pick(["", "-"]) + text;
  };
  const tree = (depth: number): Tree => {
    const kind = below(depth > 3 ? 3 : 5);
    if (kind === 0) return { number: number() };
    if (kind === 1) return { string: string() };
    if (kind === 2) return { word: pick(["true", "false", "null"]) };
    if (kind === 3) return { array: Array.from({ length: below(4) }, () => tree(depth + 1)) };
    // No backslash: after an object with the name "\\", JSON.parse of Deno 2.9 reads every escaped unit as it.
    const names = new Set(Array.from({ length: below(6) }, () => string().replaceAll("\\", "")));
    return { object: [...names].map((name) => [name, tree(depth + 1)]) };
  };
  const space = () => random() < 0.6 ? "" : pick([" ", "\n", "\t", "\r\n", "  "]);
  const quote = (value: string) =>
    `"${
      Array.from({ length: value.length }, (_, at) => {
        const unit = value.charAt(at);
        const isRaw = random() < 0.5 && !/["\\]/.test(unit) && unit >= " " && !/[\ud800-\udfff]/.test(unit);
        return isRaw ? unit : `\\u${value.charCodeAt(at).toString(16).padStart(4, "0")}`;
      }).join("")
    }"`;
  const member = ([name, value]: [string, Tree]): string => {
    const last = `${space()}${quote(name)}${space()}:${print(value)}`;
    return random() < 0.1 ? `${quote(name)}:${print(tree(3))},${last}` : last; // the last one wins
  };
  const print = (value: Tree): string => {
    const inner = "object" in value
      ? `{${value.object.toSorted(() => random() - 0.5).map(member).join(",")}${space()}}`
      : "array" in value
      ? `[${value.array.map(print).join(",")}${space()}]`
      : "string" in value
      ? quote(value.string)
      : "number" in value
      ? value.number
      : value.word;
    return space() + inner + space();
  };
  return { tree: () => tree(0), print };
}

test("canonicalJson() preserves the meaning, is stable, and ignores member order (4,000 random texts)", () => {
  const { tree, print } = randomJson(randomNumbers(20261122));
  for (let round = 0; round < 4_000; round++) {
    const value = tree();
    const [text, sameText] = [print(value), print(value)];
    const canonical = canonicalJson(text);
    assert.ok(canonical !== undefined && /^[ -~]*$/.test(canonical), text);
    assert.deepEqual(JSON.parse(canonical), JSON.parse(text), text);
    assert.equal(canonicalJson(canonical), canonical, text);
    assert.equal(canonicalJson(sameText), canonical, `${text}\n${sameText}`);
  }
});

test("canonicalJson() sorts objects of any size, and keeps the last of members with one name", () => {
  for (const count of [2, 3, 15, 16, 17, 18, 40]) {
    const names = Array.from({ length: count }, (_, at) => `m${(at * 7) % count}`);
    const members = [...names, ...names.slice(0, 3)].map((name, at) => `"${name}":${at}`);
    const value = JSON.parse(`{${members.join(",")}}`);
    const expected = Object.keys(value).sort().map((name) => `"${name}": ${value[name]}`).join(", ");
    assert.equal(canonicalJson(`{${members.join(",")}}`), `{${expected}}`, `${count} members`);
  }
});
