/**
 * The command line: shows, checks and edits a `cachy.jsonl`.
 *
 * | where                          | command                                     |
 * | ------------------------------ | ------------------------------------------- |
 * | Deno                           | `deno run -RW jsr:@cachy/core/cli list`     |
 * | a project with the npm package | `npx cachy list`, or `bunx cachy list`      |
 * | a folder without the package   | `npx -p @cachy/core cachy list`             |
 *
 * `--help` lists the commands, and `COMMAND --help` the options of one. On Deno, `-RW` is enough to read and edit files;
 * `view` also needs `--allow-net=127.0.0.1`, and commands that call the network or start programs need `-A`. The exit code
 * is 0 on success, 1 if the command found a problem, a secret or a difference, and 2 if it failed.
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
