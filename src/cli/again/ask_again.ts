import { createCachy } from "../../create_cachy.ts";
import { readableVariables } from "../../lib/environment.ts";
import { messageOf } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import { requestKind } from "../../request/identify.ts";
import type { Entry, RecordedRequest } from "../../store/entry.ts";
import { areRecordedParts } from "../../store/entry_request.ts";
import type { Store } from "../../store/store.ts";
import { rekeyed } from "../edit/rekey.ts";
import { isLocal, providerOf } from "../read/providers.ts";
import { soundRequest } from "../verify/check_members.ts";

/** A recorded request that can be sent again. */
export interface AskableRequest {
  readonly entry: Entry;
  readonly url: URL;
  readonly init: RequestInit;
}

const NO_RULES = { normalize: [], omit: [], set: [], models: new Map<string, string>() };

/**
 * Makes the request of an entry again, with the credential of its provider from the environment.
 *
 * @returns The reason if this is not possible.
 */
async function askable(entry: Entry): Promise<AskableRequest | string> {
  const request = soundRequest(entry);
  const known = await rekeyed(entry, NO_RULES);
  if (!request || typeof known === "string") return String(known);
  if (known.isChanged) return "its key is of other rules: run rekey first";
  const url = new URL(request.url);
  const problem = entry.error !== undefined ? "it is an error" : requestProblem(request, url);
  if (problem !== undefined) return problem;
  const headers = headersOf(request, url);
  if (typeof headers === "string") return headers;
  return { entry, url, init: { method: request.method, headers, body: request.body } };
}

function requestProblem({ method, body, headers = {} }: RecordedRequest, url: URL): string | undefined {
  if (requestKind(method, url, new Headers(headers)) !== "plain") return "its response depends on earlier requests";
  const value = parseJson(body);
  if (areRecordedParts(value, body)) return "the file has only hashes of its form";
  return value === undefined ? "its body is not JSON" : undefined;
}

/** The recorded headers with the credential of the provider; the reason if the credential is missing. */
function headersOf({ headers: recorded = {} }: RecordedRequest, url: URL): Headers | string {
  const headers = new Headers({ "content-type": "application/json", ...recorded });
  const { keys = [], auth = "authorization: Bearer ", needs, localPort } = providerOf(url) ?? {};
  const readable = new Map(readableVariables(keys));
  const credential = keys.map((name) => readable.get(name)).find((value) => value !== undefined);
  if (credential === undefined) {
    if (isLocal(url) || localPort !== undefined) return headers;
    return keys.length ? `set ${keys[0]}` : `the credential of ${url.host} is unknown`;
  }
  if (url.protocol !== "https:" && !isLocal(url)) return "its URL is not encrypted";
  const [name = "", start = ""] = auth.split(": ", 2);
  headers.set(name, `${start}${credential}`);
  const [needed = "", value = ""] = needs?.split(": ", 2) ?? [];
  if (needed && !headers.has(needed)) headers.set(needed, value);
  return headers;
}

/** Splits entries into those that can be sent, and the others with the reason. */
export async function askableOf(entries: Iterable<Entry>): Promise<{
  readonly requests: readonly AskableRequest[];
  readonly failures: readonly (readonly [key: string, reason: string])[];
}> {
  const requests: AskableRequest[] = [];
  const failures: [key: string, reason: string][] = [];
  for (const entry of entries) {
    const request = await askable(entry);
    if (typeof request === "string") failures.push([entry.key, request]);
    else requests.push(request);
  }
  return { requests, failures };
}

/** The new response to a request: its entry, or the reason why it failed. */
export type Answered = { readonly entry: Entry } | { readonly failure: string };

/**
 * Sends a request again, and records the response in a store.
 *
 * An entry that the store has already stays until the new response is complete.
 */
export async function askAgain({ entry, url, init }: AskableRequest, store: Store): Promise<Answered> {
  const { headers = {}, namespace } = entry.request ?? {};
  let recorded: Entry | undefined;
  let dropped: string | undefined;
  const cachy = createCachy({
    mode: "refresh",
    keyHeaders: Object.keys(headers),
    domains: [url.host],
    namespace,
    keepRequest: "whole",
    store: {
      name: store.name,
      find: () => undefined,
      append(made) {
        recorded = made;
        return store.append(made);
      },
    },
    onEvent(event) {
      if (event.kind === "dropped") dropped = event.detail;
    },
  });
  try {
    const response = await cachy.fetch(url, init);
    const text = await response.text();
    await cachy.flush();
    if (!response.ok) return { failure: `status ${response.status}: ${text.slice(0, 200)}` };
  } catch (error) {
    return { failure: messageOf(error) };
  }
  return recorded ? { entry: recorded } : { failure: dropped ?? "the response was not recorded" };
}
