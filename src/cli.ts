/**
 * The command line: looks into a `cachy.jsonl`, and keeps it healthy.
 *
 * | runtime | command                                                              |
 * | ------- | -------------------------------------------------------------------- |
 * | Deno    | `deno run -RW jsr:@cachy/core/cli list`                              |
 * | Bun     | `bun node_modules/@cachy/core/src/cli.js list`                       |
 * | Node    | `node node_modules/@cachy/core/src/cli.js list`, or `npx -y deno …`  |
 *
 * `list`, `show`, `diff`, `stats`, `verify`, `scan`, `compact`, `remove` and `merge` each have a `--help`. The exit code is
 * 0 if all is well, 1 if something was found (a problem, a secret, a difference), 2 if it could not be done.
 *
 * Importing this module runs the command line of the process.
 *
 * @example The newest ten answers of a project
 * ```sh
 * deno run -RW jsr:@cachy/core/cli list --limit 10
 * ```
 *
 * @module
 */
import process from "node:process";
import { runCommandLine } from "./cli/app/run.ts";
import { processTerminal } from "./cli/app/terminal.ts";
import { commands } from "./cli/commands/all.ts";

process.exitCode = await runCommandLine(process.argv.slice(2), commands, processTerminal());
