import { basename, relative } from "node:path";
import { argv, execArgv, execPath, versions } from "node:process";
import { fileURLToPath } from "node:url";
import { workingDirectory } from "../../lib/environment.ts";

/** The short name of the program in help and messages. */
export const PROGRAM = "cachy";

const { Deno } = globalThis as { readonly Deno?: { readonly mainModule: string } };

/** The words that run this program again, from any folder. */
export function programWords(): readonly string[] {
  return Deno
    ? [execPath, "run", "--quiet", "-RWE", "--no-lock", Deno.mainModule]
    : [execPath, ...execArgv, argv[1] ?? ""];
}

/**
 * A command line that runs this program, up to its arguments: `npx cachy`. On Deno it allows everything, because some
 * commands start other programs, and call the network.
 */
export function runLine(): string {
  const path = argv[1] ?? "";
  if (!Deno) {
    if (/\.[cm]?[jt]s$/.test(path)) return `${basename(execPath, ".exe")} ${shortPath(path)}`;
    // The command of an npm package.
    const runner = "bun" in versions ? "bunx" : "npx";
    return /[/\\]\.bin[/\\]|[/\\]_npx[/\\]/.test(path) ? `${runner} ${basename(path)}` : basename(path);
  }
  const { mainModule } = Deno;
  const isPublished = /^(?:jsr:|https:\/\/jsr\.io\/)\/?@cachy\/core\b/.test(mainModule);
  const place = isPublished || !mainModule.startsWith("file:") ? mainModule : shortPath(fileURLToPath(mainModule));
  return `deno run -A ${isPublished ? "jsr:@cachy/core/cli" : place}`;
}

/** A path from the working folder, if it is in it. */
export function shortPath(path: string): string {
  const folder = workingDirectory();
  const short = folder === undefined ? path : relative(folder, path);
  return short.startsWith("..") ? path : short;
}
