import { isAbsolute, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

if (!("toWellFormed" in String.prototype)) {
  throw new Error(`Cannot use @cachy/core on Node ${process.versions.node}: it needs Node 20 or newer.`);
}

/** The environment variables that this module reads. */
export type VariableName =
  | "CI"
  | "CACHY_MODE"
  | "CACHY_FILE"
  | "CACHY_DOMAINS"
  | "CACHY_DEBUG"
  | "CACHY_STRICT"
  | "NO_COLOR"
  | "TERM";

/** A variable's value; undefined if it is not set; `denied` if Deno does not let us look. */
export function readVariable(name: VariableName): { readonly value?: string; readonly denied?: true } {
  // Asked for one by one: with `--allow-env=CI` the state of "all variables" is "prompt".
  if (!isGranted({ name: "env", variable: name })) return { denied: true };
  const value = process.env[name];
  return value === undefined || value === "" ? {} : { value };
}

/** Calls a function when the process ends. Under `deno test`, only "unload" is dispatched. */
export function atExit(action: () => void): void {
  if ("Deno" in globalThis) addEventListener("unload", action);
  else process.on("exit", action);
}

/** Whether stderr is a terminal. */
export function isStderrTerminal(): boolean {
  try {
    return process.stderr.isTTY === true;
  } catch {
    return false; // it was closed
  }
}

/**
 * The environment variables with a value, as far as we may look at them.
 *
 * @param known Those to ask for where Deno does not let us look at all variables.
 */
export function readableVariables(known: readonly string[]): (readonly [name: string, value: string])[] {
  const names = isGranted({ name: "env" })
    ? Object.keys(process.env)
    : known.filter((variable) => isGranted({ name: "env", variable }));
  return names.map((name) => [name, process.env[name] ?? ""] as const).filter(([, value]) => value !== "");
}

/** The working directory, or undefined if Deno does not let us know it. */
export function workingDirectory(): string | undefined {
  try {
    return isGranted({ name: "read", path: "." }) ? process.cwd() : undefined;
  } catch {
    return undefined; // it was deleted
  }
}

/**
 * The path that a user named, by a path or a `file:` URL.
 *
 * @param from The working directory at the time of the call; a relative path stays relative where it is not known.
 */
export function pathOf(location: string | URL, from: string | undefined): string {
  const isUrl = location instanceof URL || location.startsWith("file:");
  const path = isUrl ? fileURLToPath(location) : location;
  return from === undefined || isAbsolute(path) ? path : join(from, path);
}

/** A path, or a file: URL that names a file here. */
export function isPath(value: unknown): boolean {
  if (typeof value === "string" && /^~(?:$|[/\\])|\0/.test(value)) return false; // only a shell knows the home folder
  if (typeof value === "string" && !/^[a-z][a-z+.-]+:\/\//i.test(value) && !value.startsWith("file:")) {
    return value !== "";
  }
  try {
    return (typeof value === "string" || value instanceof URL) && fileURLToPath(value) !== "";
  } catch {
    return false;
  }
}

/** The part of Deno that is used here. */
interface DenoPermissions {
  querySync(descriptor: PermissionQuery): { readonly state: "granted" | "prompt" | "denied" };
}

/** What Deno is asked for; other runtimes have no permissions. */
export type PermissionQuery =
  | { readonly name: "read" | "write"; readonly path: string }
  | { readonly name: "env"; readonly variable?: string };

const { Deno } = globalThis as {
  Deno?: { readonly permissions?: DenoPermissions };
};

/** Whether something may be touched without a prompt and without an error. Asking does neither. */
export function isGranted(query: PermissionQuery): boolean {
  return Deno?.permissions === undefined ||
    Deno.permissions.querySync(query).state === "granted";
}

/**
 * Makes sure that a path may be touched.
 *
 * @throws With the flag that is missing. Without this question Deno would prompt, in the middle of somebody's program.
 */
export function requireGranted(name: "read" | "write", path: string): void {
  if (isGranted({ name, path })) return;
  const message = `Deno did not grant ${name} access. Run with --allow-${name}=${path}`;
  throw Object.assign(new Error(message), { code: "ENOTCAPABLE" }); // as other errors of files have one
}
