/** @google/genai 2 and 3. */
import { casesOf, type Connection, type Sdk, type SdkCall, type SdkCase, without } from "./case.ts";
import { API_KEY, NOTES, PROMPT } from "./prompts.ts";

type Module = typeof import("@google/genai");
type GoogleGenAI = InstanceType<Module["GoogleGenAI"]>;

const model = "gemini-2.5-flash";

function genai(name: string, load: () => Promise<Module>): Sdk<GoogleGenAI> {
  return {
    name,
    origin: "https://generativelanguage.googleapis.com",
    capturesFetch: "call",
    connect: async ({ baseURL, fetch }: Connection) => {
      const { GoogleGenAI } = await load();
      const httpOptions = { baseUrl: baseURL, ...(fetch ? { fetch } : {}) };
      return new GoogleGenAI({ apiKey: API_KEY, vertexai: false, httpOptions });
    },
  };
}

/** Every result contains the raw response with all its headers. */
const withoutHeaders = (value: unknown): unknown => without(value, ["sdkHttpResponse"]);

async function* mapped(events: AsyncIterable<object>): AsyncGenerator<unknown> {
  for await (const event of events) yield withoutHeaders(event);
}

const calls: SdkCall<GoogleGenAI>[] = [
  {
    name: "generateContent",
    run: async ({ models }, { signal }) => {
      const response = await models.generateContent({ model, contents: PROMPT, config: { abortSignal: signal } });
      return { text: response.text, response: withoutHeaders(response) };
    },
  },
  {
    name: "generateContentStream",
    stream: async ({ models }, { signal }) =>
      mapped(await models.generateContentStream({ model, contents: PROMPT, config: { abortSignal: signal } })),
  },
  {
    name: "file upload",
    requests: 2,
    // `abortSignal` is among the options of an upload, but the SDK ignores it.
    abortable: false,
    run: async ({ files }) => {
      const file = new Blob([NOTES], { type: "text/plain" });
      const config = { mimeType: "text/plain", displayName: "notes" };
      return withoutHeaders(await files.upload({ file, config }));
    },
  },
];

export const genaiCases: SdkCase[] = [
  // The driver treats the older major like the newer one: the calls here are the same in both.
  ...casesOf(genai("genai 2", () => import("genai2") as unknown as Promise<Module>), calls),
  ...casesOf(genai("genai 3", () => import("@google/genai")), calls),
];
