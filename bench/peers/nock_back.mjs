// @ts-check
/**
 * nock with `nock.back`: fixtures are recorded once, and locked afterwards. `persist()` allows repeated replays of the
 * same request.
 */
import nock from "nock";

/** @typedef {import("./peer.mjs").Place} Place */
/** @typedef {import("./peer.mjs").Recording} Recording */

/** @param {Place} place */
export const record = (place) => open(place, "record");

/** @param {Place} place */
export const replay = (place) => open(place, "lockdown");

/**
 * @param {Place} place
 * @param {"record" | "lockdown"} mode
 * @returns {Promise<Recording>}
 */
async function open({ folder }, mode) {
  nock.back.fixtures = folder;
  nock.back.setMode(mode);
  const { nockDone } = await nock.back("chats.json", { after: (scope) => scope.persist() });
  return {
    fetch: (url, request) => globalThis.fetch(url, request), // nock has replaced it
    close: nockDone,
  };
}
