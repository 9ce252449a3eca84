// @ts-check
/**
 * Checks the files that JSR would publish: `node scripts/check_publish.mjs`
 *
 * Runs `deno publish --dry-run`, which also finds slow types, and compares its list of files with the intended one.
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { deno, root, run, start } from "./run.mjs";

const INTENDED = /^(?:mod\.ts|src\/.+\.ts|README\.md|FORMAT\.md|CHANGELOG\.md|LICENSE|deno\.json)$/;
const NEEDED = ["mod.ts", "README.md", "LICENSE", "FORMAT.md", "CHANGELOG.md", "deno.json"];

await start(async () => {
  const env = { ...process.env, NO_COLOR: "1" };
  const { ok, ending, output } = await run(deno(), ["publish", "--dry-run", "--allow-dirty"], { env, timeout: 120 });
  console.log(output.trim());
  const urls = [...output.matchAll(/^\s+(file:\/\/\S+) \(\S+\)$/gm)].map((match) => match[1] ?? "");
  const files = urls.map((url) => relative(root, fileURLToPath(url)).replaceAll("\\", "/"));
  const problems = [
    ...(ok ? [] : [`deno publish ended with ${ending}`]),
    ...files.filter((file) => !INTENDED.test(file)).map((file) => `not intended for publication: ${file}`),
    ...NEEDED.filter((file) => ok && !files.includes(file)).map((file) => `not published: ${file}`),
  ];
  for (const problem of problems) console.log(problem);
  console.log(`${files.length} files, ${problems.length} problems`);
  return problems.length === 0;
});
