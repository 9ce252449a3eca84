import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runnable } from "./runnable.ts";
import { thisRuntime } from "./sdk/case.ts";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of `tests/programs` in a process of the runtime that runs the test. */
export interface Program {
  readonly child: ChildProcess;
  readonly exit: Promise<Exit>;
  /** Resolves as soon as the program has printed this text. */
  printed(text: string): Promise<void>;
}

export interface ProgramOptions {
  /** Arguments of the runtime. By default they allow everything. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** By default, the program gets no input. */
  readonly stdin?: string;
}

/**
 * Starts a program, without the environment variables that would change its behavior.
 *
 * @param program Its name in `tests/programs`, or the path of its file, which ends in ".ts".
 */
export function startProgram(program: string, args: readonly string[], options: ProgramOptions = {}): Program {
  const path = program.endsWith(".ts") ? program : programPath(program);
  const env: Record<string, string | undefined> = { ...process.env, NO_COLOR: "1", ...options.env };
  for (const variable of Object.keys(env)) {
    // NODE_TEST_CONTEXT would prevent Node's test runner from running.
    if (/^(?:CI$|CACHY_|NODE_TEST_CONTEXT$)/.test(variable) && !options.env?.[variable]) delete env[variable];
  }
  const flags = options.flags ?? defaultFlags(path);
  const stdio = [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"] as const;
  const child = spawn(process.execPath, [...flags, path, ...args], { env, cwd: options.cwd, stdio: [...stdio] });
  child.stdin?.end(options.stdin);
  const output = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.on("data", (data) => {
      output[name] += data;
      for (const check of [...waiting]) check();
    });
  }
  const exit = new Promise<Exit>((resolve) => child.on("close", (code) => resolve({ code, ...output })));
  const printed = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const check = () => output.stdout.includes(text) && waiting.delete(check) && resolve();
      waiting.add(check);
      check();
      exit.then(() => reject(new Error(`"${text}" was never printed: ${output.stdout}${output.stderr}`)));
    });
  return { child, exit, printed };
}

/** Runs a program to its end. */
export function runProgram(program: string, args: readonly string[], options?: ProgramOptions): Promise<Exit> {
  return startProgram(program, args, options).exit;
}

/** The file of a program of `tests/programs`, in the form that this runtime can run. */
export function programPath(name: string): string {
  return fileURLToPath(runnable(`tests/programs/${name}.ts`));
}

/** The flags that allow a program everything on this runtime. */
export function defaultFlags(path = programPath("cli")): readonly string[] {
  switch (thisRuntime().name) {
    case "deno":
      return ["run", "-A", "--no-check"];
    case "bun":
      return [];
    case "node":
      return path.endsWith(".ts") ? typescriptFlags() : [];
  }
}

/** The flags that let Node run TypeScript. Node 22.18 and newer need none. */
export function typescriptFlags(): readonly string[] {
  const runsTypescript = "typescript" in process.features && process.features.typescript;
  return runsTypescript ? [] : ["--import", import.meta.resolve("tsx")];
}
