// @ts-check
/**
 * Checks all imports between source files, including types: `node scripts/check_imports.mjs`
 *
 * The folders of `src/` are called rooms. A room may import the rooms below it, but only the files of their `face`.
 * Circles are errors, and so are imports other than source files and `node:*`, because the package has no dependencies.
 * The number of modules that `import "mod.ts"` loads is limited.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { commandLine, root, start } from "./run.mjs";
import { readModule } from "./source.mjs";

/**
 * @typedef {object} Room
 * @property {readonly string[]} below The rooms that it may import, together with the rooms below them.
 * @property {readonly string[]} [face] The files and folders that other rooms may import; by default all.
 */

/** @type {Readonly<Record<string, Room>>} */
const rooms = {
  // The core.
  lib: { below: [] },
  secrets: { below: ["lib"] },
  request: { below: ["secrets"] },
  store: { below: ["request"] },
  replay: { below: ["store"] },
  report: { below: ["store"] },
  record: {
    below: ["replay", "report"],
    face: ["record.ts", "completeness.ts", "write_entry.ts", "json_answer.ts", "joined_texts.ts"],
  },
  miss: { below: ["replay", "report"], face: ["miss.ts", "exit_summary.ts", "difference.ts", "comparison.ts"] },
  options: { below: ["replay", "report"] },
  flow: { below: ["record", "miss", "options"], face: ["fetch.ts", "context.ts", "in_flight.ts", "live.ts"] },
  // The path of a request depends on the contract of stores, not on this store.
  "store/jsonl": {
    below: ["store"],
    face: [
      "store.ts",
      "compact_file.ts",
      "compact.ts",
      "rewrite.ts",
      "file.ts",
      "index.ts",
      "line.ts",
      "write_lines.ts",
    ],
  },
  // The names of recordings by their tests.
  testing: { below: ["lib"] },
  // The files of `src/` itself, and mod.ts.
  root: { below: ["flow", "store/jsonl", "testing"] },

  // The proxy for other programs.
  proxy: { below: ["root"], face: ["server.ts", "variables.ts", "presets.ts"] },

  // The command line.
  "cli/display": { below: ["root"] },
  "cli/read": { below: ["root"], face: ["reading.ts", "providers.ts", "body/answer_body.ts", "parts/media.ts"] },
  "cli/scan": { below: ["root"], face: ["scan.ts", "request_body.ts"] },
  "cli/app": {
    below: ["cli/display"],
    face: ["command.ts", "key_options.ts", "program.ts", "progress.ts", "run_command_line.ts", "terminal.ts"],
  },
  "cli/show": { below: ["cli/read", "cli/display"] },
  "cli/file": { below: ["cli/show", "cli/app"] },
  "cli/verify": { below: ["cli/scan", "cli/file"] },
  "cli/curl": { below: ["cli/scan", "cli/verify"], face: ["curl.ts"] },
  "cli/edit": {
    below: ["cli/verify"],
    face: ["merge.ts", "remove.ts", "repair.ts", "three_way.ts", "rekey.ts", "unused.ts"],
  },
  "cli/again": { below: ["cli/edit"] },
  "cli/view": { below: ["cli/file"], face: ["server.ts", "report.ts", "library.ts", "shelf.ts", "misses.ts"] },
  "cli/commands": { below: ["cli/curl", "cli/again", "cli/view", "proxy"], face: ["all.ts"] },
  "cli.ts": { below: ["cli/commands"] },
};

/** These touch the operating system, by `node:*`. A name that ends in "/" stands for a folder. */
const nodeImporters = [
  "src/lib/bytes.ts", // hashes
  "src/lib/environment.ts",
  "src/store/jsonl/",
  "src/options/settings.ts", // finds the project's folder
  "src/miss/exit_summary.ts",
  "src/report/prices.ts",
  "src/report/ledger.ts",
  "src/testing.ts",
  "src/testing/",
  "src/global_fetch.ts",
  "src/enable_cachy.ts",
  "src/proxy/",
  "src/cli.ts",
  "src/cli/",
];

/** These write to `globalThis`. */
const globalWriters = ["src/global_fetch.ts", "src/lib/shared_state.ts"];

/** These load a module when they are called. */
const lazyImporters = [
  "src/store/jsonl/compact_file.ts",
  "src/create_cachy.ts",
  "src/report/reporter.ts",
  "src/miss/miss.ts",
  "src/flow/fetch.ts",
  "src/cli/commands/recording_proxy.ts",
];

/** These load a module of the user. */
const configReaders = ["src/cli/commands/rekey.ts"];

/** How many modules `import "mod.ts"` may load: each costs time before the first request. */
const MOST_MODULES = 47;

/** How many files `src/` may have besides its folders. */
const MOST_ROOT_FILES = 8;

const folder = commandLine(["root"]).root?.at(-1) ?? root;

/**
 * @typedef {object} Edge
 * @property {string} from A source file.
 * @property {string | undefined} to A source file, a `node:` module, or any other specifier.
 * @property {boolean} typeOnly
 * @property {boolean} isLazy
 * @property {number} line
 */

await start(() => {
  const files = sourceFiles();
  const modules = files.map((file) => ({ file, ...readModule(readFileSync(join(folder, file), "utf8")) }));
  const edges = modules.flatMap(({ file, imports }) => imports.map((entry) => edge(file, entry)));
  const loaded = loadedBy("mod.ts", edges);
  const atRoot = files.filter((file) => /^src\/[^/]+$/.test(file)).length;
  const problems = [
    ...edges.flatMap((entry) => importProblems(entry, files).map((text) => `${entry.from}:${entry.line} ${text}`)),
    ...modules.filter(({ file }) => !allows(globalWriters, file))
      .flatMap(({ file, globalWrites }) => globalWrites.map((line) => `${file}:${line} writes to globalThis`)),
    ...circles(files, edges).map((circle) => `circle: ${circle.join(" → ")}`),
    ...loaded.size > MOST_MODULES ? [`mod.ts loads ${loaded.size} modules, more than ${MOST_MODULES}`] : [],
    ...atRoot > MOST_ROOT_FILES ? [`src/ has ${atRoot} files besides its folders, more than ${MOST_ROOT_FILES}`] : [],
    ...unusedNames(files).map((name) => `a rule names ${name}, which does not exist`),
  ];
  for (const problem of problems) console.log(problem);
  const counts = `${files.length} files, ${edges.length} imports, ${loaded.size} modules loaded by mod.ts`;
  console.log(`${counts}, ${problems.length} problems`);
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
function edge(file, { from, ...rest }) {
  const to = from?.startsWith(".") ? posix.join(posix.dirname(file), from) : from;
  return { from: file, to, ...rest };
}

/**
 * @param {Edge} edge
 * @param {readonly string[]} files
 * @returns {string[]}
 */
function importProblems({ from, to, typeOnly, isLazy }, files) {
  if (to === undefined) return allows(configReaders, from) ? [] : ["imports a module by an expression, not a literal"];
  if (/^(?:node|bun):/.test(to)) return typeOnly || allows(nodeImporters, from) ? [] : [`imports ${to}`];
  if (!files.includes(to)) return [`imports ${to}, which is neither a source file nor node:*`];
  return [
    ...isLazy && !typeOnly && !allows(lazyImporters, from) ? [`loads ${to} when it is called`] : [],
    ...roomProblems(from, to),
  ];
}

/**
 * @param {string} from
 * @param {string} to
 * @returns {string[]}
 */
function roomProblems(from, to) {
  const [room, other] = [roomOf(from), roomOf(to)];
  const rule = rooms[other];
  if (!rooms[room] || !rule) return [`imports ${to}: a room of the two is missing in the table`];
  if (room === other) return [];
  if (!roomsBelow(room).has(other)) return [`imports ${to}, whose room is not below ${room}`];
  const name = to.slice(`src/${other}/`.length);
  return !rule.face || allows(rule.face, name) ? [] : [`imports ${to}, which is not in the face of ${other}`];
}

/**
 * @param {string} file
 * @returns {string} A name of {@linkcode rooms}, if the file is in one.
 */
function roomOf(file) {
  if (file === "src/cli.ts") return "cli.ts";
  const [, ...path] = file.split("/");
  if (path.length < 2) return "root";
  const inner = path.slice(0, 2).join("/");
  return Object.hasOwn(rooms, inner) ? inner : path[0] ?? "";
}

/**
 * @param {string} room
 * @returns {Set<string>}
 */
function roomsBelow(room) {
  const below = rooms[room]?.below ?? [];
  return new Set(below.flatMap((name) => [name, ...roomsBelow(name)]));
}

/**
 * The circles of imports, including type imports.
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
    for (const { to } of edges.filter((edge) => edge.from === file)) visit(to ?? "", [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return found;
}

/**
 * A module and all modules that are loaded with it.
 *
 * @param {string} file
 * @param {readonly Edge[]} edges
 * @param {Set<string>} loaded
 * @returns {Set<string>}
 */
function loadedBy(file, edges, loaded = new Set()) {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  for (const { from, to, typeOnly, isLazy } of edges) {
    if (from === file && !typeOnly && !isLazy && to?.endsWith(".ts")) loadedBy(to, edges, loaded);
  }
  return loaded;
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
  const faces = Object.entries(rooms).flatMap(([room, { face = [] }]) => face.map((name) => `src/${room}/${name}`));
  const names = [...nodeImporters, ...globalWriters, ...lazyImporters, ...faces];
  const missing = names.filter((name) => !existsSync(join(folder, name)) && !files.includes(name));
  return [...missing, ...Object.keys(rooms).filter((room) => !files.some((file) => roomOf(file) === room))];
}
