/** Simulates the paid network: sends requests for the providers' hosts to the loopback provider. Import it first. */
import process from "node:process";

const { fetch } = globalThis;
const { PROVIDER = "" } = process.env;
const PAID = new RegExp(
  [
    String.raw`^https://api\.(?:openai|anthropic)\.com`,
    String.raw`^https://bedrock-runtime\.us-east-1\.amazonaws\.com`,
    String.raw`^http://(?:127\.0\.0\.1:11434|localhost:4000)`,
  ].join("|"),
);

globalThis.fetch = ((input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  const loopback = url.replace(PAID, PROVIDER);
  return fetch(input instanceof Request ? new Request(loopback, input) : loopback, init);
}) as typeof fetch;
