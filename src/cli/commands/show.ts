import { utf8 } from "../../lib/bytes.ts";
import { asRecord } from "../../lib/json.ts";
import { showBytes, showDollars, showTime } from "../../lib/show.ts";
import { type Cost, costOf } from "../../report/cost.ts";
import { usageOf } from "../../report/usage.ts";
import { bodyLength, decodeBody, type Entry } from "../../store/entry.ts";
import { lineNumber } from "../../store/jsonl/index.ts";
import {
  type Call,
  CommandError,
  defineCommand,
  type ExitCode,
  FILE_OPTION,
  FINE,
  JSON_OPTION,
  type Terminal,
  UsageError,
} from "../app/command.ts";
import { PROGRAM } from "../app/program.ts";
import { curlOf } from "../curl/curl.ts";
import { CONTROLS_IN_LINES, printable, printableJson } from "../display/printable.ts";
import { PRICES_OPTION, pricesOf } from "../file/prices.ts";
import { findEntry, newestEntry } from "../file/find_entry.ts";
import { findFile, withFile } from "../file/recorded_file.ts";
import { type Message, readEntry, type Reading } from "../read/reading.ts";
import { showMessage } from "../show/conversation.ts";
import { type TimedEvent, timedEvents } from "../show/timed_events.ts";

const OPTIONS = {
  events: { type: "boolean", short: "e", help: "the events of a stream, with their times" },
  raw: { type: "boolean", help: "the body of the response, byte for byte" },
  curl: { type: "boolean", help: "the request as a curl command; credentials are variables" },
  ...PRICES_OPTION,
  ...JSON_OPTION,
  ...FILE_OPTION,
} as const;

/** `show`: one entry in readable form. */
export const show = defineCommand({
  name: "show",
  summary: "Shows a request and its response in readable form",
  operands: { usage: "[KEY]", least: 0, most: 1 },
  options: OPTIONS,
  isPaged: true,
  examples: ["show", "show 5ece2360", "show 5ec --events", "show 5ece2360 --raw > speech.mp3", "show 5ece2360 --curl"],
  notes: ["KEY is the key or the digest of an entry, or its first digits. Without KEY, the last added entry is shown."],
  async run({ options, operands: [digits], terminal }) {
    const forms = FORMS.filter((form) => options[form]);
    if (forms.length > 1 && !(forms.length === 2 && options.json && options.events)) {
      throw new UsageError(
        `Cannot use ${forms.map((form) => `--${form}`).join(" and ")} together: each prints another form. Choose one.`,
      );
    }
    const prices = pricesOf(options.prices);
    return await withFile(findFile(options.file, terminal), (file) => {
      const { entry, position } = digits === undefined ? newestEntry(file) : findEntry(file, digits);
      const line = lineNumber(file.descriptor, position.start);
      const cost = prices && costOf(entry, prices);
      return showAs({ entry, line, cost }, options, terminal);
    });
  },
});

const FORMS = ["events", "raw", "curl", "json"] as const;

interface ShownEntry {
  readonly entry: Entry;
  /** The number of its line, from 1. */
  readonly line: number;
  /** Undefined without prices. */
  readonly cost: Cost | undefined;
}

async function showAs(
  shown: ShownEntry,
  options: Call<typeof OPTIONS>["options"],
  terminal: Terminal,
): Promise<ExitCode> {
  const { entry } = shown;
  if (options.raw) printBody(entry, terminal);
  else if (options.curl) printCurl(entry, terminal);
  else if (options.events) await printEvents(entry, options.json === true, terminal);
  else if (options.json) {
    await terminal.printAll(jsonMembers({ line: shown.line, cost: shown.cost?.usd, entry, reading: readEntry(entry) }));
  } else await terminal.printAll(readingLines(shown, readEntry(entry), terminal.paint));
  return FINE;
}

/** An object as JSON, member by member: two members contain the response, and together may exceed a string. */
function* jsonMembers(members: Readonly<Record<string, unknown>>): Generator<string, void> {
  let before = "{";
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue;
    yield before;
    before = `  ${JSON.stringify(name)}: ${printableJson(value, 2).replaceAll("\n", "\n  ")},`;
  }
  yield before.slice(0, -1);
  yield "}";
}

/** @throws {CommandError} If the body would control the terminal instead of being shown. */
function printBody(entry: Entry, terminal: Terminal): void {
  const body = decodeBody(entry);
  const isText = typeof body === "string" && body.replaceAll("\r\n", "").search(CONTROLS_IN_LINES) === -1;
  if (terminal.width !== undefined && !isText) {
    throw new CommandError(
      `Cannot print the response of ${entry.key} to a terminal: it is not plain text. ` +
        `Write it to a file: ${PROGRAM} show ${entry.key} --raw > FILE.`,
    );
  }
  terminal.printBytes(typeof body === "string" ? utf8(body) : body);
}

function printCurl(entry: Entry, terminal: Terminal): void {
  const curl = curlOf(entry);
  if (!curl) {
    throw new CommandError(
      `Cannot show the request of ${entry.key}: the file does not contain it. Record it again without keepRequest: "none".`,
    );
  }
  terminal.print(curl.command);
  for (const note of curl.notes) terminal.note(printable(note));
}

async function printEvents(entry: Entry, isJson: boolean, terminal: Terminal): Promise<void> {
  const events = timedEvents(entry);
  if (events.length === 0) {
    throw new CommandError(
      `Cannot show the events of ${entry.key}: its response is not a stream. Leave out --events.`,
    );
  }
  if (isJson) {
    terminal.print(printableJson(events.map(({ ms, name, text, data }) => ({ ms, name, data: data ?? text })), 2));
    return;
  }
  await terminal.printAll(eventLines(events, terminal.paint));
}

function* eventLines(events: readonly TimedEvent[], paint: Terminal["paint"]): Generator<string, void> {
  for (const { ms, name, text } of events) {
    const time = (ms === undefined ? "" : showTime(ms)).padStart(8);
    yield [paint(time, "dim"), paint(printable(name), "cyan"), printable(text)].filter(Boolean).join("  ");
  }
}

function* readingLines(
  shown: ShownEntry,
  reading: Reading,
  paint: Terminal["paint"],
): Generator<string, void> {
  const { asked, answered, settings } = reading;
  for (const text of headLines(shown, reading)) yield printable(text);
  if (settings.length) yield printable(settings.map(([name, value]) => `${name} ${value}`).join(", "));
  if (asked.length === 0) yield* ["", paint("The file does not contain the request.", "dim")];
  for (const message of asked) yield* messageLines(message, paint);
  for (const [index, message] of answered.entries()) {
    const role = answered.length > 1 ? `${message.role}, choice ${index + 1} of ${answered.length}` : message.role;
    yield* messageLines({ ...message, role }, paint);
  }
  if (reading.finish !== undefined) yield* ["", paint(printable(`ended: ${reading.finish}`), "dim")];
}

function* messageLines(message: Message, paint: Terminal["paint"]): Generator<string, void> {
  yield "";
  yield* showMessage(message, paint);
}

function headLines({ entry, line, cost }: ShownEntry, { provider, model, kind, isStream }: Reading): string[] {
  const { method, url, namespace, n } = asRecord(entry.request) ?? {}; // members are not validated
  const { key, sha256, status_code: status, recorded_at: recordedAt, duration_ms: duration } = entry;
  const tokens = usageOf(entry);
  const facts = [
    `status ${status ?? 200}`,
    showBytes(bodyLength(entry)),
    tokens ? `${tokens.input} input tokens, ${tokens.output} output tokens` : undefined,
    cost?.usd === undefined ? cost?.unknown && `cost unknown: ${cost.unknown}` : showDollars(cost.usd),
    typeof recordedAt === "string" ? `recorded ${recordedAt}` : undefined,
    typeof duration === "number" ? `in ${showTime(duration)}` : undefined,
    typeof namespace === "string" ? `namespace ${namespace}` : undefined,
    typeof n === "number" ? `number ${n} of identical requests` : undefined,
    `line ${line}`,
  ];
  return [
    [sha256 ?? key, [method, url].filter((word) => typeof word === "string").join(" ")].filter(Boolean).join("  "),
    [[provider, model].filter(Boolean).join(" "), kind, isStream ? "stream" : undefined].filter(Boolean).join(", "),
    facts.filter((fact) => fact !== undefined).join(", "),
  ];
}
