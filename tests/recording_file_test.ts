/** The names of recordings. scripts/check_test_runners.mjs checks them with the real test runners. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { CachyError } from "../mod.ts";
import { fileName, folderName } from "../src/testing/file_name.ts";
import { recordingFile } from "../src/testing.ts";
import { rounds, seed, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const DEVICES = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$|clock\$)$/i;

/** What Windows, macOS, Linux, encrypted file systems, shells and archives accept. */
function assertPortable(name: string): void {
  // deno-lint-ignore no-control-regex -- Windows rejects control characters.
  assert.doesNotMatch(name, /[<>:"/\\|?*\u0000-\u001f\u007f]|^[ .-]|[ .]$|^$/, JSON.stringify(name));
  assert.doesNotMatch(name.split(".")[0]?.trim() ?? "", DEVICES, name);
  assert.ok(new TextEncoder().encode(`${name}.jsonl`).length <= 143, name);
  assert.equal(name, name.toWellFormed());
}

const TITLES = [
  ...[
    "says hello",
    "Says hello",
    "SAYS HELLO",
    "says  hello",
    " says hello",
    "says hello ",
    "says hello.",
    "says/hello",
  ],
  ...["con", "CON", "nul.txt", "com1", "lpt¹", "aux.", ".", "..", "...", "", " ", "-rf", "--yes", "~", "$HOME", "`id`"],
  ...[
    "a\nb",
    "a\u0000b",
    "a\u202eb",
    "a:b",
    "a?b",
    "a*b",
    'a"b',
    "a|b",
    "a<b",
    "a>b",
    "a\\b",
    "a%b",
    "\ud800",
    "💥",
    "日本語",
  ],
  ...["é", "e\u0301x", "ß", "ss", "ſ", "s", "K", "k", "İ", "i̇", "x".repeat(300), "x".repeat(301), "日".repeat(100)],
  ...["says hello (2)", "says hello-0123abcd", "a - b", "case 1", "case 10", fileName(["Says hello"])],
];

test("fileName() gives names that every file system accepts, and different ones to different tests", () => {
  const names = [...TITLES.map((title) => [title]), ["a", "b"], ["a", "b", "c"], ["a b"]];
  const used = new Map<string, string>();
  for (const path of names) {
    for (const ordinal of [1, 2]) {
      const name = fileName(path, ordinal);
      assertPortable(name);
      assert.equal(fileName(path, ordinal), name);
      // The strictest file systems ignore case and decompose characters.
      const folded = name.normalize("NFKD").toUpperCase().toLowerCase();
      const same = used.get(folded);
      assert.equal(same, undefined, `${JSON.stringify(path)} ${ordinal} and ${same} are ${name}`);
      used.set(folded, `${JSON.stringify(path)} ${ordinal}`);
    }
  }
});

test("fileName() keeps simple names, and shows the start of others", () => {
  assert.equal(fileName(["greets", "says hello, twice (in french)"]), "greets - says hello, twice (in french)");
  assert.match(fileName(["Says: hello?"]), /^Says_ hello_-[0-9a-f]{8}$/);
  assert.equal(fileName(["e\u0301"]), fileName(["é"]), "the same text in two Unicode forms");
});

test("folderName() keeps names of existing folders, unless some file system does not accept them", () => {
  for (const name of ["src", ".github", "Greet.test.ts", "-x", "a b", "日本"]) assert.equal(folderName(name), name);
  for (const name of ["con", "aux.test.ts", "a:b", "a ", "a."]) assertPortable(folderName(name));
});

test("fileName() accepts any text", () => {
  let state = seed;
  const random = (most: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * most);
  };
  const characters = [..."aA b.-_/\\:*?\"<>|\n\t~$`%&'é日💥\u0301\u200b", "\ud800", "con", "nul", " > "];
  for (let round = 0; round < rounds(5000); round++) {
    const title = Array.from({ length: random(60) }, () => characters[random(characters.length)]).join("");
    assertPortable(fileName([title]));
    // Names of existing folders may begin with a dot, a hyphen or a space.
    assertPortable(`x${folderName(title.toWellFormed().replaceAll("/", "") || "x")}`);
  }
});

test("recordingFile() is below the project's folder, by the path of the test file", (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "tests", "inner"), { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  const testFile = join(folder, "tests", "inner", "Greet.test.ts");
  const below = (path: string) => relative(folder, path).replaceAll("\\", "/");
  const expected = "recordings/tests/inner/Greet.test_ts/says hello.jsonl";
  for (const place of [testFile, pathToFileURL(testFile), pathToFileURL(testFile).href]) {
    assert.equal(below(recordingFile("says hello", { testFile: place })), expected);
    assert.equal(below(recordingFile({ title: "says hello" }, { testFile: place })), expected);
  }
  const inFolder = recordingFile("says hello", { testFile, folder: "tests/recorded" });
  assert.equal(below(inFolder), "tests/recorded/tests/inner/Greet.test_ts/says hello.jsonl");
  const elsewhere = temporaryFolder(t);
  assert.equal(recordingFile("a", { folder: elsewhere }), join(elsewhere, "a.jsonl"));
});

test("recordingFile() gives one context one file, and numbers others with the same name", () => {
  const origin = pathToFileURL("/p/a_test.ts").href;
  const [first, second] = [{ name: "twice", origin }, { name: "twice", origin }];
  const names = [first, second, first, second, { name: "twice", origin, parent: { name: "step", origin } }]
    .map((context) => basename(recordingFile(context)));
  assert.deepEqual(names, ["twice.jsonl", "twice (2).jsonl", "twice.jsonl", "twice (2).jsonl", "step - twice.jsonl"]);
});

test("recordingFile() uses the context of the running test", (t) => {
  const file = recordingFile(t, { testFile: import.meta.url });
  assert.match(
    file,
    /[/\\]recording_file_test_[jt]s[/\\]recordingFile\(\) uses the context of the running test-[0-9a-f]{8}\.jsonl$/,
  );
});

test("recordingFile() rejects what names no test or no file, and says what to pass", () => {
  const message = (...args: unknown[]) => {
    try {
      (recordingFile as (...args: unknown[]) => void)(...args);
    } catch (error) {
      assert.ok(error instanceof CachyError && error.code === "invalid_option", String(error));
      return error.message;
    }
    assert.fail("it was accepted");
  };
  for (
    const context of [undefined, null, 7, () => {}, {}, { task: {} }, { test: {} }, { currentTestName: "" }, {
      title: " ",
    }]
  ) {
    assert.match(
      message(context),
      /^Cannot name a recording by .*: it does not contain the name of a test\. Pass the context/,
    );
  }
  assert.match(message(""), /empty text/);
  assert.match(message({ title: "a" }), /the test runner does not name it\. Pass it: .*testFile: import\.meta\.url/);
  assert.match(message({ name: "a", origin: "https://a.example/test.ts" }), /is not a file\. Pass it/);
  assert.match(
    message("a", { testfile: "a" }),
    /"testfile" of a recording's file: it is unknown\. Did you mean "testFile"/,
  );
  assert.match(message("a", { testFile: 7 }), /Cannot use 7 as option "testFile"/);
});
