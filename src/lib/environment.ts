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
  | "CACHY_REFRESH"
  | "CACHY_PRICES"
  | "LESS"
  | "CACHY_LEDGER"
  | "NO_COLOR"
  | "TERM"
  | "VITEST"
  | "JEST_WORKER_ID"
  | "TEST_WORKER_INDEX"
  | "NODE_TEST_CONTEXT";

/** Reads a variable. `value` is undefined if it is not set or empty. `denied` is set if Deno does not grant access. */
export function readVariable(name: VariableName): { readonly value?: string; readonly denied?: true } {
  // Query each variable: with `--allow-env=CI`, the state of "all variables" is "prompt".
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
    return false; // stderr was closed
  }
}

/**
 * The environment variables that are set and that this process may read.
 *
 * @param known The variables to try if Deno does not grant access to all of them.
 */
export function readableVariables(known: readonly string[]): (readonly [name: string, value: string])[] {
  const names = isGranted({ name: "env" })
    ? Object.keys(process.env)
    : known.filter((variable) => isGranted({ name: "env", variable }));
  return names.map((name) => [name, process.env[name] ?? ""] as const).filter(([, value]) => value !== "");
}

/** The content encodings that the `fetch` of this runtime does not decode. */
const UNDECODED: readonly string[] = [
  ...["compress", "x-compress", "dcb", "dcz"],
  ..."Bun" in globalThis ? [] : "Deno" in globalThis ? ["deflate", "x-gzip", "zstd"] : decodesZstd() ? [] : ["zstd"],
];

/** Whether the `fetch` of this Node has an undici from 7.11 on. */
function decodesZstd(): boolean {
  const [major = 0, minor = 0] = process.versions.undici?.split(".").map(Number) ?? [];
  return major > 7 || major === 7 && minor >= 11;
}

/** The content encoding that `fetch` has left in the body of a response; undefined if it has left none. */
export function undecodedEncoding(headers: Headers): string | undefined {
  const encodings = headers.get("content-encoding")?.toLowerCase().split(",").map((name) => name.trim()) ?? [];
  return encodings.find((name) => UNDECODED.includes(name));
}

/** The working directory; undefined if it was deleted or Deno does not grant access to it. */
export function workingDirectory(): string | undefined {
  try {
    return isGranted({ name: "read", path: "." }) ? process.cwd() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Converts a path or a `file:` URL of the user to a path.
 *
 * @param from The working directory, to resolve relative paths. If it is undefined, they stay relative.
 */
export function pathOf(location: string | URL, from: string | undefined): string {
  const isUrl = location instanceof URL || location.startsWith("file:");
  const path = isUrl ? fileURLToPath(location) : location;
  return from === undefined || isAbsolute(path) ? path : join(from, path);
}

/** Whether a value is a path, or a `file:` URL that is valid on this platform. */
export function isPath(value: unknown): boolean {
  if (typeof value === "string" && /^~(?:$|[/\\])|\0/.test(value)) return false; // only shells expand `~`
  if (typeof value === "string" && !/^[a-z][a-z+.-]+:\/\//i.test(value) && !value.startsWith("file:")) {
    return value !== "";
  }
  try {
    return (typeof value === "string" || value instanceof URL) && fileURLToPath(value) !== "";
  } catch {
    return false;
  }
}

/** The hint for a path that starts with `~`. */
export function pathCure(value: unknown): string | undefined {
  return /^~(?:$|[/\\])/.test(String(value))
    ? 'Only shells know "~": write the whole path, in code join(homedir(), …).'
    : undefined;
}

/** The part of Deno that is used here. */
interface DenoPermissions {
  querySync(descriptor: PermissionQuery): { readonly state: "granted" | "prompt" | "denied" };
}

/** A permission of Deno. */
export type PermissionQuery =
  | { readonly name: "read" | "write"; readonly path: string }
  | { readonly name: "env"; readonly variable?: string }
  | { readonly name: "run"; readonly command: string }
  | { readonly name: "net"; readonly host: string };

const { Deno } = globalThis as {
  Deno?: { readonly permissions?: DenoPermissions };
};

/** Whether an access is permitted, without prompting for it. Always true on other runtimes, which have no permissions. */
export function isGranted(query: PermissionQuery): boolean {
  return Deno?.permissions === undefined ||
    Deno.permissions.querySync(query).state === "granted";
}

/**
 * Requires access to a path. Without this check, Deno would prompt in the middle of the user's program.
 *
 * @throws If Deno does not grant the access. The message names the missing flag.
 */
export function requireGranted(name: "read" | "write", path: string): void {
  if (isGranted({ name, path })) return;
  const message = `Deno did not grant ${name} access. Run with --allow-${name}=${path}`;
  throw Object.assign(new Error(message), { code: "ENOTCAPABLE" });
}
