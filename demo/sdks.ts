/** The calls of the demo, as the documentation of the SDKs shows them. */
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";

/** The server to call; without a base URL, the real provider. */
export interface Address {
  readonly apiKey: string;
  readonly baseURL: string | undefined;
}

/** An SDK and one of its streamed calls. */
export interface Sdk {
  readonly name: string;
  readonly call: string;
  /** The environment variable that holds the key. */
  readonly apiKey: string;
  /** The part of the base URL after the address of the server. */
  readonly path: string;
  /** Requests a short response, which fits into a line. */
  readonly prompt: string;
  /** The response of the loopback provider. */
  readonly answer: string;
  /** The pieces of text, as they arrive. */
  readonly stream: (address: Address) => AsyncGenerator<string>;
}

export const sdks: readonly Sdk[] = [
  {
    name: "openai",
    call: "responses.create",
    apiKey: "OPENAI_API_KEY",
    path: "/v1",
    prompt: "Why is the sky blue? Use five words.",
    answer: "Air scatters blue light most.",
    async *stream({ apiKey, baseURL }) {
      const client = new OpenAI({ apiKey, baseURL });
      for await (
        const event of await client.responses.create({ model: "gpt-5-mini", input: this.prompt, stream: true })
      ) {
        if (event.type === "response.output_text.delta") yield event.delta;
      }
    },
  },
  {
    name: "@anthropic-ai/sdk",
    call: "messages.create",
    apiKey: "ANTHROPIC_API_KEY",
    path: "",
    prompt: "Who wrote Frankenstein? Use five words.",
    answer: "Mary Shelley, at age eighteen.",
    async *stream({ apiKey, baseURL }) {
      const client = new Anthropic({ apiKey, baseURL });
      const messages = [{ role: "user" as const, content: this.prompt }];
      const model = "claude-haiku-4-5";
      for await (const event of await client.messages.create({ model, messages, max_tokens: 100, stream: true })) {
        if (event.type === "content_block_delta" && event.delta.type === "text_delta") yield event.delta.text;
      }
    },
  },
  {
    name: "@google/genai",
    call: "models.generateContentStream",
    apiKey: "GEMINI_API_KEY",
    path: "",
    prompt: "What do octopuses have three of? Use five words.",
    answer: "Hearts, two for the gills.",
    async *stream({ apiKey, baseURL }) {
      const client = new GoogleGenAI({ apiKey, httpOptions: baseURL === undefined ? {} : { baseUrl: baseURL } });
      const request = { model: "gemini-2.5-flash", contents: this.prompt };
      for await (const chunk of await client.models.generateContentStream(request)) yield chunk.text ?? "";
    },
  },
];
