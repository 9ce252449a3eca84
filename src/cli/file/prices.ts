import { readVariable } from "../../lib/environment.ts";
import { plural, showDollars } from "../../lib/show.ts";
import { costOf } from "../../report/cost.ts";
import { type Prices, readPrices } from "../../report/prices.ts";
import type { Entry } from "../../store/entry.ts";
import type { OptionRules } from "../app/command.ts";

/** The option that names the prices. */
export const PRICES_OPTION = {
  prices: {
    type: "string",
    value: "FILE",
    help: "show costs by the prices in FILE: LiteLLM's list or your own (default: CACHY_PRICES)",
  },
} as const satisfies OptionRules;

/**
 * The prices of a command; undefined without any.
 *
 * @param named The value of `--prices`.
 * @throws {CachyError} If the file cannot be read or contains no prices.
 */
export function pricesOf(named: string | undefined): Prices | undefined {
  const file = named ?? readVariable("CACHY_PRICES").value;
  return file === undefined ? undefined : readPrices(file);
}

/** Entries whose cost is unknown, by reason. */
export type UnknownCosts = Map<string, number>;

/** Counts an entry, if its cost is unknown. */
export function addUnknown(unknown: UnknownCosts, reason: string | undefined): void {
  if (reason !== undefined) unknown.set(reason, (unknown.get(reason) ?? 0) + 1);
}

/** Says which costs are unknown: `no price of gpt-9 (3 entries), …`. */
export function showUnknown(unknown: UnknownCosts): string {
  return [...unknown].map(([reason, count]) => `${reason} (${plural(count, "entry", "entries")})`).join(", ");
}

/**
 * The question before requests are sent again, with what they cost when they were recorded.
 *
 * @param prices Without them, the question names no cost.
 */
export function sendQuestion(entries: readonly Entry[], prices: Prices | undefined): string {
  const question = `Send ${plural(entries.length, "request")} to the network`;
  if (!prices) return `${question}?`;
  const costs = entries.map((entry) => costOf(entry, prices));
  const usd = costs.reduce((sum, cost) => sum + (cost.usd ?? 0), 0);
  const unknown = costs.filter((cost) => cost.unknown !== undefined).length;
  const rest = unknown ? `, without ${unknown} of unknown cost` : "";
  return `${question}? When they were recorded, they cost ${showDollars(usd)}${rest}.`;
}
