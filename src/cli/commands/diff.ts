import { parseJson } from "../../lib/json.ts";
import { type Difference, differencesOf, showDifference } from "../../miss/difference.ts";
import { differencesOfRequests } from "../../miss/nearest.ts";
import type { Entry } from "../../store/entry.ts";
import {
  CommandError,
  defineCommand,
  FILE_OPTION,
  FINE,
  FOUND,
  JSON_OPTION,
  type Terminal,
  UsageError,
} from "../app/command.ts";
import { printable, printableJson } from "../display/printable.ts";
import { contentsOf, digestOf, findEntry, findFile, type RecordedFile, withFile } from "../file/recorded_file.ts";
import { readEntry } from "../read/reading.ts";

const OPTIONS = {
  request: { type: "boolean", help: "the requests only" },
  answer: { type: "boolean", help: "the answers only" },
  ...JSON_OPTION,
  ...FILE_OPTION,
} as const;

/** `diff`: where two entries differ. */
export const diff = defineCommand({
  name: "diff",
  summary: "Shows where two requests and their answers differ",
  operands: { usage: "KEY [KEY]", least: 1, most: 2 },
  options: OPTIONS,
  examples: ["diff 5ece2360 97f3a2e8", "diff 5ece2360 --answer"],
  notes: [
    "Differences are named by JSON path. Streams are put together first. With one KEY, its newest answer is compared with",
    "the one that it replaced (as mode refresh does). The exit code is 1 if there is a difference.",
  ],
  async run({ options, operands, terminal }) {
    if (options.request && options.answer) {
      throw new UsageError("Cannot use --request and --answer together: leave out both.");
    }
    const differences = await withFile(findFile(options.file, terminal), (file) => {
      const [a, b] = entriesToCompare(file, operands);
      tellUnknown(a, b, options, terminal);
      return {
        request: options.answer ? [] : differencesOfAsked(a, b),
        answer: options.request ? [] : differencesOfAnswers(a, b),
      };
    });
    if (options.json) terminal.print(printableJson(differences, 2));
    else await printDifferences(differences, terminal);
    return differences.request.length + differences.answer.length > 0 ? FOUND : FINE;
  },
});

function entriesToCompare(file: RecordedFile, [first = "", second]: readonly string[]): [Entry, Entry] {
  const { entry } = findEntry(file, first);
  if (second !== undefined) return [entry, findEntry(file, second).entry];
  const key = parseInt(entry.key, 16);
  let count = 0;
  for (const other of contentsOf(file).all((other) => other === key)) {
    if (digestOf(other.entry) === digestOf(entry) && ++count === 2) return [other.entry, entry];
  }
  throw new CommandError(`Cannot compare ${entry.key} with an earlier answer: it has only one. Name another entry.`);
}

/**
 * An entry need not say what was asked.
 *
 * @throws {CommandError} If only that is to be compared.
 */
function tellUnknown(a: Entry, b: Entry, options: { readonly request?: boolean; readonly answer?: boolean }, {
  note,
}: Terminal): void {
  const unknown = [a, b].find(({ request }) => !request);
  if (!unknown || options.answer) return;
  const what = `the file does not keep the request of ${unknown.key}`;
  if (options.request) throw new CommandError(`Cannot compare the requests: ${what}. Leave out --request.`);
  note(`Only the answers are compared: ${what}.`);
}

/** What was asked; nothing if one of the two does not say so. */
function differencesOfAsked(a: Entry, b: Entry): Difference[] {
  if (!a.request || !b.request) return [];
  return [
    ...differencesOf(a.request.method, b.request.method, "method"),
    ...differencesOfRequests(a.request, b.request),
  ];
}

/** JSON is compared as it is, everything else as a person reads it. */
function differencesOfAnswers(a: Entry, b: Entry): Difference[] {
  const [jsonA, jsonB] = [parseJson(a.response), parseJson(b.response)];
  if (jsonA !== undefined && jsonB !== undefined) return differencesOf(jsonA, jsonB);
  const differences = differencesOf(readEntry(a).answered, readEntry(b).answered, "answered");
  if (differences.length || a.response === b.response) return differences;
  return readEntry(a).isStream && readEntry(b).isStream
    ? []
    : [{ kind: "changed", path: "response", recorded: a.response, asked: b.response }];
}

async function printDifferences(
  { request, answer }: { readonly request: readonly Difference[]; readonly answer: readonly Difference[] },
  terminal: Terminal,
): Promise<void> {
  for (const [what, differences] of [["request", request], ["answer", answer]] as const) {
    if (differences.length === 0) continue;
    terminal.print(terminal.paint(`${what}:`, "cyan"));
    await terminal.printAll(differences.map((difference) => `  ${printable(showDifference(difference))}`));
  }
  if (request.length + answer.length === 0) terminal.print("There is no difference.");
}
