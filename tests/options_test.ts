import assert from "node:assert/strict";
import process from "node:process";
import {
  CachyError,
  type CachyOptions,
  createCachy,
  defaultDomains,
  enableCachy,
  jsonlStore,
  memoryStore,
} from "../mod.ts";
import { checkOptions } from "../src/options/check.ts";
import { test } from "./suite.ts";

type Values = Readonly<Record<keyof CachyOptions, readonly unknown[]>>;

/** On Windows a path needs its drive, and a host is a file server. */
const isWindows = process.platform === "win32";
const fileUrl = isWindows ? "file:///C:/a.jsonl" : "file:///a.jsonl";
const noFileUrls = ["file:///a%2Fb.jsonl", ...isWindows ? [] : ["file://elsewhere.example/cachy.jsonl"]];

const path = {
  right: ["a.jsonl", "./x/a.jsonl", "/a.jsonl", fileUrl, new URL(fileUrl)],
  wrong: [
    "",
    7,
    null,
    true,
    "https://a.example/a.jsonl",
    new URL("https://a.example/a.jsonl"),
    ["a.jsonl"],
  ],
};
const matchers = {
  right: [
    [],
    defaultDomains,
    ["a.example", "localhost:4000", "127.0.0.1", "[::1]:80", "https://a.example/v1", /x/, () => true, "bücher.example"],
  ],
  wrong: [
    "a.example",
    /x/,
    null,
    [7],
    [null],
    [""],
    ["*.a.example"],
    ["a.example/v1"],
    ["https://"],
    ["ftp://a.example"],
    ["localhost:99999"],
    ["a b"],
    [["a.example"]],
    new Set(["a.example"]),
  ],
};

const RIGHT: Values = {
  file: path.right,
  cacheDir: path.right,
  domains: matchers.right,
  ignore: matchers.right,
  mode: ["auto", "replay", "refresh", "off"],
  keyHeaders: [[], ["X-Mine", "accept"]],
  keepHeaders: [[], ["x-ratelimit-remaining"]],
  normalize: [[], [["a", ""], [/a/g, "$&"]]],
  omit: [[], ["a", "a.b", "tools[*].cache_control", "*.id", 'metadata["a.b"].c', '["a b"]']],
  namespace: ["", "a"],
  keepRequest: ["brief", "whole", "none"],
  maxBodyBytes: [0, 1, 2 ** 40, Infinity],
  recordErrors: [true, false, [], [400, 599]],
  allowSecrets: [true, false],
  redact: [(entry: unknown) => entry],
  miss: ["answer", "throw"],
  maxAge: ["90d", "12h", "2w", "45min", "10s", "1.5 d"],
  onExpired: ["warn", "fail", "refresh"],
  pace: ["recorded", 1, 0.5, 100, { chunkMs: 0 }, { chunkMs: 20 }],
  debug: [true, false, "miss"],
  onEvent: [() => {}],
  faults: [
    [],
    [{ status: 429 }],
    [{ reset: true, times: 0 }, { cutAfter: 0, delayMs: 1 }],
    [{ delayMs: 0, match: /a/ }, { match: "a.example", status: 500, headers: { "retry-after": "1" }, reset: false }],
    [{ match: () => true, cutAfter: 3, status: undefined }],
  ],
  store: [memoryStore()],
  fetch: [fetch],
};

const WRONG: Values = {
  file: path.wrong,
  cacheDir: path.wrong,
  domains: matchers.wrong,
  ignore: matchers.wrong,
  mode: ["", "AUTO", "record", null, true, 0, ["auto"]],
  keyHeaders: ["x-mine", [7], [""], ["a b"], ["a:"], ["a\n"], null, {}],
  keepHeaders: ["x-mine", [7], ["a b"], ["set-cookie"], ["Set-Cookie"], ["content-length"], ["Content-Encoding"], [
    "transfer-encoding",
  ]],
  normalize: [
    "a",
    ["a", "b"],
    [["a"]],
    [["a", "b", "c"]],
    [["", "b"]],
    [[7, "b"]],
    [["a", () => "b"]],
    [["a", 7]],
    null,
  ],
  omit: ["a", [7], [""], ["."], ["a."], [".a"], ["a..b"], ["a[0]"], ["a["], ["[*]"], ["a b"], [["a"]], null],
  namespace: [7, null, true, ["a"], {}],
  keepRequest: ["all", "", true, null],
  maxBodyBytes: ["1", -1, NaN, null, 1n],
  recordErrors: ["true", 1, null, 400, [200], [399], [600], [400.5], ["400"]],
  allowSecrets: ["true", 1, null],
  redact: ["email", /a/, null],
  miss: ["", "reject", true, null],
  maxAge: ["", "90", "90 days", "-1d", "d", 90, null, "1e3d"],
  onExpired: ["", "throw", true, null],
  pace: ["fast", 0, -1, NaN, Infinity, {}, { chunkMs: -1 }, { chunkMs: "20" }, { chunkMs: 1, ms: 2 }, true, null, []],
  debug: ["true", 1, null, "hit"],
  onEvent: ["log", {}, null],
  faults: [
    { status: 429 },
    [{}],
    [{ times: 1 }],
    [{ status: 200 }],
    [{ status: 429, reset: true }],
    [{ status: 429, cutAfter: 1 }],
    [{ cutAfter: -1 }],
    [{ cutAfter: 1.5 }],
    [{ delayMs: -1 }],
    [{ delayMs: Infinity }],
    [{ status: 429, times: -1 }],
    [{ status: 429, time: 1 }],
    [{ status: 429, headers: { "a b": "1" } }],
    [{ status: 429, headers: { a: 1 } }],
    [{ status: 429, match: "*.a" }],
    [{ reset: false }],
    [{ reset: 1 }],
    [null],
  ],
  store: ["cachy.jsonl", {}, null, { name: "a", find() {} }, { find() {}, append() {} }],
  fetch: ["fetch", {}, null],
};

function refusal(options: unknown): CachyError {
  try {
    checkOptions(options as CachyOptions);
  } catch (error) {
    assert.ok(error instanceof CachyError, String(error));
    assert.equal(error.code, "invalid_option");
    assert.equal(error.name, "CachyError");
    return error;
  }
  assert.fail("the options were taken");
}

test("checkOptions() accepts valid values of every option, and no options", () => {
  checkOptions({});
  for (const [name, values] of Object.entries(RIGHT)) {
    const needed = name === "onExpired" ? { maxAge: "90d" } : {};
    for (const value of [...values, undefined]) checkOptions({ ...needed, [name]: value });
  }
});

test("checkOptions() rejects invalid values, and names the option and the expected values", () => {
  for (const [name, values] of Object.entries(WRONG)) {
    for (const value of values) {
      const { message } = refusal({ [name]: value });
      assert.match(message, new RegExp(`^Cannot use .+ as option "${name}": expected .+\\.$`, "s"));
    }
  }
});

test("checkOptions() rejects onExpired without maxAge, which would have no effect", () => {
  assert.match(refusal({ onExpired: "fail" }).message, /"onExpired" alone.* Set maxAge, such as "90d"\.$/);
});

test("checkOptions() describes the expected values for each option", () => {
  assert.match(refusal({ mode: "record" }).message, /"auto", "replay", "refresh", "off"/);
  assert.match(refusal({ keepRequest: "all" }).message, /"brief", "whole", "none"/);
  assert.match(refusal({ file: 7 }).message, /path/);
  assert.match(refusal({ maxBodyBytes: "1" }).message, /bytes/);
  assert.match(refusal({ keepHeaders: ["set-cookie"] }).message, /except .*set-cookie/);
});

test("checkOptions() shows the value that it rejects", () => {
  const values: [value: unknown, shown: string][] = [
    ["record", '"record"'],
    [7, "7"],
    [null, "null"],
    [["a"], '["a"]'],
    [NaN, "NaN"],
    [-Infinity, "-Infinity"],
    [10n, "10"],
    [/a+/g, "/a+/g"],
    [Symbol("s"), "Symbol(s)"],
    [() => 1, "a function"],
    [[/x/g, "y", [Math.max]], '[/x/g,"y",[a function]]'],
  ];
  for (const [value, shown] of values) {
    assert.ok(refusal({ mode: value }).message.includes(` ${shown} `), `${shown}: ${refusal({ mode: value }).message}`);
  }
  assert.ok(refusal({ mode: "x".repeat(10_000) }).message.length < 300);
});

test("checkOptions() rejects a file URL that names no file on this system", () => {
  for (const url of noFileUrls) {
    for (const value of [url, new URL(url)]) {
      assert.match(refusal({ file: value }).message, /"file"/);
      assert.match(refusal({ cacheDir: value }).message, /"cacheDir"/);
    }
  }
});

test("checkOptions() says what to write in place of a common mistake", () => {
  assert.match(refusal({ file: "~/x.jsonl" }).message, /Only shells know "~".*homedir\(\)/);
  assert.match(refusal({ cacheDir: "~" }).message, /Only shells know "~"/);
  for (const name of ["domains", "ignore"]) {
    const { message } = refusal({ [name]: ["a.example", "*.openai.com"] });
    assert.match(message, /A host includes its subdomains: write "openai\.com"\.$/);
  }
  const written: [domains: unknown, cure: RegExp][] = [
    [["https://*.openai.com"], /A host includes its subdomains: write "openai\.com"\.$/],
    [["api.openai.com/v1"], /starts with its scheme: write "https:\/\/api\.openai\.com\/v1"\.$/],
    [["https://a.example/*"], /A URL prefix matches every URL that starts with it: end it before the \*\.$/],
    [["*"], /For all hosts, write the regular expression \/\^https\?:\/\.$/],
    ["api.openai.com", /Put it into a list: \[value\]\.$/],
  ];
  for (const [domains, cure] of written) assert.match(refusal({ domains }).message, cure);
  assert.match(refusal({ store: "x.jsonl" }).message, /For a file, set the option "file"\.$/);
  assert.match(refusal({ store: () => ({}) }).message, /Call the function: its result is the store\.$/);
  assert.throws(() => jsonlStore("~/x.jsonl"), /Only shells know "~"/);
  assert.match(
    refusal({ normalize: [/x/, "y"] }).message,
    /^Cannot use \[\/x\/,"y"\] as .*Put the pair into a list: normalize: \[\[pattern, replacement\]\]\.$/,
  );
});

test("checkOptions() refuses unknown names, and suggests the one that is meant", () => {
  for (const name of Object.keys(RIGHT)) {
    for (const wrong of [`${name}s`, `${name}X`, name.toUpperCase(), `${name.slice(0, -1)}_`]) {
      const { message } = refusal({ [wrong]: 1 });
      assert.ok(message.includes(`"${wrong}"`), message);
      assert.ok(message.includes(`Did you mean "${name}"?`), message);
    }
  }
  assert.match(refusal({ dir: 1 }).message, /"dir".*cacheDir/);
  for (const name of ["constructor", "__proto__x", "toString"]) assert.match(refusal({ [name]: 1 }).message, /unknown/);
  assert.match(refusal({ [""]: 1 }).message, /unknown/);
});

test("checkOptions() rejects a file together with a folder", () => {
  const { message } = refusal({ file: "a.jsonl", cacheDir: "b" });
  assert.match(message, /"file".*"cacheDir"/);
  checkOptions({ file: "a.jsonl", cacheDir: undefined });
});

test("checkOptions() rejects values that are not objects", () => {
  for (const options of [null, "replay", 7, true, () => {}]) {
    assert.match(refusal(options).message, /expected an object/);
  }
});

test("createCachy() and enableCachy() reject invalid options, and change nothing", () => {
  const before = globalThis.fetch;
  for (const make of [createCachy, enableCachy]) {
    assert.throws(() => make({ mode: "record" as "auto" }), { name: "CachyError", code: "invalid_option" });
  }
  assert.equal(globalThis.fetch, before);
});

test("checkOptions() rejects a file path with a tilde, a final slash or a NUL", () => {
  for (const file of ["~/cachy.jsonl", "folder/", "a\0b"]) assert.match(refusal({ file }).message, /"file": expected/);
  checkOptions({ cacheDir: "folder/" });
});
