/** axios 1 with its fetch adapter; the default adapter does not use fetch. */
import { casesOf, type Connection, type Sdk, type SdkCall, type SdkCase } from "./case.ts";
import { API_KEY, MESSAGES } from "./prompts.ts";

type Axios = ReturnType<typeof import("axios")["default"]["create"]>;

const PATH = "/v1/chat/completions";
const body = { model: "gpt-5-mini", messages: [...MESSAGES] };

const axios: Sdk<Axios> = {
  name: "axios 1",
  origin: "https://api.openai.com",
  capturesFetch: "call",
  connect: async ({ baseURL, fetch }: Connection) => {
    const { default: axios } = await import("axios");
    const headers = { authorization: `Bearer ${API_KEY}` };
    return axios.create({ baseURL, adapter: "fetch", headers, ...(fetch ? { env: { fetch } } : {}) });
  },
};

const calls: SdkCall<Axios>[] = [
  {
    name: "post JSON",
    run: async (client, options) => {
      const { status, data } = await client.post(PATH, body, options);
      return { status, data };
    },
  },
  {
    name: "stream",
    stream: async (client, options) => {
      const config = { ...options, responseType: "stream" } as const;
      const { data } = await client.post<ReadableStream<Uint8Array>>(PATH, { ...body, stream: true }, config);
      return eventsOf(data);
    },
  },
];

/** Complete events, because the borders of the pieces depend on the network. */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const piece of body) {
    const events = (pending + decoder.decode(piece, { stream: true })).split("\n\n");
    pending = events.pop() ?? "";
    yield* events;
  }
  if (pending !== "") yield pending;
}

export const axiosCases: SdkCase[] = casesOf(axios, calls);
