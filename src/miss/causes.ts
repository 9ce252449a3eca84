import type { RecordedRequest } from "../store/entry.ts";
import { placeholderLength } from "../store/entry_request.ts";
import type { Difference } from "./difference.ts";

/** What changes on every run, what normalizes it, and what takes its place. */
const CHANGING: readonly (readonly [what: string, pattern: RegExp, replacement: string])[] = [
  ["a time", /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/, "TIME"],
  ["a date", /\d{4}-\d\d-\d\d/, "DATE"],
  ["a date", /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [A-Za-z]+ \d{1,2},? \d{4}/, "DATE"],
  ["a date", /\d{1,2}[/.]\d{1,2}[/.]\d{2,4}/, "DATE"],
  ["a time", /\d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?/, "TIME"],
  ["an id (UUID)", /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i, "ID"],
  ["a time in (milli)seconds", /\b1\d{9}(?:\d{3})?(?:\.\d+)?\b/, "TIME"],
  ["an id", /\b[a-z]+[_-](?=\w*\d)\w{8,}\b/i, "ID"],
  ["an id", /\b(?=\w*\d)(?=\w*[a-z])[0-9a-z]{8,}\b/i, "ID"],
  ["a temporary folder", /(?:\/private)?\/(?:tmp|var\/folders)\/[\w/.+-]+/, "FOLDER"],
];

/**
 * The likely cause of a miss, in one or two lines, if it is one that is known.
 *
 * @param differences What is different between the nearest recorded request and the one that is asked for.
 */
export function likelyCause(
  recorded: RecordedRequest,
  asked: RecordedRequest,
  differences: readonly Difference[],
): string | undefined {
  return otherHost(recorded, asked) ?? otherSetting(differences) ?? changingText(differences) ??
    otherMembers(differences);
}

function otherHost(recorded: RecordedRequest, asked: RecordedRequest): string | undefined {
  const [a, b] = [new URL(recorded.url), new URL(asked.url)];
  if (a.host !== b.host) return `another base URL or domain: it was recorded at ${a.host}, and is asked at ${b.host}.`;
  const isStreamed = (url: URL) => /:stream|-stream$/.test(url.pathname);
  if (isStreamed(a) !== isStreamed(b)) return STREAM;
  const modelOf = (url: URL) => /\/(?:models?|deployments)\/([^/:]+)/.exec(url.pathname)?.[1];
  return modelOf(a) === modelOf(b) ? undefined : `another model: ${modelOf(a)} → ${modelOf(b)}.`;
}

const STREAM = "one of the two is streamed, the other is not.";

function otherSetting(differences: readonly Difference[]): string | undefined {
  const at = (path: string) => differences.find((difference) => difference.path === path);
  const model = at("model");
  if (model?.kind === "changed") return `another model: ${String(model.recorded)} → ${String(model.asked)}.`;
  if (at("stream")) return STREAM;
  if (at("namespace")) return "another namespace, which keeps answers to the same request apart.";
  const header = differences.find(({ path }) => /^headers[[.]/.test(path));
  return header && `another value of a header that changes the answer (${header.path}).`;
}

/** Texts that are equal once a pattern is replaced. */
function changingText(differences: readonly Difference[]): string | undefined {
  const texts = differences.flatMap((difference) => isChangedText(difference) ? [difference] : []);
  if (texts.length === 0 || texts.length < differences.length) return undefined;
  for (const [what, pattern, replacement] of CHANGING) {
    const every = new RegExp(pattern.source, `${pattern.flags}g`);
    const normalized = (text: string) => text.replace(every, replacement);
    if (!texts.every(({ recorded, asked }) => normalized(recorded) === normalized(asked))) continue;
    if (texts.every(({ asked }) => asked.includes(replacement) && normalized(asked) === asked)) {
      return `${what}, which the option normalize leaves out by now: the recorded one has it still. Record it once more.`;
    }
    return `${what} that changes on every run. This option leaves it out of the key:\n` +
      `  normalize: [[${String(pattern)}, ${JSON.stringify(replacement)}]]`;
  }
  return undefined;
}

function isChangedText(
  difference: Difference,
): difference is Difference & { readonly recorded: string; readonly asked: string } {
  if (difference.kind !== "changed") return false;
  return [difference.recorded, difference.asked].every((value) =>
    typeof value === "string" && !placeholderLength(value)
  );
}

/** Members that come and go without any other change are mostly those of a new version. */
function otherMembers(differences: readonly Difference[]): string | undefined {
  if (differences.length === 0 || differences.some(({ kind, path }) => kind === "changed" || /\]$/.test(path))) {
    return undefined;
  }
  const names = differences.map(({ path }) => path).slice(0, 3).join(", ");
  return `other members are sent (${names}), by another version of the SDK or another option.`;
}
