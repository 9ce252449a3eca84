import { utf8 } from "../../lib/bytes.ts";
import { parseJson } from "../../lib/json.ts";
import type { RecordedRequest } from "../../store/entry.ts";
import { areRecordedParts, isHash, placeholderLength, type RecordedPart } from "../../store/entry_request.ts";
import { CONTROLS_IN_LINES } from "../display/printable.ts";
import { isForm } from "../scan/request_body.ts";

/** The body of a request, as arguments of curl. */
export interface CurlBody {
  /** Quoted arguments. */
  readonly options: readonly string[];
  /** Undefined if curl chooses it. */
  readonly contentType?: string;
  /** A command whose output is the body. */
  readonly source?: string;
  /** Whether it is a multipart form. */
  readonly isForm?: boolean;
  /** What the user must insert before running the command. */
  readonly notes: readonly string[];
}

/** The longest argument, in characters of up to three bytes. Systems reject longer ones. */
const LONGEST_ARGUMENT = 40_000;

/** Makes the arguments for a recorded body. The file does not contain its content type, so it is guessed. */
export function curlBody(request: RecordedRequest): CurlBody {
  const { method, body } = request;
  if (body === "") return emptyBody(method);
  const parsed = parseJson(body);
  if (areRecordedParts(parsed, body)) return formBody(parsed);
  if (placeholderLength(body) || body.startsWith("base64:")) {
    return {
      options: ["--data-binary @request-body"],
      contentType: "application/octet-stream",
      notes: [
        `The file does not contain the body as text. Save the body as "request-body", and correct the content type.`,
      ],
    };
  }
  return textBody(body, parsed === undefined ? textType(body) : "application/json");
}

/** Some servers reject a POST without `content-length: 0`. */
function emptyBody(method: string): CurlBody {
  const isUsual = method === "GET" || method === "HEAD" || method === "DELETE";
  return { options: isUsual ? [] : ["--data-raw ''"], contentType: isUsual ? undefined : "", notes: [] };
}

function textBody(body: string, contentType: string): CurlBody {
  if (body.length <= LONGEST_ARGUMENT && !hasControls(body)) {
    return { options: [`--data-raw ${quote(body)}`], contentType, notes: [] };
  }
  return { options: ["--data-binary @-"], contentType, source: printing(body), notes: [] };
}

function textType(body: string): string {
  if (body.startsWith("--cachy-boundary")) {
    const kind = /^content-disposition: *form-data/im.test(body.slice(0, 1000)) ? "form-data" : "related";
    return `multipart/${kind}; boundary=cachy-boundary`;
  }
  if (isForm(body)) return "application/x-www-form-urlencoded";
  return "text/plain";
}

function formBody(parts: readonly RecordedPart[]): CurlBody {
  const isHashed = parts.every(([, , value]) => isHash(value));
  const files = parts.flatMap(([, filename]) => filename === null ? [] : [JSON.stringify(fileOf(filename))]);
  const hashes = "The file contains only the SHA-256 of each form value. Insert the values.";
  return {
    isForm: true,
    options: parts.map((part) => formOption(part, isHashed)),
    notes: [
      ...isHashed && files.length < parts.length ? [hashes] : [],
      ...files.length ? [`Put these files into the working directory: ${files.join(", ")}.`] : [],
    ],
  };
}

function formOption([name, filename, value]: RecordedPart, isHashed: boolean): string {
  if (filename === null) return `--form-string ${quote(`${name}=${isHashed ? `[sha256 ${value}]` : value}`)}`;
  const file = fileOf(filename).replace(/["\\]/g, "\\$&");
  return `--form ${quote(`${name}=@"${file}"`)}`;
}

/** The last part of a path. The command must not send files from outside the working directory. */
function fileOf(filename: string): string {
  return filename.split(/[\\/]/).at(-1) || "file";
}

/**
 * Whether a text contains characters that are unsafe to paste into a shell, even in quotes: control characters act like
 * pressed keys, and bidirectional controls disguise the text.
 */
function hasControls(text: string): boolean {
  return text.search(CONTROLS_IN_LINES) !== -1;
}

/** Quotes a text as one word of a POSIX shell, without expansions. It must not contain NUL. */
export function quote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!hasControls(text)) return inQuotes(text);
  // $(…) removes trailing line feeds.
  let end = text.length;
  while (text[end - 1] === "\n") end--;
  return `"$(${printing(text.slice(0, end))})"${end < text.length ? inQuotes(text.slice(end)) : ""}`;
}

/** A command that prints a text. `printf` is a shell builtin, so its argument may have any length. */
function printing(text: string): string {
  if (!hasControls(text)) return `printf %s ${inQuotes(text)}`;
  const escaped = text.replaceAll("\\", "\\\\").replaceAll(CONTROLS_IN_LINES, octal);
  return `printf %b ${inQuotes(escaped)}`;
}

function inQuotes(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function octal(character: string): string {
  return [...utf8(character)].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
}
