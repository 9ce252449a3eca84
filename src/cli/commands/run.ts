import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { messageOf } from "../../lib/errors.ts";
import { plural } from "../../lib/show.ts";
import { deferred } from "../../lib/wait.ts";
import { variablesFor, withoutHttpProxy } from "../../proxy/variables.ts";
import { defineCommand, FOUND } from "../app/command.ts";
import { PROXY_OPTIONS, startRecordingProxy, summaryOf } from "./recording_proxy.ts";

const OPTIONS = {
  ...PROXY_OPTIONS,
  strict: { type: "boolean", help: "exit with code 1 if a request had no recording" },
} as const;

/** `run`: records and replays the calls of any program. */
export const run = defineCommand({
  name: "run",
  summary: "Runs a program in any language, and records or replays its calls",
  operands: { usage: "-- COMMAND…", least: 1, most: Infinity },
  options: OPTIONS,
  examples: [
    "run -- python app.py",
    "run --mode replay --strict -- pytest",
    "run --env LLM_URL=http://llm.local:8000/v1 -- go test ./...",
  ],
  notes: [
    "Starts a proxy on 127.0.0.1 for as long as the program runs, and sets OPENAI_BASE_URL, ANTHROPIC_BASE_URL and the",
    "like to it. A base URL that is already set stays the one that is called. The exit code is that of the program, 127 if",
    "there is no such program, 126 if it cannot be started. On Deno, it needs -A.",
  ],
  async run({ options, operands, terminal }) {
    const proxy = await startRecordingProxy(options);
    try {
      const env = {
        ...process.env,
        ...withoutHttpProxy(process.env),
        ...variablesFor(proxy.address, proxy.baseUrls),
      };
      const code = await exitCodeOf(operands, env);
      const { misses } = proxy.cachy.stats;
      if (code || !options.strict || !misses) return code;
      terminal.note(`cachy: exit code 1, because --strict is set and ${plural(misses, "request")} had no recording.`);
      return FOUND;
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error;
      terminal.note(`cachy: ${error.message}`);
      return error.exitCode;
    } finally {
      await proxy.stop();
      terminal.note(summaryOf(proxy.cachy));
    }
  },
});

/** They are sent to the program. A terminal sends SIGINT and SIGQUIT to both. */
const SIGNALS: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR2", "SIGINT", "SIGQUIT"];

/** Runs a program to its end. @returns Its exit code, as a shell gives it. */
async function exitCodeOf([name = "", ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  // First the listeners: a program can be ready before `spawn()` returns.
  const { promise: started, resolve: start } = deferred<ChildProcess>();
  for (const signal of SIGNALS) process.on(signal, () => void started.then((child) => pass(signal, child)));
  const child = spawn(name, args, { env, stdio: "inherit" });
  start(child);
  return await new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new CannotRun(name, error)));
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

function pass(signal: NodeJS.Signals, child: ChildProcess): void {
  const isSentToBoth = process.stdin.isTTY === true && /^SIG(?:INT|QUIT)$/.test(signal);
  // After `child.kill()`, Deno does not tell the exit code.
  const hasEnded = child.exitCode !== null || child.signalCode !== null;
  if (!isSentToBoth && child.pid && !hasEnded) process.kill(child.pid, signal);
}

/** A program that did not start. The exit code is the one that shells give. */
class CannotRun extends Error {
  readonly exitCode: number;

  constructor(name: string, cause: NodeJS.ErrnoException) {
    const isMissing = cause.code === "ENOENT";
    const reasons: Record<string, string> = {
      ENOENT: "there is no such program. Check the name and PATH.",
      EACCES: "it is not an executable file. Check its permissions, or name the program that runs it before it.",
    };
    super(`Cannot run ${name}: ${reasons[cause.code ?? ""] ?? messageOf(cause)}`, { cause });
    this.exitCode = isMissing ? 127 : 126;
  }
}
