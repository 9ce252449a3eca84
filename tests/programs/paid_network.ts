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
/** Hosts whose paths are like those of others. */
const NAMED = /^https:\/\/((?:rest\.fal\.ai|v3\.fal\.media|europe-west1-aiplatform\.googleapis\.com)\/)/;

globalThis.fetch = ((input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  const loopback = url.replace(PAID, PROVIDER).replace(NAMED, `${PROVIDER}/$1`);
  return fetch(input instanceof Request ? new Request(loopback, input) : loopback, init);
}) as typeof fetch;
