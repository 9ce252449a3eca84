import { decodeBase64, encodeBase64 } from "../lib/base64.ts";
import { textOf, utf8Length } from "../lib/bytes.ts";
import type { Entry } from "./entry.ts";

/** A body as the members `binary` and `response` hold it. */
export function encodeBody(body: Uint8Array, contentType: string): Required<Pick<Entry, "binary" | "response">> {
  const text = isTextual(contentType) ? textOf(body) : undefined;
  return text === undefined ? { binary: true, response: encodeBase64(body) } : { binary: false, response: text };
}

/** The body of an entry: its text, or its bytes if it is binary. */
export function decodeBody(entry: Entry): string | Uint8Array<ArrayBuffer> {
  return entry.binary ? decodeBase64(entry.response) : entry.response;
}

/** How many bytes the body of an entry has. */
export function bodyLength({ binary, response }: Entry): number {
  if (!binary) return utf8Length(response);
  const padding = response.endsWith("==") ? 2 : response.endsWith("=") ? 1 : 0;
  return response.length / 4 * 3 - padding;
}

function isTextual(contentType: string): boolean {
  return /^text\/|json|xml|javascript|x-www-form-urlencoded|event-stream|yaml/i
    .test(contentType) &&
    !/eventstream/i.test(contentType);
}
