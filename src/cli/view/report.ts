import { encodeBase64 } from "../../lib/bytes.ts";
import type { Choice, IdentifiedRow, Library } from "./library.ts";
import type { LastMisses } from "./misses.ts";
import { reportPage } from "./page/page.ts";
import { createCounter } from "./totals.ts";

/** What a report contains of each entry. */
const LIMITS = { text: 100_000, total: 1_000_000, events: 100 };
/** A larger image or sound is described, not shown. In bytes. */
const MOST_MEDIA = 2_000_000;
/** The size at which a report ends, in characters: browsers open larger files slowly. */
const MOST_REPORT = 50_000_000;

/** A report, and how many entries it contains. */
export interface Report {
  readonly html: string;
  readonly entries: number;
  /** How many entries were left out, because the report would be too large. */
  readonly leftOut: number;
}

/** Makes one HTML file with the page and the entries. It loads nothing, so it can be attached to a pull request. */
export async function reportOf(
  library: Library,
  misses: LastMisses,
  { limit = Infinity, most = MOST_REPORT, ...choice }: Choice & { readonly limit?: number; readonly most?: number },
): Promise<Report> {
  const { rows, total } = await library.list(choice, 0, Math.min(limit, Number.MAX_SAFE_INTEGER));
  const blocks: Record<string, unknown> = {};
  const kept: IdentifiedRow[] = [];
  const counter = createCounter();
  let length = 0;
  for (const row of rows) {
    const entry = entryBlock(library, row.id);
    length += JSON.stringify(entry).length;
    if (length > most && kept.length > 0) break;
    blocks[`entry ${row.id}`] = entry;
    kept.push(row);
    counter.add(row);
  }
  blocks.file = { ...library.file, misses: misses() };
  blocks.rows = kept;
  blocks.totals = counter.totals();
  return { html: reportPage(blocks), entries: kept.length, leftOut: Math.min(limit, total) - kept.length };
}

/** The details of an entry, with its images and sounds by place. */
function entryBlock(library: Library, id: string): object | undefined {
  const details = library.details(id, LIMITS);
  if (!details) return undefined;
  const media: Record<string, string> = {};
  for (const [message, { parts }] of [...details.asked, ...details.answered].entries()) {
    for (const [part, { media: type }] of parts.entries()) {
      const file = type === undefined ? undefined : library.media(id, [message, part]);
      if (file && file.bytes.length <= MOST_MEDIA) media[`${message} ${part}`] = encodeBase64(file.bytes);
    }
  }
  return { ...details, media };
}
