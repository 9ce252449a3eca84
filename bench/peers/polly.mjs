// @ts-check
/**
 * Polly.JS with its adapter for `fetch` and its persister for files.
 *
 * `order: false` allows repeated replays of the same request. The options of the persister disable sorting and the
 * search for unused entries, which take most of the time with many entries.
 */
import fetchAdapter from "@pollyjs/adapter-fetch";
import core from "@pollyjs/core";
import fsPersister from "@pollyjs/persister-fs";

/** @typedef {import("./peer.mjs").Place} Place */
/** @typedef {import("./peer.mjs").Recording} Recording */

// By their types, the class is a member of the import. In fact, the import is the class.
const FetchAdapter = /** @type {typeof fetchAdapter.default} */ (/** @type {unknown} */ (fetchAdapter));
const FSPersister = /** @type {typeof fsPersister.default} */ (/** @type {unknown} */ (fsPersister));

/** @param {Place} place */
export const record = (place) => open(place, "record");

/** @param {Place} place */
export const replay = (place) => open(place, "replay");

/**
 * @param {Place} place
 * @param {"record" | "replay"} mode
 * @returns {Recording}
 */
function open({ folder }, mode) {
  const polly = new core.Polly("chats", {
    mode,
    recordIfMissing: false,
    adapters: [FetchAdapter],
    persister: FSPersister,
    persisterOptions: { keepUnusedRequests: true, disableSortingHarEntries: true, fs: { recordingsDir: folder } },
    matchRequestsBy: { order: false, headers: { exclude: ["authorization"] } },
  });
  return {
    fetch: (url, request) => globalThis.fetch(url, request), // the adapter has replaced it
    close: () => polly.stop(),
  };
}
