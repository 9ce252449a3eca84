import { includesBytes, utf8 } from "../lib/bytes.ts";
import type { EventRequest, Problem } from "../report/events.ts";
import { type Credential, joinedTexts, KEY_SHAPES } from "../secrets/values.ts";
import { contentTypeOf, type Entry } from "../store/entry.ts";
import type { Warn } from "../store/store.ts";

/** Whose answer is searched for which secrets. */
export interface SecretSearch {
  readonly request: EventRequest;
  readonly credentials: readonly Credential[];
  readonly warn: Warn;
}

/** Tells the user of a secret in an answer, and keeps it out of the file if it is known to be one. */
export function secretProblem(
  entry: Entry,
  body: Uint8Array,
  { request: { method, url }, credentials, warn }: SecretSearch,
): Problem | undefined {
  const joined = joinedTexts(contentTypeOf(entry), entry.binary ? body : entry.response);
  const credential = credentialIn(entry, { body, joined }, credentials);
  if (credential) {
    const detail = `its answer holds the value of the environment variable ${credential.name} (${credential.where})`;
    warn(
      `Cannot record ${method} ${url}: ${detail}.\n` +
        `The call was answered by the network. If the file may hold it, set the option { allowSecrets: true }.`,
    );
    return { reason: "secret", detail };
  }
  const shape = keyShapeIn(entry, joined);
  if (shape) {
    warn(
      `The recorded answer to ${method} ${url} holds what looks like ${shape}: look at it before you commit the file.\n` +
        `If it is none, or may be there, set the option { allowSecrets: true } to silence this.`,
    );
  }
  return undefined;
}

/** What is searched of an answer besides its entry. */
interface SearchedBody {
  /** The bytes of the body, for those that are no text. */
  readonly body: Uint8Array;
  /** The texts that a stream sends in pieces, see `joinedTexts`. */
  readonly joined: readonly string[];
}

/**
 * Looks for the values of credentials in what is kept of an answer.
 *
 * @returns The name of the variable and the part of the answer, if there is one.
 */
function credentialIn(
  { headers = {}, response, binary }: Entry,
  { body, joined }: SearchedBody,
  credentials: readonly Credential[],
): { readonly name: string; readonly where: string } | undefined {
  for (const { name, forms } of credentials) {
    const isIn = (text: string) => forms.some((form) => text.includes(form));
    const header = Object.keys(headers).find((header) => isIn(headers[header] ?? ""));
    if (header !== undefined) return { name, where: `header ${header}` };
    const isInBody = binary ? forms.some((form) => includesBytes(body, utf8(form))) : isIn(response);
    if (isInBody || joined.some(isIn)) return { name, where: "body" };
  }
  return undefined;
}

/** What looks like a key in the text of an answer, in words. */
export function keyShapeIn({ binary, response }: Entry, joined: readonly string[] = []): string | undefined {
  const texts = binary ? joined : [response, ...joined];
  return KEY_SHAPES.find(([, pattern]) => texts.some((text) => text.search(pattern) !== -1))?.[0];
}
