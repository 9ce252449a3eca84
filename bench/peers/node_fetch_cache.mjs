// @ts-check
/** node-fetch-cache with its cache in the file system. Its own header forbids network calls. */
import NodeFetchCache, { FileSystemCache } from "node-fetch-cache";

/** @typedef {import("./peer.mjs").Place} Place */
/** @typedef {import("./peer.mjs").Recording} Recording */

/** @param {Place} place */
export const record = (place) => open(place, {});

/** @param {Place} place */
export const replay = (place) => open(place, { "cache-control": "only-if-cached" });

/**
 * @param {Place} place
 * @param {Record<string, string>} headers
 * @returns {Recording}
 */
function open({ folder }, headers) {
  const cache = new FileSystemCache({ cacheDirectory: folder });
  const fetch = NodeFetchCache.create({ cache, shouldCacheResponse: (response) => response.ok });
  return {
    fetch: (url, request) => fetch(url, { ...request, headers: { ...request.headers, ...headers } }),
    close() {}, // every response was saved before the caller got it
  };
}
