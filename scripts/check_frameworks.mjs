// @ts-check
/**
 * Checks that apps of frameworks record and replay: `node scripts/check_frameworks.mjs [--only APP] [--nodes FOLDER]`
 *
 * The apps in tests/frameworks use the npm package and call a simulated provider. Each must record while it is developed,
 * ask nothing again after an edit, and be answered by the file in mode `replay` when it is built and started. Apps that
 * need a newer Node run on Node 24 (see scripts/nodes.mjs for `--nodes`). The last line is `N passed, N failed`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkBundles, checkWorker } from "./framework_bundles.mjs";
import * as apps from "./framework_apps.mjs";
import { otherNodes } from "./nodes.mjs";
import { packPackage } from "./npm_package.mjs";
import { allPassed, bun, commandLine, deno, report, run, start } from "./run.mjs";

/** @typedef {import("./run.mjs").Command} Command */

/**
 * @typedef {object} App
 * @property {string} name
 * @property {string} folder In tests/frameworks.
 * @property {string} [node] The oldest version of Node that it runs on.
 * @property {(port: number, node: string) => Command} dev Serves the source, and sees edits.
 * @property {(node: string) => Command} [build]
 * @property {(port: number, node: string) => Command} start
 * @property {Record<string, string>} [preload] Variables of the build.
 * @property {string} edited A file that contains "Version 1".
 * @property {readonly string[]} [paths] More pages than `/`.
 * @property {string} [without] A folder to leave out.
 * @property {(served: apps.Served) => Promise<string[]>} [more] Asks for more, and returns the texts of the responses.
 */

/** @param {string} path */
const large = (path) => apps.packageFile("large", path);
const tsx = apps.packageFile("small", "tsx/dist/cli.mjs");
const PRELOAD = { NODE_OPTIONS: "--import @cachy/core/auto" };

/** @type {readonly App[]} */
const all = [
  nextApp("next, turbopack", "--turbopack"),
  nextApp("next, webpack", "--webpack"),
  {
    name: "sveltekit",
    folder: "large/sveltekit",
    node: "22.17",
    dev: (port, node) => [node, large("vite/bin/vite.js"), "dev", "--port", `${port}`, "--host", "127.0.0.1"],
    build: (node) => [node, large("vite/bin/vite.js"), "build"],
    start: (_, node) => [node, "build"],
    edited: "src/routes/+page.server.js",
  },
  {
    name: "astro",
    folder: "large/astro",
    node: "22.12",
    dev: (port, node) => [node, large("astro/bin/astro.mjs"), "dev", "--port", `${port}`, "--host", "127.0.0.1"],
    build: (node) => [node, large("astro/bin/astro.mjs"), "build"],
    start: (_, node) => [node, "--import", "@cachy/core/auto", "dist/server/entry.mjs"],
    edited: "src/pages/index.astro",
    paths: ["/fixed"],
  },
  {
    name: "express",
    folder: "small/express",
    dev: (_, node) => [node, tsx, "watch", "server.ts"],
    start: (_, node) => [node, tsx, "server.ts"],
    edited: "server.ts",
  },
  {
    name: "hono on bun",
    folder: "small/hono",
    dev: () => [...bun(), "--hot", "server.js"],
    start: () => [...bun(), "server.js"],
    edited: "server.js",
  },
  {
    name: "hono on deno",
    folder: "small/hono",
    dev: () => [...deno(), "run", "-A", "--node-modules-dir=manual", "--watch", "server.js"],
    start: () => [...deno(), "run", "-A", "--node-modules-dir=manual", "server.js"],
    edited: "server.js",
  },
];

/** @param {string} name @param {string} bundler @returns {App} */
function nextApp(name, bundler) {
  const next = large("next/dist/bin/next");
  return {
    name,
    folder: "large/next",
    dev: (port, node) => [node, next, "dev", bundler, "--port", `${port}`, "--hostname", "127.0.0.1"],
    build: (node) => [node, next, "build", bundler],
    start: (port, node) => [node, next, "start", "--port", `${port}`, "--hostname", "127.0.0.1"],
    preload: PRELOAD,
    edited: "app/page.js",
    paths: ["/route", "/fixed"],
    ...bundler === "--webpack" ? { without: "app/edge" } : {},
    async more(served) {
      if (bundler === "--turbopack") await askEdge(served);
      return [await sendAction(served)];
    },
  };
}

const options = commandLine(["only", "nodes"]);
const only = options.only ?? [];
const others = ["bundles", "worker"];
const temporary = mkdtempSync(join(tmpdir(), "cachy-frameworks-"));

await start(async () => {
  const known = [...all.map(({ name }) => name), ...others];
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`No such app: ${unknown}. Known are: ${known.join("; ")}.`);
  const isWanted = (/** @type {string} */ name) => only.length === 0 || only.includes(name);
  try {
    const wanted = all.filter(({ name }) => isWanted(name));
    const folders = wanted.map(({ folder }) => folder).join(" ");
    const tarball = await packPackage(temporary);
    if (isWanted("bundles") || folders.includes("small/")) await apps.install(tarball, "small");
    if (isWanted("worker") || folders.includes("large/")) await apps.install(tarball, "large");
    for (const app of wanted) await guarded(app.name, () => checkApp(app));
    if (isWanted("bundles")) await guarded("bundles", () => checkBundles());
    if (isWanted("worker")) await guarded("worker", async () => await checkWorker(await nodeSince("22.0")));
    return allPassed();
  } finally {
    apps.removeApps();
    rmSync(temporary, { recursive: true, force: true });
  }
});

/** @param {string} name @param {() => Promise<void>} check */
async function guarded(name, check) {
  try {
    await check();
  } catch (error) {
    report(name, false, `${error instanceof Error ? error.message : error}`);
  }
}

/** @param {string} version @returns {Promise<string>} A Node binary that is not older. */
async function nodeSince(version) {
  if (process.versions.node.localeCompare(version, "en", { numeric: true }) >= 0) return process.execPath;
  const [node] = (await otherNodes(options.nodes?.at(-1) ?? join(temporary, "nodes"), [24])).slice(-1);
  if (node === undefined) throw new Error(`It needs Node ${version}.`);
  return node;
}

/** @param {App} app */
async function checkApp(app) {
  const { name } = app;
  const node = await nodeSince(app.node ?? "20.0");
  const cwd = apps.copyApp(app.folder, name.replace(/\W+/g, "-"));
  if (app.without) rmSync(join(cwd, app.without), { recursive: true });
  const provider = await apps.startProvider();
  const settings = async (/** @type {string} */ mode) => {
    const port = await apps.freePort();
    return { cwd, port, env: apps.environment(node, { PROVIDER: provider.url, PORT: `${port}`, CACHY_MODE: mode }) };
  };
  try {
    const dev = await settings("auto");
    const developed = await checkDevelopment(app, apps.serve(app.dev(dev.port, node), dev), cwd, provider);
    if (app.build) {
      const { env } = await settings("auto");
      const built = await run(app.build(node), [], { cwd, env: { ...env, ...app.preload }, timeout: 300 });
      if (!report(`${name}: build`, built.ok, built.output)) return;
    }
    const before = provider.requests();
    const started = await settings("replay");
    const served = apps.serve(app.start(started.port, node), started);
    const replayed = await answers(app, served, /Version 2/).finally(served.stop);
    const isSame = JSON.stringify(replayed) === JSON.stringify(developed) && provider.requests() === before;
    const details = `${developed}\n${replayed}\n${provider.requests() - before} requests\n${served.output()}`;
    report(`${name}: a second process is answered by the file`, isSame, details);
  } finally {
    provider.close();
  }
}

/**
 * @param {App} app
 * @param {apps.Served} served
 * @param {string} cwd
 * @param {Awaited<ReturnType<typeof apps.startProvider>>} provider
 */
async function checkDevelopment(app, served, cwd, provider) {
  try {
    const first = await answers(app, served, /Version 1/);
    const requests = provider.requests();
    const second = await answers(app, served, /Version 1/);
    apps.edit(join(cwd, app.edited), "Version 1", "Version 2");
    const edited = await answers(app, served, /Version 2/);
    const isGood = requests === first.length && provider.requests() === requests &&
      `${second}` === `${first}` && `${edited}` === `${first}` && apps.recordedLines(cwd) === first.length;
    const details = [first, second, edited].map((texts) => `${texts}\n`).join("") +
      `${requests}, then ${provider.requests()} requests, ${apps.recordedLines(cwd)} lines\n${served.output()}`;
    report(`${app.name}: each request is made once in development, also after an edit`, isGood, details);
    return edited;
  } finally {
    await served.stop();
  }
}

/**
 * @param {App} app
 * @param {apps.Served} served
 * @param {RegExp} version
 * @returns {Promise<string[]>} The answers of all pages.
 */
async function answers(app, served, version) {
  const texts = [await served.text("/", version)];
  for (const path of app.paths ?? []) texts.push(await served.text(path, /Answer: /));
  if (app.more) texts.push(...await app.more(served));
  return texts.map((text) => /Answer: [^.]*/.exec(text)?.[0] ?? text);
}

/**
 * Sends the form of a server action without a script in the page, and follows its redirect.
 *
 * @param {apps.Served} served
 */
async function sendAction({ url, text }) {
  const page = await text("/action", /<form/);
  const form = new FormData();
  for (const [input] of page.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    if (name) form.append(name, /value="([^"]*)"/.exec(input)?.[1]?.replaceAll("&quot;", '"') ?? "");
  }
  return await (await fetch(`${url}/action`, { method: "POST", body: form })).text();
}

/**
 * In the edge runtime, a store works and a file is refused. Next with webpack fails at edge routes of an app without client
 * components.
 *
 * @param {apps.Served} served
 */
async function askEdge({ text }) {
  await text("/edge", /^\[true,false,"Cannot read .*no file system/);
}
