import { plural } from "../../lib/show.ts";
import type { Difference } from "../../miss/comparison.ts";
import { showDifference } from "../../miss/difference.ts";
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
import { compareLines } from "../display/line_diff.ts";
import { printable, printableJson } from "../display/printable.ts";
import { findEntry } from "../file/find_entry.ts";
import { contentsOf, digestOf, findFile, type RecordedFile, withFile } from "../file/recorded_file.ts";
import { differencesOfAnswers, differencesOfAsked } from "../show/differences.ts";

const OPTIONS = {
  request: { type: "boolean", help: "compare only the requests" },
  response: { type: "boolean", help: "compare only the responses" },
  all: { type: "boolean", short: "a", help: "also show ids, times and signatures in responses, which always differ" },
  ...JSON_OPTION,
  ...FILE_OPTION,
} as const;

/** `diff`: the differences between two entries. */
export const diff = defineCommand({
  name: "diff",
  summary: "Shows the differences between two entries",
  operands: { usage: "KEY [KEY]", least: 1, most: 2 },
  options: OPTIONS,
  isPaged: true,
  examples: ["diff 5ece2360 97f3a2e8", "diff 5ece2360 --response"],
  notes: [
    "Differences are listed by JSON path, and long texts line by line. The events of a stream are joined first. With one KEY,",
    "its newest recording is compared with the one that it replaced, for example in mode refresh. The exit code is 1 if there",
    "is a difference.",
  ],
  async run({ options, operands, terminal }) {
    if (options.request && options.response) {
      throw new UsageError(
        "Cannot use --request and --response together: both parts are compared by default. Leave out both.",
      );
    }
    const compared = await withFile(findFile(options.file, terminal), (file) => {
      const [a, b] = entriesToCompare(file, operands);
      noteMissingRequest(a, b, options, terminal);
      return {
        request: options.response ? [] : differencesOfAsked(a, b),
        answer: options.request ? [] : differencesOfAnswers(a, b),
      };
    });
    const answer = options.all ? compared.answer : compared.answer.filter((difference) => !isPassing(difference));
    const differences = { ...compared, answer };
    const ignored = compared.answer.length - answer.length;
    if (ignored) terminal.note(`${plural(ignored, "id or time differs", "ids and times differ")}; --all shows them.`);
    if (options.json) terminal.print(printableJson(differences, 2));
    else await printDifferences(differences, terminal);
    return differences.request.length + differences.answer.length > 0 ? FOUND : FINE;
  },
});

/** Members of responses that differ from call to call: ids, times and opaque signatures. */
const PASSING =
  /(?:^|[._])(?:id|created|timestamp|date|system_fingerprint|signature|obfuscation|encrypted_content)$|(?:_(?:id|at|time|duration)|[a-z](?:Id|At|Time|Signature))$/;

function isPassing({ kind, path }: Difference): boolean {
  return kind === "changed" && PASSING.test(path);
}

function entriesToCompare(file: RecordedFile, [first = "", second]: readonly string[]): [Entry, Entry] {
  const { entry } = findEntry(file, first);
  if (second !== undefined) return [entry, findEntry(file, second).entry];
  const key = parseInt(entry.key, 16);
  let count = 0;
  for (const other of contentsOf(file).all((other) => other === key)) {
    if (digestOf(other.entry) === digestOf(entry) && ++count === 2) return [other.entry, entry];
  }
  throw new CommandError(
    `Cannot compare ${entry.key} with an earlier recording: it has no earlier recording. Name another entry.`,
  );
}

/**
 * Tells the user if an entry has no request.
 *
 * @throws {CommandError} If only the requests are compared.
 */
function noteMissingRequest(a: Entry, b: Entry, options: { readonly request?: boolean; readonly response?: boolean }, {
  note,
}: Terminal): void {
  const unknown = [a, b].find(({ request }) => !request);
  if (!unknown || options.response) return;
  const what = `the file does not contain the request of ${unknown.key}`;
  if (options.request) throw new CommandError(`Cannot compare the requests: ${what}. Leave out --request.`);
  note(`Compares only the responses: ${what}.`);
}

async function printDifferences(
  { request, answer }: { readonly request: readonly Difference[]; readonly answer: readonly Difference[] },
  terminal: Terminal,
): Promise<void> {
  for (const [what, differences] of [["request", request], ["response", answer]] as const) {
    if (differences.length === 0) continue;
    terminal.print(terminal.paint(`${what}:`, "cyan"));
    await terminal.printAll(differences.flatMap((difference) => differenceLines(difference, terminal.paint)));
  }
  if (request.length + answer.length === 0) terminal.print("No differences.");
}

/** Longer texts are compared line by line, in characters. */
const SHORT_TEXT = 60;

function differenceLines(difference: Difference, paint: Terminal["paint"]): string[] {
  if (difference.kind === "changed") {
    const { recorded, asked, path } = difference;
    const isLong = (text: string) => text.length > SHORT_TEXT || text.includes("\n");
    if (typeof recorded === "string" && typeof asked === "string" && (isLong(recorded) || isLong(asked))) {
      const lines = compareLines(recorded, asked).map(({ mark, text }) => {
        const line = `    ${mark} ${printable(text)}`;
        return mark === " " ? line : paint(line, mark === "-" ? "red" : "green");
      });
      return [`  ${printable(path)}:`, ...lines];
    }
  }
  return [`  ${printable(showDifference(difference))}`];
}
