import { concatBytes, utf8 } from "../lib/bytes.ts";
import { sha256Hex } from "../lib/sha256.ts";
import type { CanonicalRequest } from "./canonical.ts";

/** The identity of a request. */
export interface Digest {
  /** 64 lowercase hex digits. */
  readonly sha256: string;
  /** The first 8 of them: the short name that pycachy uses too. */
  readonly key: string;
}

/** What tells requests apart that are alike in method, URL and body. */
export interface DigestExtras {
  /** The n-th identical stateful request of a handle, from 2 on. */
  readonly n?: number;
  readonly namespace?: string;
}

/**
 * Computes the digest of a request: SHA-256 over its method, URL and body, and what little else changes the answer.
 *
 * For a POST without answer-changing headers and extras the key is the one that pycachy computes.
 *
 * @param request What is sent, in canonical form.
 * @param extras What tells it apart from requests that look the same.
 */
export async function digestRequest(request: CanonicalRequest, extras: DigestExtras = {}): Promise<Digest> {
  const { method, url, streaming, body, headers } = request;
  const start = `${method === "POST" ? "" : `${method} `}${url}${streaming ? "True" : "False"}`;
  const end = extrasText(headers, extras);
  const preimage = typeof body === "string" ? utf8(start + body + end) : concatBytes([utf8(start), body, utf8(end)]);
  const sha256 = await sha256Hex(preimage);
  return { sha256, key: sha256.slice(0, 8) };
}

function extrasText(headers: CanonicalRequest["headers"], { n, namespace }: DigestExtras): string {
  if (!headers.length && n === undefined && namespace === undefined) return "";
  return `\n${JSON.stringify({ headers: headers.length ? headers : undefined, n, namespace })}`;
}
