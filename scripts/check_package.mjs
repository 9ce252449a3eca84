// @ts-check
/**
 * Checks the npm package that users install: `node scripts/check_package.mjs [--nodes FOLDER]`
 *
 * This script builds the package (scripts/npm_package.mjs), installs it in an empty folder together with the real `openai`
 * package, and runs programs there on every runtime against a loopback server: the first process records, the second one
 * must not make a request. `--nodes` names the folder for
 * other Node versions (see scripts/nodes.mjs), by default a temporary one.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allPassed, bun, cleanEnvironment, commandLine, deno, npm, report, root, run, start, tsc } from "./run.mjs";
import { otherNodes, PACKAGE_MAJORS } from "./nodes.mjs";
import { packPackage } from "./npm_package.mjs";
import { automatic, program, required, sharing, typed, typedWithSdk, withoutFiles } from "./package_programs.mjs";

/** @typedef {import("./run.mjs").Command} Command */

const INTENDED =
  /^(?:package\.json|(?:README|FORMAT|CHANGELOG)\.md|LICENSE|docs\/[\w/]+\.(?:md|txt|png|svg)|dist\/.+\.js|types\/.+\.d\.ts)$/;
const NEEDED = [
  ...["package.json", "README.md", "FORMAT.md", "CHANGELOG.md", "LICENSE", "types/mod.d.ts"],
  ...["index", "kv", "auto", "cli"].map((name) => `dist/${name}.js`),
];
/** The limit of the unpacked package, in bytes. */
const MOST_BYTES = 900_000;

/** What `--strict` leaves out, and projects turn on. */
const STRICTEST = [
  ...["--lib", "es2023,esnext.disposable", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess"],
  ...["--verbatimModuleSyntax", "--isolatedModules", "--noPropertyAccessFromIndexSignature"],
];

/** Asks by the base URL in the environment. */
const ASK = `fetch(process.env.OPENAI_BASE_URL + "/chat/completions", { method: "POST", body: '{"model":"any"}' })` +
  `.then((response) => response.text()).then((text) => console.log("got " + text))`;

const options = commandLine(["nodes"]);
const temporary = mkdtempSync(join(tmpdir(), "cachy-package-"));
const project = join(temporary, "project");

await start(async () => {
  try {
    if (await build()) {
      checkContents();
      await checkTypes();
      await checkRuntimes();
      await checkEdge();
    }
    return allPassed();
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
});

/** Builds the package, checks it as it would be published, and installs it with an SDK where nothing else is. */
async function build() {
  const tarball = await packPackage(temporary);
  const tool = (
    /** @type {string} */ name,
  ) => [process.execPath, join(root, "npm", "node_modules", ...name.split("/"))];
  const linted = await run(tool("publint/src/cli.js"), ["run", tarball, "--strict"], { timeout: 120 });
  report("publint", linted.ok, linted.output);
  const attw = tool("@arethetypeswrong/cli/dist/index.js");
  // CommonJS programs load the ES modules by require(), which Node supports.
  const typed = await run(attw, [tarball, "--profile", "esm-only", "--no-color"], { timeout: 120 });
  report("are the types wrong?", typed.ok, typed.output);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  const args = ["install", "--no-audit", "--no-fund", tarball, "openai@6"];
  const installed = await run(npm(), args, { cwd: project, timeout: 180 });
  return report("npm install", installed.ok, installed.output);
}

function checkContents() {
  const folder = join(project, "node_modules", "@cachy", "core");
  const files = filesIn(folder, "");
  const surplus = files.filter((file) => !INTENDED.test(file));
  const missing = NEEDED.filter((file) => !files.includes(file));
  report("only intended files", surplus.length + missing.length === 0, `surplus: ${surplus}\nmissing: ${missing}`);
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const names = Object.keys({ ...dependencies, ...peerDependencies });
  report("no dependencies", names.length === 0, names.join(", "));
  const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
  report(`at most ${MOST_BYTES} bytes`, bytes <= MOST_BYTES, `${bytes} bytes`);
}

/**
 * @param {string} folder
 * @param {string} prefix
 * @returns {string[]}
 */
function filesIn(folder, prefix) {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(folder, `${prefix}${entry.name}/`) : [prefix + entry.name]
  );
}

/** Both ways to resolve modules; with the types of a browser and of Node; the declarations are checked too. */
async function checkTypes() {
  writeFileSync(join(project, "typed.ts"), typed);
  writeFileSync(join(project, "typed_with_sdk.ts"), typedWithSdk);
  const node = ["--types", "node", "--typeRoots", join(root, "node_modules", "@types")];
  for (const resolution of ["nodenext", "bundler"]) {
    const module = resolution === "nodenext" ? "nodenext" : "esnext";
    const common = ["--noEmit", "--strict", "--target", "es2022", "--module", module, "--moduleResolution", resolution];
    const dom = [...common, "--lib", "es2022,dom,dom.iterable,esnext.disposable", "--types", ""];
    await compile(`types, ${resolution}, browser`, [...dom, "typed.ts"]);
    await compile(`types, ${resolution}, Node`, [...common, "--lib", "es2023,esnext.disposable", ...node, "typed.ts"]);
    await compile(`types, ${resolution}, strictest`, [...common, ...STRICTEST, ...node, "typed.ts"]);
    await compile(`types, ${resolution}, SDK`, [...common, "--skipLibCheck", ...node, "typed_with_sdk.ts"]);
  }
}

/**
 * @param {string} name
 * @param {readonly string[]} args
 */
async function compile(name, args) {
  const { ok, output } = await run(tsc(), args, { cwd: project, timeout: 120 });
  report(name, ok, output);
}

async function checkRuntimes() {
  writeFileSync(join(project, "program.mjs"), program);
  writeFileSync(join(project, "sharing.mjs"), sharing);
  writeFileSync(join(project, "automatic.mjs"), automatic);
  writeFileSync(join(project, "required.cjs"), required);
  const others = await otherNodes(options.nodes?.at(-1) ?? join(temporary, "nodes"), PACKAGE_MAJORS);
  const nodes = [process.execPath, ...others];
  await checkCommand();
  await checkRuntime("Deno", [...deno(), "run", "-A"], "deno.jsonl");
  await checkRuntime("Bun", [...bun(), "run"], "bun.jsonl");
  for (const [index, node] of nodes.entries()) {
    const { output } = await run([node], ["--version"]);
    await checkRuntime(`Node ${output.trim()}`, [node], `node${index}.jsonl`);
  }
}

/** Bundles a program for browsers and edge runtimes, and runs it where there is neither Node nor a file system. */
async function checkEdge() {
  const require = createRequire(join(root, "npm", "package.json"));
  const esbuild = require("esbuild");
  const { EdgeRuntime } = require("edge-runtime");
  writeFileSync(join(project, "without_files.mjs"), withoutFiles);
  for (const condition of ["edge-light", "workerd", "browser"]) {
    const { outputFiles } = await esbuild.build({
      ...{ entryPoints: [join(project, "without_files.mjs")], bundle: true, write: false, format: "iife" },
      ...{ platform: "neutral", mainFields: [], conditions: [condition], target: "es2022" },
    });
    const runtime = new EdgeRuntime({ initialCode: outputFiles[0]?.text ?? "" });
    const result = JSON.parse(await runtime.evaluate("result"));
    const isGood = `${result.live}` === "1,2" && `${result.replayed}` === "3,3" &&
      /this runtime has no file system\. Set the option \{ store \}/.test(result.warning);
    report(`${condition}: a program without files`, isGood, JSON.stringify(result));
  }
  await esbuild.stop();
}

/** `npx cachy` and `bunx cachy`, as a user types them. */
async function checkCommand() {
  for (const command of [[...npm(), "exec", "cachy"], [...bun(), "x", "cachy"]]) {
    const { ok, output } = await run([...command, "--version"], [], {
      cwd: project,
      env: cleanEnvironment(),
      timeout: 60,
    });
    report(`${command.slice(1).join(" ")} --version`, ok && /^\d+\.\d+\.\d+/.test(output), output);
  }
}

/**
 * @param {string} name
 * @param {Command} command
 * @param {string} fileName
 */
async function checkRuntime(name, command, fileName) {
  const file = join(project, fileName);
  const provider = await startProvider();
  const args = ["program.mjs", provider.baseURL, file];
  const settings = { cwd: project, env: cleanEnvironment(), timeout: 60 };
  const first = await run(command, args, settings);
  const recorded = provider.requests();
  const second = await run(command, args, settings);
  const replayed = provider.requests() - recorded;
  provider.close();

  const expected = JSON.stringify(["answer 1", "answer 1", "answer 2", "answer 2"]);
  const good = first.ok && second.ok && first.output.includes(expected) && second.output.includes(expected);
  const outputs =
    `first process (${first.ending}):\n${first.output}\nsecond process (${second.ending}):\n${second.output}`;
  report(`${name}: responses, complete and streamed, in two processes`, good, outputs);
  report(
    `${name}: the first process makes 2 requests, the second none`,
    recorded === 2 && replayed === 0,
    `${recorded}, ${replayed}`,
  );
  report(`${name}: the file has 2 lines and no key`, fileIsGood(file), file);

  const shared = await run(command, ["sharing.mjs"], settings);
  const isShared = shared.ok && shared.output.includes(`["first","first",1,true]`);
  report(`${name}: a response is shared by the entry point "kv"`, isShared, `${shared.ending}:\n${shared.output}`);

  const enabled = await run(command, ["automatic.mjs"], settings);
  const isEnabled = enabled.ok && enabled.output.includes("[true,1,true]");
  report(`${name}: the entry point "auto" enables cachy`, isEnabled, `${enabled.ending}:\n${enabled.output}`);

  const loaded = await run(command, ["required.cjs"], settings);
  report(`${name}: require()`, loaded.ok && loaded.output.includes("function"), `${loaded.ending}:\n${loaded.output}`);

  const cli = join("node_modules", "@cachy", "core", "dist", "cli.js");
  const listed = await run([...command, cli, "list", "--file", file], [], settings);
  const isListed = listed.ok && /any +chat +Hi +answer 1 .*$/m.test(listed.output) &&
    /chat, stream +Hi +answer 2 /.test(listed.output);
  report(`${name}: the command line lists the file`, isListed, `${listed.ending}:\n${listed.output}`);
  await checkProxy(name, [...command, cli], fileName);
}

/**
 * `cachy run` records a program, and replays it without the provider.
 *
 * @param {string} name
 * @param {Command} cli
 * @param {string} fileName
 */
async function checkProxy(name, cli, fileName) {
  const provider = await startProvider();
  const args = ["run", "--file", join(project, `proxy-${fileName}`), "--strict"];
  const program = ["--", process.execPath, "-e", ASK];
  const settings = { cwd: project, env: { ...cleanEnvironment(), OPENAI_BASE_URL: provider.baseURL }, timeout: 60 };
  const recorded = await run([...cli, ...args, "--mode", "auto", ...program], [], settings);
  provider.close();
  const replayed = await run([...cli, ...args, "--mode", "replay", ...program], [], settings);
  const texts = [recorded, replayed].map(({ output }) => /^got .*$/m.exec(output)?.[0]);
  const isSame = texts[0]?.includes("answer 1") && texts[0] === texts[1];
  const isReplayed = replayed.ok && replayed.output.includes("1 hit, 0 misses");
  report(`${name}: cachy run`, isSame === true && isReplayed, `${recorded.output}\n${replayed.output}`);
}

/** @param {string} file */
function fileIsGood(file) {
  if (!existsSync(file)) return false;
  const text = readFileSync(file, "utf8");
  return text.trimEnd().split("\n").length === 2 && !text.includes("sk-package-check");
}

/** A provider of chat completions that numbers its responses, which distinguishes a live response from a replay. */
async function startProvider() {
  let count = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const text of request.setEncoding("utf8")) body += text;
    const content = `answer ${++count}`;
    const common = { id: `chatcmpl-${count}`, created: 0, model: "any" };
    if (!JSON.parse(body).stream) {
      const choice = { index: 0, message: { role: "assistant", content }, finish_reason: "stop" };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ ...common, object: "chat.completion", choices: [choice] }));
      return;
    }
    response.setHeader("content-type", "text/event-stream");
    for (const [index, character] of [...content].entries()) {
      const reason = index === content.length - 1 ? "stop" : null;
      const choice = { index: 0, delta: { content: character }, finish_reason: reason };
      response.write(`data: ${JSON.stringify({ ...common, object: "chat.completion.chunk", choices: [choice] })}\n\n`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    response.end("data: [DONE]\n\n");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    baseURL: `http://127.0.0.1:${address.port}/v1`,
    requests: () => count,
    close: () => (server.closeAllConnections(), server.close()),
  };
}
