import { asRecord } from "../../../lib/json.ts";
import { objectOf, textOf } from "../parts/json_members.ts";
import type { AnswerBody } from "./answer_body.ts";

/**
 * The message of an error response with its type and code, such as `Overloaded (overloaded_error)`; undefined if its
 * format is unknown.
 *
 * @param status Not repeated as a code.
 */
export function errorText(body: AnswerBody, status: unknown): string | undefined {
  const given = body.form === "json" ? body.value : body.form === "events" ? body.events[0]?.data : undefined;
  // Without `alt=sse`, Gemini answers a request for a stream with a list.
  const value = objectOf(Array.isArray(given) ? given[0] : given);
  const error = asRecord(value.error) ?? asRecord(value.detail) ?? value;
  const message = [error.message, error.error, error.detail, value.message].map(textOf).find(Boolean);
  if (message === undefined) return undefined;
  const codes = [error.type, error.status, error.code].filter((code) =>
    textOf(code) !== undefined && code !== "error" || typeof code === "number" && code !== status
  );
  return codes.length ? `${message} (${[...new Set(codes)].join(", ")})` : message;
}
