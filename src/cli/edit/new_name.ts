import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { NotedTest } from "../../report/ledger.ts";
import type { Ledger } from "../file/ledger.ts";
import { entriesOf, type Times } from "./unasked.ts";

/**
 * The test that took the place of a gone one. Its recording is younger, or missing: it asks for the same, or it is new and
 * has a similar name.
 */
export async function newNameOf(
  ledger: Ledger,
  file: string,
  entries: Times,
): Promise<{ readonly file: string; readonly name: string } | undefined> {
  const newest = [...entries.values()].sort().at(-1) ?? "";
  const candidates: { readonly noted: NotedTest; readonly score: number }[] = [];
  for (const noted of ledger.tests) {
    const oldest = noted.file === file ? "" : await oldestTimeOf(noted.file, ledger);
    if (oldest <= newest) continue;
    const asked = ledger.asked.get(noted.file);
    const same = [...entries.keys()].filter((digest) => asked?.has(digest)).length;
    const isNear = dirname(noted.file) === dirname(file);
    const alike = isNear ? likeness(basename(noted.file), basename(file)) : 0;
    if (same > 0 || alike > 0.5 && oldest >= ledger.start) candidates.push({ noted, score: same + alike });
  }
  const [best] = candidates.sort((a, b) => b.score - a.score);
  return best && { file: best.noted.file, name: best.noted.test.name };
}

/** The time of the oldest entry of a recording; a text after all times if there is no recording. */
async function oldestTimeOf(file: string, ledger: Ledger): Promise<string> {
  return existsSync(file) ? [...(await entriesOf(file, ledger)).all.values()].sort()[0] ?? "~" : "~";
}

/** The share of words that two names have in common: 0 to 1. */
function likeness(a: string, b: string): number {
  const wordsOf = (text: string) =>
    new Set(text.replace(/-[0-9a-f]{8}(?=\.jsonl$)|\.jsonl$/g, "").toLowerCase().match(/[\p{L}\p{N}]+/gu));
  const [first, second] = [wordsOf(a), wordsOf(b)];
  const common = [...first].filter((word) => second.has(word)).length;
  return common / Math.max(1, first.size, second.size);
}
