import type { RecordedRequest } from "../../store/entry.ts";
import type { Format } from "./parts/format.ts";
import { formAsked } from "./form_asked.ts";
import { formatOfRequest } from "./formats.ts";
import type { Kind } from "./parts/kind.ts";
import { base64Media } from "./media/media_part.ts";
import type { Json } from "./parts/members.ts";
import type { Message } from "./parts/message.ts";
import { message, text, unknown } from "./parts/parts.ts";
import { placeholderLength } from "./parts/placeholder.ts";
import { requestBody } from "./body/request_body.ts";
import { type Setting, settingsOf } from "./settings.ts";

/** What a request asks. */
export interface RequestReading {
  readonly asked: readonly Message[];
  readonly settings: readonly Setting[];
  /** Its JSON; empty if it is none. */
  readonly value: Json;
}

/** What is known about a request before it is read. */
export interface RequestContext {
  readonly path: string;
  readonly pathKind: Kind | undefined;
  /** How the answer is written. */
  readonly format: Format | undefined;
}

/** Reads what was kept of a request. */
export function readRequest(request: RecordedRequest | undefined, context: RequestContext): RequestReading {
  const body = requestBody(request);
  switch (body.form) {
    case "none":
      return { asked: [], settings: [], value: {} };
    case "json":
      return jsonAsked(body.value, context);
    case "parts": {
      const { asked, model, settings } = formAsked(body.parts);
      return { asked, settings, value: { model } };
    }
    case "text": {
      const isBinary = placeholderLength(body.text)?.unit === "bytes" || body.text.startsWith("base64:");
      const parts = isBinary ? [base64Media(body.text.replace(/^base64:/, ""))] : text(body.text);
      return { asked: message("user", parts), settings: [], value: {} };
    }
  }
}

/** By the path, else as the answer is written; what neither can read is shown as it is. */
function jsonAsked(value: Json, { path, pathKind, format }: RequestContext): RequestReading {
  const own = formatOfRequest(path, pathKind, value);
  for (const candidate of own === format ? [own] : [own, format]) {
    const asked = candidate?.asked(value) ?? [];
    if (asked.length) return { asked, settings: settingsOf(value), value };
  }
  const isKnown = (own ?? format) !== undefined || Object.keys(value).length === 0;
  return isKnown
    ? { asked: [], settings: settingsOf(value), value }
    : { asked: message("user", [unknown(value)]), settings: [], value };
}
