import { utf8 } from "../../lib/bytes.ts";
import { parseJson } from "../../lib/json.ts";
import type { RecordedRequest } from "../../store/entry.ts";
import { areRecordedParts, isHash, placeholderLength, type RecordedPart } from "../../store/entry_request.ts";
import { OBEYED_IN_LINES } from "../display/printable.ts";
import { isForm } from "../scan/request_body.ts";

/** How a body is given to curl. */
export interface CurlBody {
  /** Words of the command, quoted. */
  readonly options: readonly string[];
  /** Undefined: curl chooses it. */
  readonly contentType?: string;
  /** A command whose output is the body. */
  readonly source?: string;
  /** Whether it is a multipart form. */
  readonly isForm?: boolean;
  /** What the reader of the command has to put in. */
  readonly notes: readonly string[];
}

/** Systems start no program with a longer argument. In characters, which may have three bytes each. */
const LONGEST_ARGUMENT = 40_000;

/** The body of a recorded request, for curl. Its content type is not in the file: it is told by how the body looks. */
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
        `The body is not in the file as a text: put it into a file "request-body", and correct the content type.`,
      ],
    };
  }
  return textBody(body, parsed === undefined ? textType(body) : "application/json");
}

/** Without a length of 0 some servers refuse a POST. */
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
  const hashes = "Of the values of the form only the SHA-256 is in the file: put the values in.";
  return {
    isForm: true,
    options: parts.map((part) => formOption(part, isHashed)),
    notes: [
      ...isHashed && files.length < parts.length ? [hashes] : [],
      ...files.length ? [`Put the files of the form into the working directory: ${files.join(", ")}.`] : [],
    ],
  };
}

function formOption([name, filename, value]: RecordedPart, isHashed: boolean): string {
  if (filename === null) return `--form-string ${quote(`${name}=${isHashed ? `[sha256 ${value}]` : value}`)}`;
  const file = fileOf(filename).replace(/["\\]/g, "\\$&");
  return `--form ${quote(`${name}=@"${file}"`)}`;
}

/** Only the last part of a path: whoever runs the command shall send no other file of theirs than one put there. */
function fileOf(filename: string): string {
  return filename.split(/[\\/]/).at(-1) || "file";
}

/**
 * Whether a text has characters that cannot be pasted into a shell, not even in quotes: the terminal would take them
 * for keys that were pressed. Or those that make a text read as another one.
 */
export function hasControls(text: string): boolean {
  return text.search(OBEYED_IN_LINES) !== -1;
}

/** A text as one word of a POSIX shell, with nothing in it that the shell would replace. It must not hold NUL. */
export function quote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!hasControls(text)) return inQuotes(text);
  // What a command prints loses its last line feeds.
  let end = text.length;
  while (text[end - 1] === "\n") end--;
  return `"$(${printing(text.slice(0, end))})"${end < text.length ? inQuotes(text.slice(end)) : ""}`;
}

/** A command that prints a text. Shells have it built in, so that its argument may be of any length. */
export function printing(text: string): string {
  if (!hasControls(text)) return `printf %s ${inQuotes(text)}`;
  const escaped = text.replaceAll("\\", "\\\\").replaceAll(OBEYED_IN_LINES, octal);
  return `printf %b ${inQuotes(escaped)}`;
}

function inQuotes(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function octal(character: string): string {
  return [...utf8(character)].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
}
