/** CPU time of a command that reads a whole file, without the start of the process. Arguments: its name and the file. */
import process from "node:process";
import { runCommandLine } from "../src/cli/app/run_command_line.ts";
import { processTerminal } from "../src/cli/app/terminal.ts";
import { commands } from "../src/cli/commands/all.ts";
import { args, check, report } from "./measure.mjs";

const [name = "", file = ""] = args;
let lines = 0;
const terminal = {
  ...processTerminal(),
  print: (...printed: readonly string[]) => void (lines += printed.length),
  printAll(printed: Iterable<string>) {
    for (const _ of printed) lines++;
    return Promise.resolve();
  },
};
const before = process.cpuUsage();
const code = await runCommandLine([name, "--file", file], commands, terminal);
const { user, system } = process.cpuUsage(before);
check(code === 0 && lines > 0, `exit code ${code}, ${lines} lines`);
report({ seconds: (user + system) / 1e6 });
