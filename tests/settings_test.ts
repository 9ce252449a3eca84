import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { realpathSync, writeFileSync } from "node:fs";
import { type CachyEvent, createCachy } from "../mod.ts";
import { createSettings, type Settings } from "../src/options/settings.ts";
import { test } from "./suite.ts";
import { CHAT_URL, countingNetwork, jsonPost, temporaryFolder } from "./testing.ts";

const VARIABLES = ["CI", "CACHY_MODE", "CACHY_FILE", "CACHY_DOMAINS", "CACHY_DEBUG", "CACHY_STRICT"] as const;

/** Runs a function with these variables and no others of cachy, and restores everything. */
function withVariables<T>(variables: Partial<Record<typeof VARIABLES[number], string>>, run: () => T): T {
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const name of VARIABLES) set(name, variables[name]);
  try {
    return run();
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

function settingsWith(variables: Parameters<typeof withVariables>[0], options = {}): Settings {
  return withVariables(variables, () => createSettings(options));
}

function inFolder<T>(folder: string, run: () => T): T {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return run();
  } finally {
    process.chdir(before);
  }
}

test("createSettings() takes the mode from the option, else CACHY_MODE, else CI, else auto", () => {
  const cases: [Parameters<typeof withVariables>[0], object, string, string][] = [
    [{ CACHY_MODE: "off", CI: "true" }, { mode: "refresh" }, "refresh", "option"],
    [{ CACHY_MODE: "off", CI: "true" }, {}, "off", "CACHY_MODE"],
    [{ CACHY_MODE: "auto", CI: "1" }, { mode: undefined }, "auto", "CACHY_MODE"],
    [{ CI: "true" }, {}, "replay", "CI"],
    [{ CI: "1" }, {}, "replay", "CI"],
    [{ CI: "0" }, {}, "replay", "CI"],
    [{ CI: "false" }, {}, "auto", "default"],
    [{ CI: "" }, {}, "auto", "default"],
    [{}, {}, "auto", "default"],
    [{ CACHY_MODE: "" }, {}, "auto", "default"],
  ];
  for (const mode of ["auto", "replay", "refresh", "off"]) cases.push([{ CACHY_MODE: mode }, {}, mode, "CACHY_MODE"]);
  for (const [variables, options, mode, source] of cases) {
    const settings = settingsWith(variables, options);
    assert.deepEqual([settings.mode, settings.modeSource], [mode, source], JSON.stringify(variables));
    assert.deepEqual(settings.warnings, []);
  }
});

test("createSettings() warns of a wrong CACHY_MODE, and ignores it", () => {
  for (const [ci, mode] of [[undefined, "auto"], ["true", "replay"]] as const) {
    const settings = settingsWith({ CACHY_MODE: "record", CI: ci });
    assert.equal(settings.mode, mode);
    assert.equal(settings.warnings.length, 1);
    assert.match(settings.warnings[0] ?? "", /CACHY_MODE=record.*auto, replay, refresh, off/);
    assert.ok(settings.warnings[0]?.includes(`"${mode}"`), "the warning says which mode it is now");
  }
  assert.deepEqual(settingsWith({ CACHY_MODE: "record" }, { mode: "off" }).warnings, []);
});

test("createSettings() reads the environment once, at the call", () => {
  const settings = settingsWith({ CACHY_MODE: "replay", CACHY_FILE: "/a.jsonl" });
  withVariables({ CACHY_MODE: "off", CACHY_FILE: "/b.jsonl" }, () => {
    assert.equal(settings.mode, "replay");
    assert.equal(settings.findFile().path, "/a.jsonl");
  });
});

test("createSettings() sets debug by the option, else by CACHY_DEBUG", () => {
  for (const [value, debug] of [["1", true], ["true", true], ["0", false], ["false", false], ["", false]] as const) {
    assert.equal(settingsWith({ CACHY_DEBUG: value }).debug, debug, value);
    assert.equal(settingsWith({ CACHY_DEBUG: value }, { debug: !debug }).debug, !debug);
  }
  assert.equal(settingsWith({}).debug, false);
  assert.equal(settingsWith({ CACHY_DEBUG: "miss" }).debug, "miss");
});

test("createSettings() adds the hosts of CACHY_DOMAINS to the default ones, unless the option domains is set", () => {
  const urls = ["http://localhost:4000/v1/responses", "https://llm.example/x", "https://api.openai.com/v1/responses"];
  const cached = (value: string, options = {}) => {
    const { isCached, warnings } = settingsWith({ CACHY_DOMAINS: value }, options);
    return [urls.map((url) => isCached(new URL(url))), warnings];
  };
  assert.deepEqual(cached(""), [[false, false, true], []]);
  assert.deepEqual(cached("localhost:4000, https://llm.example/"), [[true, true, true], []]);
  assert.deepEqual(cached("localhost:4000", { domains: ["llm.example"] }), [[false, true, false], []]);
  const warning =
    "Cannot use a/b in CACHY_DOMAINS: expected hosts and URL prefixes, separated by commas. It is ignored. " +
    'A URL prefix starts with its scheme: write "https://a/b".';
  assert.deepEqual(cached("a/b,llm.example"), [[false, true, true], [warning]]);
});

test("createSettings() sets strict by CACHY_STRICT", () => {
  for (const [value, strict] of [["1", true], ["TRUE", true], ["0", false], ["false", false], ["", false]] as const) {
    assert.equal(settingsWith({ CACHY_STRICT: value }).strict, strict, value);
  }
});

test("createSettings() reports a wrong value of a variable with the valid ones, and uses the safe setting", () => {
  const { mode, warnings, debug, strict } = settingsWith({
    CI: "1",
    CACHY_MODE: "record",
    CACHY_DEBUG: "all",
    CACHY_STRICT: "yes",
  });
  assert.deepEqual([mode, debug, strict], ["replay", false, false]);
  assert.deepEqual(warnings, [
    `Cannot use CACHY_MODE=record: expected one of auto, replay, refresh, off. The mode is "replay".`,
    "Cannot use CACHY_DEBUG=all: expected one of 0, 1, true, false, miss. It is ignored.",
    "Cannot use CACHY_STRICT=yes: expected one of 0, 1, true, false. It is ignored.",
  ]);
});

test("createSettings() says what to write in a variable in place of a common mistake", () => {
  const { findFile, warnings } = settingsWith({ CACHY_FILE: "~/x.jsonl", CACHY_DOMAINS: "*.a.example,b.example" });
  assert.match(findFile().warning ?? "", /^Cannot use CACHY_FILE=~\/x\.jsonl: .* Only shells know "~"/);
  assert.match(
    warnings.join(),
    /\*\.a\.example in CACHY_DOMAINS: .* A host includes its subdomains: write "a\.example"\.$/,
  );
});

test("createSettings() finds the file by path, URL or folder, relative to the working directory of the call", (t) => {
  const folder = realpathSync(temporaryFolder(t));
  const at = (...parts: string[]) => join(folder, ...parts);
  const cases: [object, string][] = [
    [{ file: "a.jsonl" }, at("a.jsonl")],
    [{ file: "./sub/../a.jsonl" }, at("a.jsonl")],
    [{ file: at("b c.jsonl") }, at("b c.jsonl")],
    [{ file: pathToFileURL(at("ü x.jsonl")) }, at("ü x.jsonl")],
    [{ file: pathToFileURL(at("ü x.jsonl")).href }, at("ü x.jsonl")],
    [{ cacheDir: "sub" }, at("sub", "cachy.jsonl")],
    [{ cacheDir: at("sub") }, at("sub", "cachy.jsonl")],
    [{ cacheDir: pathToFileURL(at("sub")) }, at("sub", "cachy.jsonl")],
    [{ cacheDir: pathToFileURL(`${at("sub")}/`) }, at("sub", "cachy.jsonl")],
  ];
  for (const [options, path] of cases) {
    const { findFile } = inFolder(folder, () => settingsWith({ CACHY_FILE: "/elsewhere.jsonl" }, options));
    assert.deepEqual(findFile(), { path }, JSON.stringify(options));
  }
});

test("createSettings() uses CACHY_FILE if no option names the file", (t) => {
  const folder = realpathSync(temporaryFolder(t));
  for (const value of ["x.jsonl", join(folder, "x.jsonl"), pathToFileURL(join(folder, "x.jsonl")).href]) {
    const { findFile } = inFolder(folder, () => settingsWith({ CACHY_FILE: value }));
    assert.equal(findFile().path, join(folder, "x.jsonl"));
  }
});

test("createSettings() searches the project on demand, from the working directory of the call", (t) => {
  const folder = realpathSync(temporaryFolder(t));
  const { findFile } = inFolder(folder, () => settingsWith({}));
  writeFileSync(join(folder, "deno.json"), "{}");
  assert.deepEqual(findFile(), { path: join(folder, "cachy.jsonl") });
});

test("createCachy() delivers the live response and warns if CACHY_FILE names no file on this system", async (t) => {
  const folder = realpathSync(temporaryFolder(t));
  writeFileSync(join(folder, "deno.json"), "{}"); // keeps other recordings in this folder
  // On Windows a host is a file server.
  const elsewhere = process.platform === "win32" ? [] : ["file://elsewhere.example/cachy.jsonl"];
  for (const value of ["file:///a%2Fb.jsonl", ...elsewhere]) {
    const warnings: CachyEvent[] = [];
    const onEvent = (event: CachyEvent) => void (event.kind === "warning" && warnings.push(event));
    const { fetch, calls } = countingNetwork();
    const options = { mode: "auto", fetch, onEvent, namespace: value } as const;
    const cachy = inFolder(folder, () => withVariables({ CACHY_FILE: value }, () => createCachy(options)));
    assert.deepEqual(await (await cachy.fetch(CHAT_URL, jsonPost({}))).json(), { count: 1 });
    assert.equal(calls.length, 1);
    assert.equal(warnings.length, 1, value);
  }
});

test("createSettings() caches what is in domains and not in ignore, by http and https only", () => {
  const { isCached } = settingsWith({}, {
    domains: ["a.example", () => true],
    ignore: ["private.a.example", "https://a.example/v1/models"],
  });
  const cached = (url: string) => isCached(new URL(url));
  for (const url of ["https://a.example/v1", "http://b.example/"]) assert.equal(cached(url), true, url);
  const others = [
    "https://private.a.example/",
    "https://a.example/v1/models",
    "https://a.example/v1/models?limit=2",
    "data:,",
    "ws://a.example/",
    "file:///a.example",
    "blob:https://a.example/x",
  ];
  for (const url of others) assert.equal(cached(url), false, url);
  const defaults = settingsWith({});
  assert.equal(defaults.isCached(new URL(CHAT_URL)), true);
  assert.equal(defaults.isCached(new URL("https://example.com")), false);
});

test("createSettings() has a default for everything, and lower-case header names", () => {
  const settings = settingsWith({});
  assert.deepEqual([...settings.keyHeaders, ...settings.keepHeaders, ...settings.normalize], []);
  assert.equal(settings.namespace, undefined);
  assert.equal(settings.keepRequest, "brief");
  assert.equal(settings.maxBodyBytes, 64 * 1024 * 1024);
  const named = settingsWith({}, { keyHeaders: ["X-A"], keepHeaders: ["X-B"], maxBodyBytes: 0, namespace: "" });
  assert.deepEqual([...named.keyHeaders, ...named.keepHeaders], ["x-a", "x-b"]);
  assert.deepEqual([named.maxBodyBytes, named.namespace], [0, ""]);
});

test("createSettings() ignores later changes of the caller in its options", () => {
  const options = { domains: ["a.example"], normalize: [["a", "b"] as [string, string]], keyHeaders: ["x-a"] };
  const settings = settingsWith({}, options);
  options.domains.push("b.example");
  options.normalize.pop();
  options.keyHeaders.pop();
  assert.equal(settings.isCached(new URL("https://b.example/")), false);
  assert.equal(settings.normalize.length, 1);
  assert.equal(settings.keyHeaders.size, 1);
});
