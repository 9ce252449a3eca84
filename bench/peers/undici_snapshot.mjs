// @ts-check
/** undici's SnapshotAgent, with undici's own `fetch`, because Node's `fetch` would also have to be loaded. */
import { join } from "node:path";
import { fetch, SnapshotAgent } from "undici";

/** @typedef {import("./peer.mjs").Place} Place */
/** @typedef {import("./peer.mjs").Recording} Recording */

/** @param {Place} place */
export const record = (place) => open(place, "record");

/** @param {Place} place */
export const replay = (place) => open(place, "playback");

/**
 * @param {Place} place
 * @param {"record" | "playback"} mode
 * @returns {Recording}
 */
function open({ folder }, mode) {
  const snapshotPath = join(folder, "snapshots.json");
  const dispatcher = new SnapshotAgent({ mode, snapshotPath, excludeHeaders: ["authorization"] });
  return {
    fetch: (url, request) => fetch(url, { ...request, dispatcher }),
    close: () => dispatcher.close(), // saves the recording
  };
}
