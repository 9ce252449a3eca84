// @ts-check
/**
 * Shared by the measured programs of this folder. Their arguments: name of the tool, folder of its recording, URL of
 * the server, number of chats in the recording.
 */
import { chatAnswer, chatRequest } from "../chat.mjs";
import { args, check } from "../measure.mjs";

/** @typedef {import("./peer.mjs").Peer} Peer */
/** @typedef {import("./peer.mjs").Recording} Recording */

const [name = "", folder = "", server = "", count = ""] = args;

/** @type {import("./peer.mjs").Place} */
export const place = { folder, server };

/** The URL that chats are sent to. */
export const url = `${server}/v1/chat/completions`;

/** The number of chats in the recording. */
export const chats = Number(count);

/**
 * Imports the tool.
 *
 * @returns {Promise<Peer>}
 */
export async function load() {
  return await import(`./${name}.mjs`);
}

/**
 * Requests a chat and reads the response as SDKs do.
 *
 * @param {Recording} recording
 * @param {number} number
 * @param {import("../chat.mjs").ChatRequest} [request] The request of the chat, if it was created before.
 */
export async function ask(recording, number, request = chatRequest(number)) {
  return await (await recording.fetch(url, request)).json();
}

/**
 * @param {Peer} peer
 * @param {unknown} answer
 * @param {number} number
 */
export function checkAnswer(peer, answer, number) {
  checkText(peer, JSON.stringify(answer), chatAnswer(number), `the one to chat ${number}`);
}

/**
 * @param {Peer} peer
 * @param {string} text
 * @param {string} expected
 * @param {string} what
 */
export function checkText({ essence = (all) => all }, text, expected, what) {
  check(essence(text) === essence(expected), what);
}
