/** groq-sdk 1. */
import { casesOf, type Connection, type Sdk, type SdkCall, type SdkCase } from "./case.ts";
import { API_KEY, MESSAGES } from "./prompts.ts";

type Groq = InstanceType<typeof import("groq-sdk")["Groq"]>;

const body = { model: "llama-3.3-70b-versatile", messages: [...MESSAGES] };

const groq: Sdk<Groq> = {
  name: "groq 1",
  origin: "https://api.groq.com",
  capturesFetch: "construction",
  connect: async ({ baseURL, fetch }: Connection) => {
    const { Groq } = await import("groq-sdk");
    return new Groq({ apiKey: API_KEY, baseURL, maxRetries: 0, ...(fetch ? { fetch } : {}) });
  },
};

const calls: SdkCall<Groq>[] = [
  { name: "chat", run: async (client, options) => await client.chat.completions.create(body, options) },
  {
    name: "chat stream",
    stream: async (client, options) => await client.chat.completions.create({ ...body, stream: true }, options),
  },
];

export const groqCases: SdkCase[] = casesOf(groq, calls);
