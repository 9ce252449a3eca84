import { readFileSync } from "node:fs";
import { pathOf, requireGranted, workingDirectory } from "../lib/environment.ts";
import { CachyError, messageOf } from "../lib/errors.ts";
import { asRecord, parseJson } from "../lib/json.ts";
import { show } from "../lib/show.ts";

/** The rates of a model in US dollars, under the names of LiteLLM, such as `input_cost_per_token`. */
export interface Price {
  /** The provider, as LiteLLM names it; undefined in a file of one's own, whose prices apply to every provider. */
  readonly provider: string | undefined;
  readonly rates: Readonly<Record<string, number>>;
}

/** The prices of a file. */
export interface Prices {
  readonly path: string;
  /** By the name of the model, as the file writes it. */
  readonly models: ReadonlyMap<string, Price>;
}

/**
 * Reads prices from a file: LiteLLM's `model_prices_and_context_window.json`, or one of these in US dollars per million
 * tokens: `{ "MODEL": { "input": 1.25, "output": 10, "cachedInput": 0.125 } }`, or CSV with the columns
 * `model,input,output,cachedInput`.
 *
 * @param file A path or a `file:` URL.
 * @throws {CachyError} `invalid_option`, if the file cannot be read or contains something else.
 */
export function readPrices(file: string): Prices {
  const path = pathOf(file, workingDirectory());
  const models = new Map<string, Price>();
  for (const [model, value] of rowsOf(path, textIn(path))) {
    if (model === "sample_spec") continue; // LiteLLM's description of the members
    const price = priceOf(path, model, value);
    if (price) models.set(model, price);
  }
  if (models.size === 0) throw cannotRead(path, `it contains no prices. ${EXPECTED}`);
  return { path, models };
}

const EXPECTED = `Expected LiteLLM's model_prices_and_context_window.json, or US dollars per million tokens: ` +
  `{ "MODEL": { "input": 1.25, "output": 10, "cachedInput": 0.125 } }`;

function cannotRead(path: string, reason: string, cause?: unknown): CachyError {
  return new CachyError("invalid_option", `Cannot read prices from ${path}: ${reason}.`, { cause });
}

function textIn(path: string): string {
  try {
    requireGranted("read", path);
    return readFileSync(path, "utf8").replace(/^\ufeff/, "");
  } catch (error) {
    const { code } = error as { readonly code?: string };
    const reason = code === "ENOENT"
      ? "there is no such file. Correct --prices or CACHY_PRICES"
      : code === "EISDIR"
      ? "it is a folder. Name a file in it"
      : messageOf(error).replace(/\.$/, "");
    throw cannotRead(path, reason, error);
  }
}

/** The models of a file with what it says about them. */
function rowsOf(path: string, text: string): (readonly [model: string, value: unknown])[] {
  const value = parseJson(text);
  const list: unknown[] | undefined = Array.isArray(value) ? value : value === undefined ? csvRows(text) : undefined;
  const record = asRecord(value);
  if (record) return Object.entries(record);
  if (!list) throw cannotRead(path, `it is neither a JSON object nor CSV. ${EXPECTED}`);
  return list.map((row) => {
    const { model, ...rates } = asRecord(row) ?? {};
    if (typeof model !== "string" || !model) {
      throw cannotRead(path, `a row has no model: ${show(row)}. Add the member or column "model"`);
    }
    return [model, rates] as const;
  });
}

/** Rows of plain CSV without quotes; undefined if the first line is not the titles. */
function csvRows(text: string): Record<string, unknown>[] | undefined {
  const [titles = [], ...rows] = text.split(/\r?\n/).filter((line) => line.trim() && !line.startsWith("#"))
    .map((line) => line.split(/[,;\t]/).map((cell) => cell.trim()));
  if (!titles.includes("model")) return undefined;
  return rows.map((cells) =>
    Object.fromEntries(
      titles.flatMap((title, at) => {
        const cell = cells[at];
        return cell ? [[title, title === "model" || !Number.isFinite(Number(cell)) ? cell : Number(cell)]] : [];
      }),
    )
  );
}

/** The members of a file of one's own, in dollars per million tokens, and their rates. Case, `_`, `-` and spaces are free. */
const OWN_MEMBERS: Readonly<Record<string, string>> = {
  input: "input_cost_per_token",
  output: "output_cost_per_token",
  cachedinput: "cache_read_input_token_cost",
  cachewrite: "cache_creation_input_token_cost",
  reasoning: "output_cost_per_reasoning_token",
};

/** The price of a model; undefined if LiteLLM lists the model without rates. */
function priceOf(path: string, model: string, value: unknown): Price | undefined {
  const members = asRecord(value);
  if (!members) throw cannotRead(path, `the price of ${show(model)} is ${show(value)}. ${EXPECTED}`);
  if (Object.keys(members).some((name) => name === "litellm_provider" || /_cost(?:_|$)/.test(name))) {
    const rates = Object.entries(members).flatMap(([name, rate]) =>
      /_cost(?:_|$)/.test(name) && isRate(rate) ? [[name, rate] as const] : []
    );
    const { litellm_provider: provider } = members;
    return rates.length === 0
      ? undefined
      : { provider: typeof provider === "string" ? provider : undefined, rates: Object.fromEntries(rates) };
  }
  const rates = Object.entries(members).map(([name, rate]) => {
    const known = OWN_MEMBERS[name.toLowerCase().replace(/[_\s-]/g, "")];
    const where = `${show(name)} of ${show(model)}`;
    if (known === undefined) {
      throw cannotRead(path, `${where} is unknown. Known: input, output, cachedInput, cacheWrite, reasoning`);
    }
    if (!isRate(rate)) {
      throw cannotRead(path, `${where} is ${show(rate)}. Write US dollars per million tokens, such as 1.25`);
    }
    return [known, rate / 1e6] as const;
  });
  if (rates.length === 0) throw cannotRead(path, `${show(model)} has no price. ${EXPECTED}`);
  return { provider: undefined, rates: Object.fromEntries(rates) };
}

function isRate(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
