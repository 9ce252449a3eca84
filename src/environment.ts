import { isAbsolute, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { isGranted } from "./permissions.ts";

/** The environment variables that this module reads. */
export type VariableName = "CI" | "CACHY_MODE" | "CACHY_FILE" | "CACHY_DEBUG";

/** A variable's value; undefined if it is not set; `denied` if Deno does not let us look. */
export function readVariable(name: VariableName): { readonly value?: string; readonly denied?: true } {
  // Asked for one by one: with `--allow-env=CI` the state of "all variables" is "prompt".
  if (!isGranted({ name: "env", variable: name })) return { denied: true };
  const value = process.env[name];
  return value === undefined || value === "" ? {} : { value };
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
