// @ts-check
/** Builds the npm package: `node scripts/build_npm.mjs FOLDER` */
import { resolve } from "node:path";
import { buildPackage } from "./npm_package.mjs";
import { start } from "./run.mjs";

await start(async () => {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error("Usage: node scripts/build_npm.mjs FOLDER");
  await buildPackage(resolve(folder));
  console.log(`The npm package is in ${folder}.`);
  return true;
});
