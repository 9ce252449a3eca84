/** Files of a few entries, for tests that rewrite them. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { concatBytes, utf8 } from "../src/lib/bytes.ts";
import { formatEntry } from "../src/store/entry.ts";
import { digestOf, entryOf } from "./store_contract.ts";
import { temporaryFolder } from "./testing.ts";

export const one = digestOf("5ece2360");
/** The same key, another digest. */
export const twin = digestOf("5ece2360", "1");
export const other = digestOf("0badcafe");

/** The line of an entry. */
export function line(response: string, digest = one): string {
  return formatEntry(entryOf(response, digest));
}

/** A file of some lines, or parts of lines. */
export function fileOf(t: TestContext, ...parts: readonly (string | Uint8Array)[]): string {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  writeFileSync(file, concatBytes(parts.map((part) => typeof part === "string" ? utf8(part) : part)));
  return file;
}

export function textOf(file: string): string {
  return readFileSync(file, "utf8");
}
