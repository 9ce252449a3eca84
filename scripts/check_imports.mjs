// @ts-check
/**
 * Checks who imports whom: `node scripts/check_imports.mjs`
 *
 * Below are the rules; a file that a rule does not name must not do what the rule allows. For every file besides: no
 * circles, and no import of anything but our own files and `node:*` (the package has no dependencies).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { commandLine, root, start } from "./run.mjs";
import { readModule } from "./source.mjs";

/** These touch the operating system, by `node:*`. A name that ends in "/" stands for a folder. */
const nodeImporters = [
  "src/store/jsonl/append.ts",
  "src/store/jsonl/carry_over.ts",
  "src/store/jsonl/write_lines.ts",
  "src/store/jsonl/rewrite.ts",
  "src/store/jsonl/store.ts",
  "src/store/jsonl/index.ts",
  "src/store/jsonl/file.ts",
  "src/options/check.ts",
  "src/options/settings.ts",
  "src/lib/environment.ts",
  "src/miss/exit_summary.ts",
  "src/lib/sha256.ts",
  "src/options/project_file.ts", // finds the project's folder
  "src/with_cachy.ts",
  "src/global_fetch.ts",
  "src/enable_cachy.ts",
  "src/auto.ts",
  "src/cli.ts",
  "src/cli/",
];

/** These write to `globalThis`. */
const globalWriters = ["src/enable_cachy.ts"];

/** These import nothing of ours at run time but what is listed. Types are free. */
const independent = {
  "src/lib/errors.ts": [],
  "src/store/entry.ts": ["src/lib/errors.ts"],
  "src/lib/canonical_json.ts": ["src/lib/errors.ts"],
  "src/request/domains.ts": ["src/lib/errors.ts"],
};

/** These import nothing from a folder, not even types, but what is listed: the way of a request knows no store. */
const apart = [{ file: "src/flow/fetch.ts", from: "src/stores/", except: ["src/store/store.ts"] }];

const folder = commandLine(["root"]).root?.at(-1) ?? root;

/**
 * @typedef {object} Edge
 * @property {string} from A file of ours.
 * @property {string | undefined} to A file of ours, a `node:` module, or what else was imported.
 * @property {boolean} typeOnly
 * @property {number} line
 */

await start(() => {
  const files = sourceFiles();
  const modules = files.map((file) => ({ file, ...readModule(readFileSync(join(folder, file), "utf8")) }));
  const edges = modules.flatMap(({ file, imports }) => imports.map((entry) => edge(file, entry)));
  const problems = [
    ...edges.flatMap((entry) => importProblems(entry, files).map((text) => `${entry.from}:${entry.line} ${text}`)),
    ...modules.filter(({ file }) => !allows(globalWriters, file))
      .flatMap(({ file, globalWrites }) => globalWrites.map((line) => `${file}:${line} writes to globalThis`)),
    ...circles(files, edges).map((circle) => `circle: ${circle.join(" → ")}`),
  ];
  for (const problem of problems) console.log(problem);
  for (const name of unusedNames(files)) console.log(`note: a rule names ${name}, which does not exist`);
  console.log(`${files.length} files, ${edges.length} imports, ${problems.length} problems`);
  return Promise.resolve(problems.length === 0 && edges.length > 0);
});

/** @returns {string[]} */
function sourceFiles() {
  const inSrc = readdirSync(join(folder, "src"), { recursive: true }).map((name) =>
    `src/${name}`.replaceAll("\\", "/")
  );
  return ["mod.ts", ...inSrc.filter((name) => name.endsWith(".ts")).sort()];
}

/**
 * @param {string} file
 * @param {import("./source.mjs").Import} entry
 * @returns {Edge}
 */
function edge(file, { from, typeOnly, line }) {
  const to = from?.startsWith(".") ? posix.join(posix.dirname(file), from) : from;
  return { from: file, to, typeOnly, line };
}

/**
 * @param {Edge} edge
 * @param {readonly string[]} files
 * @returns {string[]}
 */
function importProblems({ from, to, typeOnly }, files) {
  if (to === undefined) return ["imports a module that is not named by a literal"];
  if (to.startsWith("node:")) return typeOnly || allows(nodeImporters, from) ? [] : [`imports ${to}`];
  if (!files.includes(to)) return [`imports ${to}, which is neither a file of ours nor node:*`];
  const allowed = /** @type {Record<string, string[]>} */ (independent)[from];
  return [
    ...(allowed && !typeOnly && !allowed.includes(to) ? [`imports ${to} at run time, not only its types`] : []),
    ...apart.filter((rule) => rule.file === from && to.startsWith(rule.from) && !rule.except.includes(to))
      .map(() => `imports ${to}`),
  ];
}

/**
 * The circles of imports that exist at run time: type imports are gone by then.
 *
 * @param {readonly string[]} files
 * @param {readonly Edge[]} edges
 * @returns {string[][]}
 */
function circles(files, edges) {
  /** @type {string[][]} */
  const found = [];
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} file @param {readonly string[]} path */
  const visit = (file, path) => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file]);
    if (path.includes(file) || done.has(file)) return;
    for (const { to } of edges.filter((edge) => edge.from === file && !edge.typeOnly)) visit(to ?? "", [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}

/**
 * @param {readonly string[]} names
 * @param {string} file
 */
function allows(names, file) {
  return names.some((name) => name.endsWith("/") ? file.startsWith(name) : file === name);
}

/** @param {readonly string[]} files */
function unusedNames(files) {
  const names = [...nodeImporters, ...globalWriters, ...Object.keys(independent), ...apart.map(({ file }) => file)];
  return names.filter((name) => !existsSync(join(folder, name)) && !files.includes(name));
}
