// @ts-check
/**
 * Chats of about 2 KB, and their responses of about 2 KB.
 *
 * Plain JavaScript, because the programs of peers/ run on plain Node, without a loader for TypeScript.
 */
export const CHAT_URL = "https://api.openai.com/v1/chat/completions";

/** The number of events in the streamed response to a chat. */
export const EVENTS = 20;

/** The last event of a stream. */
export const DONE = "data: [DONE]\n\n";

const SENTENCE = 'The "quick" brown fox jumps over\nthe lazy dog, again and again. ';

/** @typedef {{ method: string, headers: Record<string, string>, body: string }} ChatRequest */

/**
 * The request of the chat with this number, as an SDK sends it.
 *
 * @param {number} number
 * @param {{ stream?: true }} [options] Whether the response should be an event stream.
 * @returns {ChatRequest}
 */
export function chatRequest(number, options = {}) {
  const messages = Array.from({ length: 8 }, (_, index) => ({
    role: index % 2 ? "assistant" : "user",
    content: `Message ${index} of chat ${number}: ${SENTENCE.repeat(3)}`,
  }));
  const settings = { model: "gpt-4.1", temperature: 0.2, max_completion_tokens: 1000, ...options };
  const body = JSON.stringify({ ...settings, messages });
  return { method: "POST", headers: { "content-type": "application/json", authorization: "Bearer test" }, body };
}

/**
 * The number of the chat that a request body belongs to.
 *
 * @param {string} body
 */
export function chatNumber(body) {
  return Number(/of chat (\d+):/.exec(body)?.[1]);
}

/**
 * The body of its response.
 *
 * @param {number} number
 */
export function chatAnswer(number) {
  const message = { role: "assistant", content: `Answer to chat ${number}: ${SENTENCE.repeat(28)}`, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  const usage = { prompt_tokens: 412, completion_tokens: 388, total_tokens: 800 };
  return JSON.stringify({ id: `chatcmpl-${number}`, object: "chat.completion", model: "gpt-4.1", choices, usage });
}

/**
 * An event of its streamed response.
 *
 * @param {number} number
 * @param {number} index
 */
export function chatEvent(number, index) {
  const choices = [{ index: 0, delta: { content: ` word ${index} of answer ${number}` }, finish_reason: null }];
  const chunk = {
    id: `chatcmpl-${number}`,
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "gpt-4.1",
    choices,
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/**
 * The complete body of its streamed response.
 *
 * @param {number} number
 */
export function chatStream(number) {
  return Array.from({ length: EVENTS }, (_, index) => chatEvent(number, index)).join("") + DONE;
}
