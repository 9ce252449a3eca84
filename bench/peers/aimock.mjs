// @ts-check
/**
 * aimock: a server that stands in for the provider, passes on what it does not know, and records it as fixtures. It runs
 * in the same process, as its documentation starts it; the SDK's base URL is set to it.
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
 * The text of an answer, whole or streamed: the rest is made anew.
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
