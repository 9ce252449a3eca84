/** cohere-ai 8, second version of the chat API. */
import { casesOf, type Connection, type Sdk, type SdkCall, type SdkCase } from "./case.ts";
import { API_KEY, MESSAGES } from "./prompts.ts";

type CohereClientV2 = InstanceType<
  typeof import("cohere-ai")["CohereClientV2"]
>;

// A call that was aborted before it started leaves a timer, by default for one minute.
const timeoutInSeconds = 5;

const body = { model: "command-a-03-2025", messages: [...MESSAGES] };

const cohere: Sdk<CohereClientV2> = {
  name: "cohere 8",
  origin: "https://api.cohere.com",
  capturesFetch: "call",
  connect: async ({ baseURL, fetch }: Connection) => {
    const { CohereClientV2 } = await import("cohere-ai");
    return new CohereClientV2({ token: API_KEY, baseUrl: baseURL, maxRetries: 0, ...(fetch ? { fetch } : {}) });
  },
};

const calls: SdkCall<CohereClientV2>[] = [
  {
    name: "chat",
    run: async (client, { signal }) => await client.chat(body, { abortSignal: signal, timeoutInSeconds }),
  },
  {
    name: "chat stream",
    stream: async (client, { signal }) => await client.chatStream(body, { abortSignal: signal, timeoutInSeconds }),
  },
];

export const cohereCases: SdkCase[] = casesOf(cohere, calls);
