/** @mistralai/mistralai 2. */
import { casesOf, type Connection, type Sdk, type SdkCall, type SdkCase } from "./case.ts";
import { API_KEY, MESSAGES } from "./prompts.ts";

type Mistral = InstanceType<typeof import("@mistralai/mistralai")["Mistral"]>;

const body = { model: "mistral-small-latest", messages: [...MESSAGES] };

const mistral: Sdk<Mistral> = {
  name: "mistral 2",
  origin: "https://api.mistral.ai",
  capturesFetch: "call",
  connect: async ({ baseURL, fetch }: Connection) => {
    const { HTTPClient, Mistral } = await import("@mistralai/mistralai");
    const httpClient = fetch ? { httpClient: new HTTPClient({ fetcher: fetch }) } : {};
    return new Mistral({ apiKey: API_KEY, serverURL: baseURL, retryConfig: { strategy: "none" }, ...httpClient });
  },
};

const calls: SdkCall<Mistral>[] = [
  { name: "chat", run: async (client, { signal }) => await client.chat.complete(body, { fetchOptions: { signal } }) },
  {
    name: "chat stream",
    stream: async (client, { signal }) => await client.chat.stream(body, { fetchOptions: { signal } }),
  },
];

export const mistralCases: SdkCase[] = casesOf(mistral, calls);
