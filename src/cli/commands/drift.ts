import { plural } from "../../lib/show.ts";
import { memoryStore } from "../../store/store.ts";
import { askableOf, type AskableRequest, askAgain } from "../again/ask_again.ts";
import { compareAnswers, describeDrift, type DriftKind } from "../again/compare.ts";
import {
  type Call,
  confirmed,
  defineCommand,
  FILE_OPTION,
  FINE,
  FOUND,
  JSON_OPTION,
  type Terminal,
  UsageError,
  YES_OPTION,
} from "../app/command.ts";
import { printable, printableJson } from "../display/printable.ts";
import { FILTER_OPTIONS, OLDER_OPTION } from "../file/filters.ts";
import { noteNoMatch, pickEntries } from "../file/pick_entries.ts";
import { PRICES_OPTION, pricesOf, sendQuestion } from "../file/prices.ts";
import { findFile, withFile } from "../file/recorded_file.ts";
import { readEntry } from "../read/reading.ts";
import { limitOf } from "./list.ts";

const OPTIONS = {
  ...FILTER_OPTIONS,
  ...OLDER_OPTION,
  limit: { type: "string", short: "n", value: "N", help: "send at most N requests, the newest first (default: 20)" },
  markdown: { type: "boolean", help: "print Markdown, for a pull request" },
  ...YES_OPTION,
  ...PRICES_OPTION,
  ...JSON_OPTION,
  ...FILE_OPTION,
} as const;

/** `drift`: compares recordings with the current responses of the provider. */
export const drift = defineCommand({
  name: "drift",
  summary: "Compares recordings with the current responses of the provider",
  operands: { usage: "[KEY…]", least: 0, most: Infinity },
  options: OPTIONS,
  examples: ["drift --limit 5", "drift --model 'gpt-5*' --markdown --yes > drift.md", "drift 5ece2360 --json --yes"],
  notes: [
    "Sends recorded requests with the key of their provider from the environment. The results are: same response, other",
    "words, other members of the response, other tool call, failed. Ids and times do not count. Exit code 1: the shape of",
    "a response or a tool call has changed, or a request failed.",
  ],
  async run(call) {
    const { options, terminal } = call;
    if (options.json && options.markdown) {
      throw new UsageError("Cannot use --json and --markdown together: each prints another form. Choose one.");
    }
    const limit = limitOf(options.limit) ?? 20;
    const prices = pricesOf(options.prices);
    const path = findFile(options.file, terminal);
    const entries = await withFile(path, (file) => {
      return [...pickEntries(file, call, "compare", true)].map(({ entry }) => entry);
    });
    if (entries.length === 0) await noteNoMatch(path, options, terminal);
    const { requests, failures } = await askableOf(entries);
    const sent = requests.slice(0, limit);
    tellLeftOut(failures, requests.length - sent.length, terminal);
    if (sent.length === 0) return FINE;
    const question = sendQuestion(sent.map(({ entry }) => entry), prices);
    if (!await confirmed(question, options.yes, terminal)) {
      terminal.note("Nothing was sent.");
      return FINE;
    }
    const results = [];
    for (const request of sent) {
      const result = await resultOf(request);
      results.push(result);
      if (!options.json && !options.markdown) terminal.print(printable(`${result.key} ${result.detail}`));
    }
    printResults(results, options, terminal);
    return results.some(({ kind }) => kind !== "same" && kind !== "words") ? FOUND : FINE;
  },
});

interface Result {
  readonly key: string;
  readonly model: string | undefined;
  readonly kind: DriftKind | "failed";
  readonly detail: string;
}

function tellLeftOut(failures: readonly (readonly [string, string])[], more: number, terminal: Terminal): void {
  for (const [key, reason] of failures) terminal.note(`${printable(key)} is not sent: ${reason}`);
  if (more > 0) terminal.note(`${plural(more, "more request")} not sent: raise --limit.`);
}

async function resultOf(request: AskableRequest): Promise<Result> {
  const { entry } = request;
  const { model } = readEntry(entry);
  const answered = await askAgain(request, memoryStore());
  if ("failure" in answered) return { key: entry.key, model, kind: "failed", detail: `failed: ${answered.failure}` };
  const found = compareAnswers(entry, answered.entry);
  return { key: entry.key, model, kind: found.kind, detail: describeDrift(found) };
}

function printResults(results: readonly Result[], options: Call<typeof OPTIONS>["options"], terminal: Terminal): void {
  const kinds = [...new Set(results.map(({ kind }) => kind))];
  const counts = kinds.map((kind) => `${results.filter((result) => result.kind === kind).length} ${kind}`).join(", ");
  if (options.json) terminal.print(printableJson(results, 2));
  else if (options.markdown) terminal.print(...markdownOf(results, counts));
  else terminal.note(`${plural(results.length, "response")}: ${counts}.`);
}

function markdownOf(results: readonly Result[], counts: string): string[] {
  const cell = (text: string) => printable(text).replace(/[\\|`<>]/g, (character) => `\\${character}`);
  return [
    `**Drift of ${plural(results.length, "recorded response")}**: ${counts}`,
    "",
    "| key | model | result |",
    "| --- | --- | --- |",
    ...results.map(({ key, model = "", detail }) => `| \`${cell(key)}\` | ${cell(model)} | ${cell(detail)} |`),
  ];
}
