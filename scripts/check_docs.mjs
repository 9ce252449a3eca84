// @ts-check
/**
 * Checks the documentation of the public names: `node scripts/check_docs.mjs`
 *
 * Reads `deno doc --json` for each entry point of deno.json: the module needs a text and an example, and each exported
 * symbol, member and parameter of a function needs a text. docs/options.md must list the options of the code. `deno doc
 * --html` must build a page for each entry point and each symbol. The last line is `N symbols, N members, N problems`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { deno, root, run, start } from "./run.mjs";

/**
 * The parts of the output of `deno doc --json` that are used here.
 *
 * @typedef {{ doc?: string, tags?: { kind: string, name?: string, doc?: string }[] }} Doc
 * @typedef {{ name?: string, left?: Parameter, arg?: Parameter }} Parameter
 * @typedef {{ name?: string, jsDoc?: Doc, params?: Parameter[], accessibility?: string, tsType?: { kind: string } }} Member
 * @typedef {{ kind: string, name?: string, declarationKind: string, jsDoc?: Doc, def?: Record<string, unknown> }} Declaration
 * @typedef {{ module_doc?: Doc, symbols: { name: string, declarations: Declaration[] }[] }} Module
 */

/** @type {string[]} */
const problems = [];
const seen = { symbols: 0, members: 0 };

await start(async () => {
  const { exports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
  const modules = await readModules(Object.values(exports));
  for (const [name, file] of Object.entries(exports)) {
    const module = modules[pathToFileURL(join(root, file)).href];
    if (module) checkModule(name, module);
    else problems.push(`${name}: deno doc does not list ${file}`);
  }
  checkOptions(modules[pathToFileURL(join(root, exports["."])).href]);
  await checkPages(exports, modules);
  for (const problem of problems) console.log(problem);
  console.log(`${seen.symbols} symbols, ${seen.members} members, ${problems.length} problems`);
  return problems.length === 0 && seen.symbols > 0 && seen.members > 0;
});

/**
 * @param {string[]} files
 * @returns {Promise<Record<string, Module>>} By their URLs.
 */
async function readModules(files) {
  const output = await denoDoc(["--json", ...files]);
  return JSON.parse(output.slice(output.indexOf("{"))).nodes;
}

/** @param {string[]} args */
async function denoDoc(args) {
  const env = { ...process.env, NO_COLOR: "1" };
  const { ok, ending, output } = await run(deno(), ["doc", ...args], { env, timeout: 120 });
  if (!ok) throw new Error(`Cannot read the documentation: deno doc ended with ${ending}\n${output}`);
  return output;
}

/**
 * @param {string} name
 * @param {Module} module
 */
function checkModule(name, { module_doc: doc, symbols }) {
  if (!hasText(doc)) problems.push(`${name}: the module has no documentation`);
  for (const tag of ["module", "example"]) if (!tagsOf(doc, tag).length) problems.push(`${name}: @${tag} is missing`);
  for (const { name: symbol, declarations } of symbols) {
    seen.symbols++;
    for (const declaration of declarations) {
      // A reference leads to a symbol of another entry point, which is checked there.
      const isHere = declaration.declarationKind === "export" && declaration.kind !== "reference";
      if (isHere) checkDeclaration(`${name}: ${symbol}`, declaration);
    }
  }
}

/**
 * @param {string} place
 * @param {Declaration} declaration
 */
function checkDeclaration(place, { kind, jsDoc, def = {} }) {
  if (!hasText(jsDoc)) problems.push(`${place} has no text`);
  if (kind === "function") checkParameters(place, jsDoc, /** @type {Member} */ (def).params ?? []);
  if (kind === "typeAlias") checkLiterals(place, def);
  else checkMembers(place, def);
}

/**
 * @param {string} place
 * @param {Record<string, unknown>} def An interface, a class or a type literal.
 */
function checkMembers(place, def) {
  for (const list of ["constructors", "properties", "methods", "callSignatures", "indexSignatures"]) {
    for (const member of /** @type {Member[]} */ (def[list] ?? [])) {
      // The text of a union describes the members that distinguish its objects.
      if (member.accessibility === "private" || member.tsType?.kind === "literal") continue;
      seen.members++;
      const name = `${place}.${member.name ?? list}`;
      if (!hasText(member.jsDoc)) problems.push(`${name} has no text`);
      // The text of a method describes a single parameter. Two or more need a text each.
      if (list === "constructors" || (member.params ?? []).length > 1) {
        checkParameters(name, member.jsDoc, member.params ?? []);
      }
    }
  }
}

/**
 * Finds the object types in a type, which may be a union. Their members need a text only if one of them has a text:
 * the text of the type describes `{ chunkMs: number }`.
 *
 * @param {string} place
 * @param {unknown} type
 */
function checkLiterals(place, type) {
  if (typeof type !== "object" || type === null) return;
  const { kind, value } = /** @type {{ kind?: unknown, value?: Record<string, unknown> }} */ (type);
  if (kind === "typeLiteral" && value) {
    const members = /** @type {Member[]} */ (value.properties ?? []);
    if (members.some(({ jsDoc }) => hasText(jsDoc))) return checkMembers(place, value);
  }
  for (const inner of Object.values(type)) checkLiterals(place, inner);
}

/**
 * @param {string} place
 * @param {Doc | undefined} doc
 * @param {readonly Parameter[]} parameters
 */
function checkParameters(place, doc, parameters) {
  for (const parameter of parameters) {
    seen.members++;
    const name = parameter.name ?? parameter.left?.name ?? parameter.arg?.name;
    const isDocumented = tagsOf(doc, "param").some((tag) => tag.name === name && tag.doc?.trim());
    if (!isDocumented) problems.push(`${place} does not document its parameter ${name}`);
  }
}

/** @param {Doc | undefined} doc */
function hasText(doc) {
  return Boolean(doc?.doc?.trim());
}

/**
 * @param {Doc | undefined} doc
 * @param {string} kind
 */
function tagsOf(doc, kind) {
  return (doc?.tags ?? []).filter((tag) => tag.kind === kind);
}

/**
 * Checks that the table in docs/options.md lists the options of the code.
 *
 * @param {Module | undefined} module
 */
function checkOptions(module) {
  const declarations = module?.symbols.find(({ name }) => name === "CachyOptions")?.declarations ?? [];
  const members = /** @type {Member[]} */ (declarations[0]?.def?.properties ?? []);
  const options = members.map(({ name }) => name);
  const page = readFileSync(join(root, "docs", "options.md"), "utf8");
  const section = /^# Options$(.*?)^## /ms.exec(page)?.[1] ?? "";
  const rows = [...section.matchAll(/^\| `(\w+)` /gm)].map((match) => match[1]);
  if (options.length === 0) problems.push("the options are missing");
  for (const option of options.filter((option) => !rows.includes(option))) {
    problems.push(`docs/options.md does not list the option ${option}`);
  }
  for (const row of rows.filter((row) => !options.includes(row))) {
    problems.push(`docs/options.md lists an option ${row} that does not exist`);
  }
}

/**
 * @param {Record<string, string>} exports
 * @param {Record<string, Module>} modules
 */
async function checkPages(exports, modules) {
  const folder = mkdtempSync(join(tmpdir(), "cachy-docs-"));
  try {
    await denoDoc(["--html", "--name=@cachy/core", `--output=${folder}`, ...Object.values(exports)]);
    for (const [name, file] of Object.entries(exports)) {
      const symbols = modules[pathToFileURL(join(root, file)).href]?.symbols ?? [];
      const pages = ["index.html", ...symbols.map((symbol) => `~/${symbol.name}.html`)];
      for (const page of pages.filter((page) => !existsSync(join(folder, name, page)))) {
        problems.push(`${name}: deno doc --html builds no page ${page}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
