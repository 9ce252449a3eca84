// @ts-check
/** Checks bundles of a program, and a Worker, for scripts/check_frameworks.mjs. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as apps from "./framework_apps.mjs";
import { bun, report, run } from "./run.mjs";

/** @typedef {import("./run.mjs").Command} Command */

/** @param {string} path */
const js = (path) => apps.packageFile("small", path);
const node = [process.execPath];
const rolldown = [...node, js("rolldown/bin/cli.mjs"), "main.js", "--platform=node", "--format=esm", "--dir=out"];
const vite = [...node, js("vite/bin/vite.js"), "build", "--ssr", "main.js", "--logLevel=warn", "--outDir=out"];
const esbuild = [js("esbuild/bin/esbuild"), "main.js", "--bundle", "--format=esm", "--outfile=out/main.mjs"];

/** @type {Record<string, readonly [build: () => Command, start: Command]>} A bundler → how it bundles, and what runs it. */
const bundlers = {
  esbuild: [() => [...esbuild, "--platform=node"], node],
  "esbuild for browsers, on Node": [() => esbuild, node],
  rolldown: [() => rolldown, node],
  vite: [() => vite, node],
  "bun build": [() => [...bun(), "build", "main.js", "--target=node", "--outfile=out/main.mjs"], node],
};

/** The first bundle records, and the others find its file. */
export async function checkBundles() {
  const provider = await apps.startProvider();
  const cwd = apps.copyApp("small/bundles");
  const env = apps.environment(process.execPath, { PROVIDER: provider.url });
  try {
    for (const [name, [build, start]] of Object.entries(bundlers)) {
      rmSync(join(cwd, "out"), { recursive: true, force: true });
      const built = await run(build(), [], { cwd, env, timeout: 60 });
      const out = ["main.js", "main.mjs"].map((file) => join(cwd, "out", file)).find(existsSync) ?? "nothing";
      const started = await run(start, [out], { cwd, env, timeout: 60 });
      const isGood = built.ok && started.output.trim() === "Answer: bundle 1." && provider.requests() === 1;
      report(`bundle: ${name}`, isGood && apps.recordedLines(cwd) === 1, `${built.output}\n${started.output}`);
    }
  } finally {
    provider.close();
  }
}

/**
 * A store works in a Worker, and a file is refused with the name of the option; with modules of Node and without them.
 *
 * @param {string} newNode
 */
export async function checkWorker(newNode) {
  const cwd = apps.copyApp("large/worker");
  const provider = await apps.startProvider();
  const flags = ["--bundle", "--format=esm", "--conditions=workerd", "--outfile=out.mjs"];
  try {
    const built = await run([apps.packageFile("large", "esbuild/bin/esbuild")], ["worker.js", ...flags], {
      cwd,
      timeout: 60,
    });
    report("worker: build", built.ok, built.output);
    for (const flag of ["", "nodejs_compat"]) {
      const env = apps.environment(newNode, { FLAG: flag, PROVIDER: provider.url });
      const { ok, output } = await run([newNode], ["run.mjs"], { cwd, env, timeout: 120 });
      const [, stored, scope, file] = /^(\{.*\}) (\{.*\}) (\{.*\})$/m.exec(output) ?? [];
      const name = `worker${flag && ` with ${flag}`}`;
      report(`${name}: a store`, ok && stored === '{"hits":1,"warnings":[]}', output);
      const scoped = flag
        ? scope === '{"hits":1,"warnings":[]}'
        : /no AsyncLocalStorage.*createCachy/.test(scope ?? "");
      report(`${name}: a scope${flag ? "" : " is refused"}`, ok && scoped, output);
      report(`${name}: a file is refused`, ok && /"hits":0.*store/.test(file ?? ""), output);
    }
  } finally {
    provider.close();
  }
}
