/** @langchain/openai 1. */
import { casesOf, type Connection, type Sdk, type SdkCall, type SdkCase } from "./case.ts";
import { API_KEY, PROMPT } from "./prompts.ts";

type ChatOpenAI = InstanceType<
  typeof import("@langchain/openai")["ChatOpenAI"]
>;

const langchain: Sdk<ChatOpenAI> = {
  name: "langchain openai 1",
  origin: "https://api.openai.com",
  capturesFetch: "first call",
  connect: async ({ baseURL, fetch }: Connection) => {
    const { ChatOpenAI } = await import("@langchain/openai");
    const configuration = { baseURL: `${baseURL}/v1`, ...(fetch ? { fetch } : {}) };
    return new ChatOpenAI({ apiKey: API_KEY, model: "gpt-5-mini", maxRetries: 0, configuration });
  },
};

const calls: SdkCall<ChatOpenAI>[] = [
  { name: "invoke", run: async (model, options) => (await model.invoke(PROMPT, options)).toJSON() },
  { name: "stream", stream: async (model, options) => await model.stream(PROMPT, options) },
];

export const langchainCases: SdkCase[] = casesOf(langchain, calls);
