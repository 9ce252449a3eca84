// @ts-check
/**
 * The tools of the comparison, and the interface of their files.
 */

/** @typedef {import("../chat.mjs").ChatRequest} ChatRequest */

/**
 * @typedef {object} Tool
 * @property {string} name Its file in this folder, without `.mjs`.
 * @property {string} label
 * @property {string} [npm] Its package, for the version.
 * @property {string} [note] What a reader of its figures must know.
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
    note: "is a server in the same process; it records the text of a response and generates new ids and times",
  },
  { name: "linear_scan", label: "linear scan", note: "is the algorithm of pycachy, in JavaScript" },
];

/**
 * The exports of the file of a tool. The file imports the tool statically.
 *
 * @typedef {object} Peer
 * @property {(place: Place) => Recording | Promise<Recording>} record Starts a recording: calls reach the server.
 * @property {(place: Place) => Recording | Promise<Recording>} replay Opens a recording: calls never reach the server.
 * @property {(text: string) => string} [essence] The recorded part of a response; by default, the complete response.
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
 * @property {() => unknown} close Called after recording. When it ends, the recording is on disk.
 */

/**
 * The common members of all kinds of responses.
 *
 * @typedef {object} Answer
 * @property {() => Promise<unknown>} json
 * @property {() => Promise<string>} text
 * @property {AsyncIterable<Uint8Array | string> | null} body
 */
