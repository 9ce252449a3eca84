import type { RecordedRequest } from "../../../store/entry.ts";
import { asRecord, parseJson } from "../../../lib/json.ts";
import type { Json } from "../parts/members.ts";

/** A part of a form: the SHA-256 of its value in hex; where the whole request was kept, the value. */
export type FormPart = readonly [name: string, filename: string | null, value: string];

/** What was kept of a request's body, by how it is written. */
export type RequestBody =
  | { readonly form: "none" }
  | { readonly form: "json"; readonly value: Json }
  | { readonly form: "parts"; readonly parts: readonly FormPart[] }
  | { readonly form: "text"; readonly text: string };

/** Reads what was kept of a request's body. */
export function requestBody(request: RecordedRequest | undefined): RequestBody {
  const text: unknown = request?.body;
  if (typeof text !== "string" || text === "") return { form: "none" };
  const value = parseJson(text);
  const json = asRecord(value);
  if (json) return { form: "json", value: json };
  return Array.isArray(value) && value.length > 0 && value.every(isFormPart)
    ? { form: "parts", parts: value }
    : { form: "text", text };
}

function isFormPart(value: unknown): value is FormPart {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [name, filename, content] = value;
  return typeof name === "string" && (filename === null || typeof filename === "string") && typeof content === "string";
}
