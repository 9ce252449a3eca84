// @ts-check
/**
 * aimock: a server that replaces the provider, forwards unknown requests, and records their responses as fixtures. It
 * runs in the same process, as in its documentation. The base URL of the SDK points to it.
 */
import { LLMock } from "@copilotkit/aimock";

/** @typedef {import("./peer.mjs").Place} Place */
/** @typedef {import("./peer.mjs").Recording} Recording */

/** @param {Place} place */
export function record({ folder, server }) {
  return open(new LLMock({ port: 0, record: { providers: { openai: server }, fixturePath: folder } }));
}

/** @param {Place} place */
export function replay({ folder }) {
  return open(new LLMock({ port: 0, strict: true }).loadFixtureDir(folder));
}

/**
 * The text of a response, complete or streamed. aimock generates the rest in each replay.
 *
 * @param {string} answer
 */
export function essence(answer) {
  const events = answer.startsWith("data: ") ? answer.split("\n\n") : [answer];
  const texts = events.map((event) => event.replace("data: ", "")).filter((text) => text && text !== "[DONE]");
  return texts.map((text) => contentOf(JSON.parse(text))).join("");
}

/** @param {{ choices: { message?: { content: string }, delta?: { content?: string } }[] }} answer */
function contentOf({ choices: [choice] }) {
  return choice?.message?.content ?? choice?.delta?.content ?? "";
}

/**
 * @param {LLMock} mock
 * @returns {Promise<Recording>}
 */
async function open(mock) {
  await mock.start();
  return {
    fetch: (url, request) => fetch(mock.url + new URL(url).pathname, request),
    close: () => mock.stop(),
  };
}
