// @ts-check
/**
 * Checks that a tag may be published: `node scripts/check_version.mjs v0.1.0`
 *
 * The tag must name the version of deno.json, and CHANGELOG.md must contain a section for it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, start } from "./run.mjs";

await start(() => {
  const tag = process.argv[2];
  if (tag === undefined) throw new Error("Usage: node scripts/check_version.mjs TAG");
  const { version } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
  const sections = readFileSync(join(root, "CHANGELOG.md"), "utf8").split("\n");
  const problems = [
    ...(tag === `v${version}` ? [] : [`the tag is ${tag}, but deno.json says ${version}`]),
    ...(sections.includes(`## ${version}`) ? [] : [`CHANGELOG.md has no section ${version}`]),
  ];
  for (const problem of problems) console.log(problem);
  console.log(`version ${version}, ${problems.length} problems`);
  return Promise.resolve(problems.length === 0);
});
