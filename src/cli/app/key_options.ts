import { messageOf } from "../../lib/errors.ts";
import { escaped, showPattern, type Wording } from "../../lib/show.ts";
import { type OmitPath, parseOmitPath } from "../../request/body_identity.ts";
import type { Normalization } from "../../request/canonical.ts";
import { UsageError } from "./command.ts";

/** The options that say what is not part of the key. */
export const KEY_OPTIONS = {
  normalize: {
    type: "list",
    value: "PATTERN=TEXT",
    help: "a text that is replaced in the key; /…/ is a regular expression; may be repeated",
  },
  omit: {
    type: "list",
    value: "PATH",
    help: "a member of request bodies that is not part of the key, such as metadata.user_id; may be repeated",
  },
} as const;

/** The path in an option. */
export function pathOf(option: string, text: string): OmitPath {
  const path = parseOmitPath(text);
  if (path) return path;
  throw new UsageError(
    `Cannot use ${option} ${text}: expected a path, such as metadata.run_id or tools[*].cache_control.`,
  );
}

/** Splits at the last "=": a pattern may contain some. */
export function pairOf(option: string, text: string, form: string): [string, string] {
  const at = option === "--normalize" ? text.lastIndexOf("=") : text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`Cannot use ${option} ${text}: expected ${form}.`);
}

/** The value of `--normalize`. */
export function normalizationOf(text: string): Normalization {
  const [pattern, replacement] = pairOf("--normalize", text, "PATTERN=TEXT");
  const [, source, flags] = /^\/(.+)\/([a-z]*)$/s.exec(pattern) ?? [];
  if (source === undefined) return [pattern, replacement];
  try {
    return [new RegExp(source, flags), replacement];
  } catch (error) {
    throw new UsageError(`Cannot use --normalize ${text}: ${messageOf(error)}.`);
  }
}

/** The options of `CachyOptions` that the proxy has as a flag. */
const FLAGS: Readonly<Record<string, string>> = {
  file: "--file",
  mode: "--mode",
  domains: "--domains",
  allowSecrets: "--allow-secrets",
  maxBodyBytes: "--max-body-bytes",
};

/** The wording for users of the proxy. */
export const AS_FLAGS: Wording = {
  option: (name, value) => typeof value === "string" && FLAGS[name] ? `${FLAGS[name]} ${value}` : FLAGS[name],
  domain: (host) => `--domains ${host}`,
  normalize: (pairs) =>
    pairs.map(([pattern, replacement]) => {
      const source = typeof pattern === "string" ? new RegExp(escaped(pattern)) : pattern;
      return `--normalize ${quoted(`${showPattern(source)}=${replacement}`)}`;
    }).join(" "),
  omit: (paths) => paths.map((path) => `--omit ${quoted(path)}`).join(" "),
  unused:
    "debug is on, but no request reached the proxy. Check that the program reads its base URL from one of the variables " +
    "that cachy sets. Add other variables with --env NAME=URL.",
};

/** One word of a command line. Texts with line breaks are quoted for bash and zsh. */
function quoted(word: string): string {
  if (/^[\w./:@=+-]+$/.test(word)) return word;
  if (!/[\r\n]/.test(word)) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${word.replace(/['\\]/g, "\\$&").replaceAll("\r", "\\r").replaceAll("\n", "\\n")}'`;
}
