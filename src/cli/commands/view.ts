import { writeFileSync } from "node:fs";
import { utf8Length } from "../../lib/bytes.ts";
import { isGranted, readVariable } from "../../lib/environment.ts";
import { plural, showBytes } from "../../lib/show.ts";
import type { Prices } from "../../report/prices.ts";
import {
  type Call,
  CommandError,
  defineCommand,
  FILE_OPTION,
  FINE,
  PORT_OPTION,
  portOf,
  type Terminal,
  UsageError,
} from "../app/command.ts";
import { printable } from "../display/printable.ts";
import { FILTER_OPTIONS, SINCE_OPTION } from "../file/filters.ts";
import { readLedger } from "../file/ledger.ts";
import { PRICES_OPTION, pricesOf } from "../file/prices.ts";
import { FILE_OPERAND, findOneFile, withFile } from "../file/recorded_file.ts";
import { openLibrary } from "../view/library.ts";
import { type LastMisses, missesIn } from "../view/misses.ts";
import { reportOf } from "../view/report.ts";
import { startServer } from "../view/server.ts";
import { openShelf } from "../view/shelf.ts";
import { limitOf } from "./list.ts";

const OPTIONS = {
  ...PORT_OPTION,
  out: { type: "string", short: "o", value: "PATH", help: "write one HTML file instead of serving a page" },
  model: FILTER_OPTIONS.model,
  grep: FILTER_OPTIONS.grep,
  ...SINCE_OPTION,
  ...PRICES_OPTION,
  ledger: { type: "string", value: "PATH", help: "show the misses in this ledger (default: CACHY_LEDGER)" },
  limit: { type: "string", short: "n", value: "NUMBER", help: "at most NUMBER entries, the newest ones" },
  ...FILE_OPTION,
} as const;

type Options = Call<typeof OPTIONS>["options"];

/** `view`: a page in the browser. */
export const view = defineCommand({
  name: "view",
  summary: "Shows the entries in a browser",
  operands: FILE_OPERAND,
  options: OPTIONS,
  examples: ["view", "view --port 8080", "view --out report.html --since 7d"],
  notes: [
    "The page is served on 127.0.0.1 until Ctrl+C. Its address contains a secret token. With --out, one HTML file contains",
    "everything. Then --model, --grep, --since and --limit choose its entries; the page has filters of its own.",
  ],
  async run(call) {
    const { options, terminal } = call;
    const port = portOf(options.port);
    checkOptions(options);
    const path = findOneFile(call);
    const prices = pricesOf(options.prices);
    const ledger = ledgerOf(options.ledger);
    const misses: LastMisses = () => missesIn(ledger, path);
    if (options.out === undefined) await serve(path, port, { prices, misses }, terminal);
    else await writeReport(path, options.out, { ...options, prices, misses }, terminal);
    return FINE;
  },
});

/** @throws {UsageError} If an option has no effect. */
function checkOptions(options: Options): void {
  if (options.out !== undefined) {
    if (options.port === undefined) return;
    throw new UsageError("Cannot use --port and --out together: a file needs no port. Leave out one of them.");
  }
  const unused = (["model", "grep", "since", "limit"] as const).find((name) => options[name] !== undefined);
  if (unused === undefined) return;
  throw new UsageError(`Cannot use --${unused} without --out: the page has filters. Leave it out, or add --out PATH.`);
}

/** The ledger of the last run: one that is named must exist, the one of the environment may be written later. */
function ledgerOf(named: string | undefined): string | undefined {
  const path = named ?? readVariable("CACHY_LEDGER").value;
  if (named !== undefined) readLedger(named);
  return path;
}

/** What the page shows besides the entries. */
interface Extras {
  readonly prices: Prices | undefined;
  readonly misses: LastMisses;
}

async function writeReport(
  path: string,
  out: string,
  { model, grep, since, limit, prices, misses }: Omit<Options, "prices"> & Extras,
  terminal: Terminal,
): Promise<void> {
  const choice = { model, grep, since, limit: limitOf(limit) };
  const report = await withFile(path, (file) => reportOf(openLibrary(file, prices), misses, choice));
  writeFileSync(out, report.html);
  const size = showBytes(utf8Length(report.html));
  terminal.print(`${plural(report.entries, "entry", "entries")} written to ${printable(out)}, ${size}.`);
  if (report.leftOut === 0) return;
  const older = plural(report.leftOut, "older entry is", "older entries are");
  terminal.note(
    `${older} left out, because browsers open larger files slowly. Choose entries with --since or --model.`,
  );
}

async function serve(path: string, port: number, { prices, misses }: Extras, terminal: Terminal): Promise<void> {
  const shelf = await openShelf(path, prices);
  if (!isGranted({ name: "net", host: "127.0.0.1" })) {
    throw new CommandError(
      "Cannot serve the page: Deno did not grant it. Run with --allow-net=127.0.0.1, or write a file with --out.",
    );
  }
  const { url } = await startServer({ ...shelf, misses }, port);
  terminal.print(url);
  await terminal.flush();
  terminal.note(`Shows ${printable(path)}. Open the address in a browser. Ctrl+C ends it.`);
  await new Promise(() => {}); // the server keeps the process alive
}
