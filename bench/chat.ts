/** A chat of about 2 KB, and its answer of about 2 KB. */
export const CHAT_URL = "https://api.openai.com/v1/chat/completions";

/** The request of the chat with this number, as an SDK sends it. */
export function chatRequest(number: number): RequestInit & { readonly body: string } {
  const messages = Array.from({ length: 8 }, (_, index) => ({
    role: index % 2 ? "assistant" : "user",
    content: `Message ${index} of chat ${number}: ${SENTENCE.repeat(3)}`,
  }));
  const body = JSON.stringify({ model: "gpt-4.1", temperature: 0.2, max_completion_tokens: 1000, messages });
  return { method: "POST", headers: { "content-type": "application/json", authorization: "Bearer test" }, body };
}

/** The body of its answer. */
export function chatAnswer(number: number): string {
  const message = { role: "assistant", content: `Answer to chat ${number}: ${SENTENCE.repeat(28)}`, refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  const usage = { prompt_tokens: 412, completion_tokens: 388, total_tokens: 800 };
  return JSON.stringify({ id: `chatcmpl-${number}`, object: "chat.completion", model: "gpt-4.1", choices, usage });
}

const SENTENCE = 'The "quick" brown fox jumps over\nthe lazy dog, again and again. ';
