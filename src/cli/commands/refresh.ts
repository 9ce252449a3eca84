import { jsonlStore } from "../../store/jsonl/store.ts";
import { askableOf, askAgain } from "../again/ask_again.ts";
import { compareAnswers, describeDrift } from "../again/compare.ts";
import { confirmed, defineCommand, FILE_OPTION, FINE, FOUND, YES_OPTION } from "../app/command.ts";
import { printable } from "../display/printable.ts";
import { FILTER_OPTIONS, OLDER_OPTION } from "../file/filters.ts";
import { noteNoMatch, pickEntries } from "../file/pick_entries.ts";
import { PRICES_OPTION, pricesOf, sendQuestion } from "../file/prices.ts";
import { findFile, withFile } from "../file/recorded_file.ts";

const OPTIONS = {
  ...FILTER_OPTIONS,
  ...OLDER_OPTION,
  ...YES_OPTION,
  ...PRICES_OPTION,
  ...FILE_OPTION,
} as const;

/** `refresh`: records entries anew. */
export const refresh = defineCommand({
  name: "refresh",
  summary: "Calls the network again for some entries",
  operands: { usage: "[KEY…]", least: 0, most: Infinity },
  options: OPTIONS,
  examples: ["refresh 5ece2360", "refresh --older 30d", "refresh --model 'gpt-5*' --yes"],
  notes: [
    "Sends each recorded request once, with the key of its provider from the environment. An old recording stays until the",
    "new response is complete. Requests that the file does not contain completely need the program: run it with",
    "CACHY_REFRESH=KEY. Exit code 1: some entries were not recorded anew.",
  ],
  async run(call) {
    const { options, terminal } = call;
    const prices = pricesOf(options.prices);
    const path = findFile(options.file, terminal);
    const entries = await withFile(path, (file) => [...pickEntries(file, call, "refresh")].map(({ entry }) => entry));
    if (entries.length === 0) await noteNoMatch(path, options, terminal);
    const { requests, failures } = await askableOf(entries);
    for (const [key, reason] of failures) terminal.print(`${printable(key)} is not sent: ${reason}`);
    if (failures.length) {
      terminal.note(`To record these, run the program with CACHY_REFRESH=${failures.map(([key]) => key).join(",")}`);
    }
    const code = failures.length ? FOUND : FINE;
    if (requests.length === 0) return code;
    const question = sendQuestion(requests.map(({ entry }) => entry), prices);
    if (!await confirmed(question, options.yes, terminal)) {
      terminal.note("Nothing was sent.");
      return code;
    }
    const store = jsonlStore(path);
    let failed = 0;
    for (const request of requests) {
      const { entry } = request;
      const answered = await askAgain(request, store);
      if ("failure" in answered) failed++;
      const outcome = "failure" in answered
        ? `stays: ${answered.failure}`
        : describeDrift(compareAnswers(entry, answered.entry));
      terminal.print(printable(`${entry.key} ${outcome}`));
    }
    return failed ? FOUND : code;
  },
});
