// @ts-check
/**
 * The programs that scripts/check_package.mjs runs and compiles as a user of the package would.
 *
 * They are texts, not files, since the linter and the type checker of this repository could not resolve their imports.
 */

/** Asks everything twice and prints the answers: `program.mjs BASE_URL FILE` */
export const program = `
import OpenAI from "openai";
import { enableCachy } from "@cachy/core";

const [baseURL, file] = process.argv.slice(2);
enableCachy({ file, domains: ["127.0.0.1"], mode: "auto" });
const client = new OpenAI({ apiKey: "sk-package-check", baseURL, maxRetries: 0 });
const request = { model: "any", messages: [{ role: "user", content: "Hi" }] };

async function whole() {
  const answer = await client.chat.completions.create(request);
  return answer.choices[0].message.content;
}

async function streamed() {
  let text = "";
  for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
    text += chunk.choices[0].delta.content;
  }
  return text;
}

console.log(JSON.stringify([await whole(), await whole(), await streamed(), await streamed()]));
`;

/** Uses the public types; the last line proves that they are not just \`any\`. */
export const typed = `
import { enableCachy } from "@cachy/core";
import type { Cachy, CachyOptions } from "@cachy/core";

const options: CachyOptions = { file: "cachy.jsonl", domains: ["127.0.0.1"], mode: "auto" };
export const cachy: Cachy = enableCachy(options);
export const answer: Promise<Response> = cachy.fetch("http://127.0.0.1/", { method: "POST" });
// @ts-expect-error A mode that does not exist is refused.
export const wrong: CachyOptions = { mode: "sometimes" };
`;

/** Hands the fetch of the package to an SDK. */
export const typedWithSdk = `
import OpenAI from "openai";
import { enableCachy } from "@cachy/core";

export const client = new OpenAI({ apiKey: "none", fetch: enableCachy().fetch });
`;
