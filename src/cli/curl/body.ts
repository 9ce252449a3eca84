import type { RecordedRequest } from "../../store/entry.ts";
import { parseJson } from "../../lib/json.ts";
import { isSummary } from "../../store/entry_request.ts";
import { hasControls, printing, quote } from "./quote.ts";
import { isParts } from "../scan/request_body.ts";

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
  if (isParts(parsed, body)) return formBody(parsed);
  if (isSummary(body) || body.startsWith("base64:")) {
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
  if (/^[^\s=&]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*$/.test(body)) return "application/x-www-form-urlencoded";
  return "text/plain";
}

type Part = readonly [name: string, filename: string | null, value: string];

function formBody(parts: readonly Part[]): CurlBody {
  const isHashed = parts.every(([, , value]) => /^[0-9a-f]{64}$/.test(value));
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

function formOption([name, filename, value]: Part, isHashed: boolean): string {
  if (filename === null) return `--form-string ${quote(`${name}=${isHashed ? `[sha256 ${value}]` : value}`)}`;
  const file = fileOf(filename).replace(/["\\]/g, "\\$&");
  return `--form ${quote(`${name}=@"${file}"`)}`;
}

/** Only the last part of a path: whoever runs the command shall send no other file of theirs than one put there. */
function fileOf(filename: string): string {
  return filename.split(/[\\/]/).at(-1) || "file";
}
