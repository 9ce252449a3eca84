/**
 * The command line: shows, checks and edits a `cachy.jsonl`.
 *
 * | runtime | command                                                              |
 * | ------- | -------------------------------------------------------------------- |
 * | Deno    | `deno run -RW jsr:@cachy/core/cli list`                              |
 * | Bun     | `bun node_modules/@cachy/core/src/cli.js list`                       |
 * | Node    | `node node_modules/@cachy/core/src/cli.js list`, or `npx -y deno …`  |
 *
 * `run` and `proxy` record and replay the calls of programs in any language. On Deno they need `-A`, and `view`, the page
 * in the browser, needs `--allow-net=127.0.0.1`. The other commands are `list`, `show`, `diff`, `stats`, `verify`, `scan`,
 * `unused`, `compact`, `remove` and `merge`. Each has a `--help`. The exit code is 0 on success, 1 if the command found a
 * problem, a secret or a difference, and 2 if it failed.
 *
 * Importing this module runs the command in `process.argv`.
 *
 * @example The ten newest entries of a project
 * ```sh
 * deno run -RW jsr:@cachy/core/cli list --limit 10
 * ```
 *
 * @module
 */
import process from "node:process";
import { runCommandLine } from "./cli/app/run_command_line.ts";
import { processTerminal } from "./cli/app/terminal.ts";
import { commands } from "./cli/commands/all.ts";

process.exitCode = await runCommandLine(process.argv.slice(2), commands, processTerminal());
