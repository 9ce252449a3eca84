import { showBytes, showTime } from "../../amounts.ts";
import { bodyLength, decodeBody } from "../../body.ts";
import { utf8 } from "../../bytes.ts";
import type { Entry } from "../../entry.ts";
import { lineNumber } from "../../stores/jsonl_index.ts";
import { usageOf } from "../../usage.ts";
import {
  type Call,
  CommandError,
  defineCommand,
  type ExitCode,
  FILE_OPTION,
  FINE,
  JSON_OPTION,
  UsageError,
} from "../command.ts";
import { showMessage } from "../conversation.ts";
import { curlOf } from "../curl.ts";
import { printable } from "../display/printable.ts";
import { findEntry } from "../find_entry.ts";
import { readEntry, type Reading } from "../reading/reading.ts";
import { findFile, withFile } from "../recorded_file.ts";
import type { Terminal } from "../terminal.ts";
import { timedEvents } from "../timed_events.ts";

const OPTIONS = {
  events: { type: "boolean", short: "e", help: "the events of a stream with their times, as they came" },
  raw: { type: "boolean", help: "the body of the answer, byte for byte" },
  curl: { type: "boolean", help: "the request as a curl command; credentials stay variables" },
  ...JSON_OPTION,
  ...FILE_OPTION,
} as const;

/** `show`: one entry as a person reads it. */
export const show = defineCommand({
  name: "show",
  summary: "Shows a request and its answer, as a person reads them",
  operands: { usage: "KEY", least: 1, most: 1 },
  options: OPTIONS,
  examples: ["show 5ece2360", "show 5ec --events", "show 5ece2360 --raw > speech.mp3", "show 5ece2360 --curl"],
  notes: ["KEY is the key or the digest of an entry, or the first few digits of it."],
  async run({ options, operands: [digits = ""], terminal }) {
    const ways = WAYS.filter((way) => options[way]);
    if (ways.length > 1 && !(ways.length === 2 && options.json && options.events)) {
      throw new UsageError(`Cannot use ${ways.map((way) => `--${way}`).join(" and ")} together: choose one.`);
    }
    return await withFile(findFile(options.file, terminal), (file) => {
      const { entry, position } = findEntry(file, digits);
      const line = lineNumber(file.descriptor, position.start);
      return showAs({ entry, line }, options, terminal);
    });
  },
});

const WAYS = ["events", "raw", "curl", "json"] as const;

interface ShownEntry {
  readonly entry: Entry;
  /** The number of its line, from 1 on. */
  readonly line: number;
}

function showAs(shown: ShownEntry, options: Call<typeof OPTIONS>["options"], terminal: Terminal): ExitCode {
  const { entry } = shown;
  if (options.raw) {
    const body = decodeBody(entry);
    terminal.printBytes(typeof body === "string" ? utf8(body) : body);
  } else if (options.curl) printCurl(entry, terminal);
  else if (options.events) printEvents(entry, options.json === true, terminal);
  else if (options.json) {
    terminal.print(JSON.stringify({ line: shown.line, entry, reading: readEntry(entry) }, null, 2));
  } else printReading(shown, readEntry(entry), terminal);
  return FINE;
}

function printCurl(entry: Entry, terminal: Terminal): void {
  const curl = curlOf(entry);
  if (!curl) {
    throw new CommandError(
      `Cannot show the request of ${entry.key}: the file does not keep it. Record it anew, without keepRequest: "none".`,
    );
  }
  terminal.print(curl.command);
  for (const note of curl.notes) terminal.note(note);
}

function printEvents(entry: Entry, isJson: boolean, terminal: Terminal): void {
  const events = timedEvents(entry);
  if (events.length === 0) {
    throw new CommandError(
      `Cannot show the events of ${entry.key}: its answer is no stream of text. Leave out --events.`,
    );
  }
  if (isJson) {
    terminal.print(
      JSON.stringify(events.map(({ ms, name, text, data }) => ({ ms, name, data: data ?? text })), null, 2),
    );
    return;
  }
  for (const { ms, name, text } of events) {
    const time = (ms === undefined ? "" : showTime(ms)).padStart(8);
    terminal.print(
      [terminal.paint(time, "dim"), terminal.paint(printable(name), "cyan"), printable(text)].filter(Boolean).join(
        "  ",
      ),
    );
  }
}

function printReading({ entry, line }: ShownEntry, reading: Reading, terminal: Terminal): void {
  const { asked, answered, settings } = reading;
  const paint = terminal.paint;
  terminal.print(...headLines(entry, line, reading).map((text) => printable(text)));
  if (settings.length) terminal.print(printable(settings.map(([name, value]) => `${name} ${value}`).join(", ")));
  if (asked.length === 0) terminal.print("", paint("The file does not keep what was asked.", "dim"));
  for (const message of asked) terminal.print("", ...showMessage(message, paint));
  const answers = answered.length > 1;
  for (const [index, message] of answered.entries()) {
    const role = answers ? `${message.role}, answer ${index + 1} of ${answered.length}` : message.role;
    terminal.print("", ...showMessage({ ...message, role }, paint));
  }
  if (reading.finish !== undefined) terminal.print("", paint(printable(`ended: ${reading.finish}`), "dim"));
}

function headLines(entry: Entry, line: number, { provider, model, kind, isStream }: Reading): string[] {
  const { key, sha256, request, status_code: status, recorded_at: recordedAt, duration_ms: duration } = entry;
  const tokens = usageOf(entry);
  const facts = [
    `status ${status ?? 200}`,
    showBytes(bodyLength(entry)),
    tokens ? `${tokens.input} tokens read, ${tokens.output} written` : undefined,
    typeof recordedAt === "string" ? `recorded ${recordedAt}` : undefined,
    typeof duration === "number" ? `in ${showTime(duration)}` : undefined,
    request?.namespace === undefined ? undefined : `namespace ${request.namespace}`,
    request?.n === undefined ? undefined : `number ${request.n} of its kind`,
    `line ${line}`,
  ];
  return [
    [sha256 ?? key, request && `${request.method} ${request.url}`].filter(Boolean).join("  "),
    [[provider, model].filter(Boolean).join(" "), kind, isStream ? "stream" : undefined].filter(Boolean).join(", "),
    facts.filter((fact) => fact !== undefined).join(", "),
  ];
}
