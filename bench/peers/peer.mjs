// @ts-check
/**
 * The tools of the comparison, and what each has to do here.
 */

/** @typedef {import("../chat.mjs").ChatRequest} ChatRequest */

/**
 * @typedef {object} Tool
 * @property {string} name Its file in this folder, without `.mjs`.
 * @property {string} label
 * @property {string} [npm] Its package, for the version.
 * @property {string} [note] What a reader of its figures has to know.
 */

/** Ours. @type {Tool} */
export const ours = { name: "cachy", label: "@cachy/core" };

/** @type {readonly Tool[]} */
export const peers = [
  { name: "undici_snapshot", label: "undici SnapshotAgent", npm: "undici" },
  { name: "polly", label: "Polly.JS", npm: "@pollyjs/core" },
  { name: "nock_back", label: "nock.back", npm: "nock", note: "is held at 14, the last version for Node 20" },
  { name: "node_fetch_cache", label: "node-fetch-cache", npm: "node-fetch-cache" },
  {
    name: "aimock",
    label: "aimock",
    npm: "@copilotkit/aimock",
    note: "is a server of its own, in the same process; it keeps the text of an answer and makes ids and times anew",
  },
  { name: "linear_scan", label: "linear scan", note: "is pycachy's way, re-created in JavaScript" },
];

/**
 * What the file of a tool exports. It imports the tool when it is imported itself.
 *
 * @typedef {object} Peer
 * @property {(place: Place) => Recording | Promise<Recording>} record Begins a new one: calls reach the server.
 * @property {(place: Place) => Recording | Promise<Recording>} replay Opens it again: calls never reach the server.
 * @property {(text: string) => string} [essence] What of an answer is kept; without it, all.
 */

/**
 * @typedef {object} Place
 * @property {string} folder An existing folder that belongs to the recording.
 * @property {string} server The URL of the server.
 */

/**
 * An open recording.
 *
 * @typedef {object} Recording
 * @property {(url: string, request: ChatRequest) => Promise<Answer>} fetch
 * @property {() => unknown} close Called after recording: all of it is on disk then.
 */

/**
 * What all kinds of responses have in common.
 *
 * @typedef {object} Answer
 * @property {() => Promise<unknown>} json
 * @property {() => Promise<string>} text
 * @property {AsyncIterable<Uint8Array | string> | null} body
 */
