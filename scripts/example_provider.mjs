// @ts-check
/**
 * Simulates the providers while scripts/check_examples.mjs and scripts/check_notebook.mjs run the examples, which call
 * the real ones.
 */
import { createServer } from "node:http";

/** A module, imported first, that redirects requests for OpenAI, Anthropic and Gemini to the server at `PROVIDER`. */
export const paidNetwork = String.raw`
const { fetch } = globalThis;
const PAID = /^https:\/\/(?:api\.openai\.com|api\.anthropic\.com|generativelanguage\.googleapis\.com)(?=\/)/;

globalThis.fetch = (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  if (!PAID.test(url)) return fetch(input, init);
  const loopback = url.replace(PAID, process.env.PROVIDER);
  return fetch(input instanceof Request ? new Request(loopback, input) : loopback, init);
};
`;

/** @type {Record<string, string>} */
const GREETINGS = { French: "Bonjour", German: "Guten Tag", Spanish: "Hola" };

/** A simulated Responses API that greets the person in the prompt, and numbers its responses. */
export async function startResponses() {
  let count = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const text of request.setEncoding("utf8")) body += text;
    const [, name, language] = /Greet (\w+) .* in (\w+)\./.exec(JSON.parse(body).input) ?? [];
    const text = `${GREETINGS[language ?? ""] ?? "Hello"}, ${name}! (${++count})`;
    const content = [{ type: "output_text", text, annotations: [] }];
    const output = [{ type: "message", id: `msg_${count}`, role: "assistant", status: "completed", content }];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ id: `resp_${count}`, object: "response", status: "completed", output }));
  });
  const url = await listen(server);
  // A port that was just free, and has no server.
  const dead = createServer();
  const deadUrl = await listen(dead);
  await new Promise((resolve) => dead.close(resolve));
  return {
    url,
    deadUrl,
    requests: () => count,
    close: () => (server.closeAllConnections(), server.close()),
  };
}

/**
 * @param {import("node:http").Server} server
 * @returns {Promise<string>}
 */
async function listen(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}
