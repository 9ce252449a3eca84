/** Requests and responses that many processes record into one file, and that each of them can check. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Cachy, createCachy } from "../mod.ts";

/** A handle whose network responds with {@linkcode bodyOf}. */
export interface Storm {
  readonly cachy: Cachy;
}

const URL_OF_STORM = "https://api.openai.com/v1/storm";
const LONGEST_BODY = 1_000_000;

/**
 * Creates a handle on the file.
 *
 * @param name The author of responses to the requests that all processes make.
 */
export function stormAt(file: string, name: string): Storm {
  const fetch = (_: RequestInfo | URL, init?: RequestInit) => {
    const { by, n } = JSON.parse(String(init?.body));
    const type = n % 3 === 0 ? "application/octet-stream" : "text/plain";
    const body = bodyOf(by === "shared" ? name : by, n) as Uint8Array<ArrayBuffer>;
    return Promise.resolve(new Response(body, { headers: { "content-type": type } }));
  };
  return { cachy: createCachy({ file, mode: "auto", fetch: fetch as typeof globalThis.fetch }) };
}

/** Sends a request, checks the response, and returns its author. */
export async function ask({ cachy }: Storm, by: string, n: number): Promise<string> {
  const headers = { "content-type": "application/json" };
  const response = await cachy.fetch(URL_OF_STORM, { method: "POST", headers, body: JSON.stringify({ by, n }) });
  const body = new Uint8Array(await response.arrayBuffer());
  const answeredBy = by === "shared" ? new TextDecoder().decode(body).split(" ", 1)[0] ?? "" : by;
  const expected = bodyOf(answeredBy, n);
  assert.ok(Buffer.compare(body, expected) === 0, `${by} ${n}`);
  return answeredBy;
}

/** The body of the response to a request: 1 byte to 1 MB long, mostly short. */
function bodyOf(by: string, n: number): Uint8Array {
  return new Uint8Array(Buffer.alloc(lengthOf(by, n), `${by} ${n} é`));
}

/** Pseudo-random lengths, the same in every process. */
function lengthOf(by: string, n: number): number {
  if (n % 200 === 0) return 1;
  let hash = n + 1;
  for (const character of `${by}${n}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  // Processes that will be killed write long lines, so that a kill often hits a write.
  return n % (by === "k" ? 2 : 100) === 1
    ? LONGEST_BODY
    : Math.max(40, Math.floor(LONGEST_BODY ** ((hash % 10_000) / 10_000)));
}
