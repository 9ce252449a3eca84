import type { Credential } from "../../secrets/values.ts";
import { isKeptForOthers, keyNumber } from "../../store/jsonl/line.ts";
import { everyMegabyte, type OnProgress } from "../app/progress.ts";
import { digestOf, type FileLine, fileLines, type RecordedFile } from "../file/recorded_file.ts";
import { type Finding, findingsOf } from "./findings.ts";

/** A problem or a note about a line. */
export interface LineFinding {
  /** From 1. */
  readonly line: number;
  /** The start of the line, in bytes. */
  readonly byte: number;
  /** The key of its entry, if it is well-formed. */
  readonly key?: string;
  /** `damaged`: not an entry. `foreign`: only a newer version or pycachy can use it. Others: see {@linkcode Finding}. */
  readonly kind: Finding["kind"] | "damaged" | "foreign";
  readonly severity: Finding["severity"];
  readonly reason: string;
}

/** The result of checking a file. */
export interface FileReport {
  readonly file: string;
  readonly lines: number;
  readonly entries: number;
  /** Lines that other commands skip: they are no entries, or no request can find them. */
  readonly skipped: number;
  /** Entries that newer ones have replaced. */
  readonly replaced: number;
  readonly findings: readonly LineFinding[];
}

/** Checks every line of a file. */
export async function verifyFile(
  file: RecordedFile,
  credentials: readonly Credential[],
  onProgress?: OnProgress,
): Promise<FileReport> {
  const progress = everyMegabyte(onProgress, file.size);
  const digests = new Set<string>();
  const findings: LineFinding[] = [];
  let [lines, entries] = [0, 0];
  for (const line of fileLines(file)) {
    lines++;
    if (typeof line.content !== "string" && keyIfOne(line.content.key) !== undefined) {
      entries++;
      digests.add(digestOf(line.content));
    }
    findings.push(...await findingsIn(file, line, credentials));
    progress(line.position.start + line.position.length);
  }
  return { file: file.path, lines, entries, skipped: lines - entries, replaced: entries - digests.size, findings };
}

/** The key, if it is well-formed. Any other text may be a secret. */
export function keyIfOne(key: string): string | undefined {
  return keyNumber(key) === undefined ? undefined : key;
}

async function findingsIn(
  { descriptor }: RecordedFile,
  { number, position, content }: FileLine,
  credentials: readonly Credential[],
): Promise<LineFinding[]> {
  const place = { line: number, byte: position.start };
  if (typeof content !== "string") {
    const findings = await findingsOf(content, credentials);
    return findings.map((finding) => ({ ...place, key: keyIfOne(content.key), ...finding }));
  }
  const isForeign = isKeptForOthers(descriptor, position);
  return [{
    ...place,
    kind: isForeign ? "foreign" : "damaged",
    severity: isForeign ? "note" : "error",
    reason: content,
  }];
}
