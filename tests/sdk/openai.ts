/** openai 6 and 7. */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { base64, casesOf, collect, type Connection, type Sdk, type SdkCall, type SdkCase } from "./case.ts";
import { openaiTools } from "./openai_tools.ts";
import { API_KEY, MESSAGES, notesFile, PROMPT, soundFile, withNotesOnDisk } from "./prompts.ts";

type Module = typeof import("openai");
export type OpenAI = InstanceType<Module["OpenAI"]>;

const chat = { model: "gpt-5-mini", messages: [...MESSAGES] };
const responses = { model: "gpt-5-mini", input: PROMPT };

function openai(name: string, load: () => Promise<Module>): Sdk<OpenAI> {
  return {
    name,
    origin: "https://api.openai.com",
    capturesFetch: "construction",
    connect: async ({ baseURL, fetch }: Connection) => {
      const { OpenAI } = await load();
      return new OpenAI({ apiKey: API_KEY, baseURL: `${baseURL}/v1`, maxRetries: 0, ...(fetch ? { fetch } : {}) });
    },
  };
}

/** The request id is not enumerable, so it is read by name. */
function withRequestId<Value extends object>(value: Value): unknown {
  return { ...value, _request_id: (value as { _request_id?: string | null })._request_id };
}

const texts: SdkCall<OpenAI>[] = [
  { name: "chat", run: async (client, options) => withRequestId(await client.chat.completions.create(chat, options)) },
  {
    name: "chat stream",
    stream: async (client, options) =>
      await client.chat.completions.create({ ...chat, stream: true, stream_options: { include_usage: true } }, options),
  },
  {
    name: "responses",
    run: async (client, options) => withRequestId(await client.responses.create(responses, options)),
  },
  {
    name: "responses stream",
    stream: async (client, options) => await client.responses.create({ ...responses, stream: true }, options),
  },
  {
    name: "chat .stream() helper",
    run: async (client, options) => {
      const stream = client.chat.completions.stream(chat, options);
      const snapshots: string[] = [];
      stream.on("content", (_, snapshot) => snapshots.push(snapshot));
      const chunks = await collect(stream);
      return { chunks, snapshots, completion: await stream.finalChatCompletion() };
    },
    stream: (client, options) => Promise.resolve(client.chat.completions.stream(chat, options)),
  },
  {
    name: "responses .stream() helper",
    run: async (client, options) => {
      const stream = client.responses.stream(responses, options);
      const events = await collect(stream);
      return { events, response: await stream.finalResponse() };
    },
    stream: (client, options) => Promise.resolve(client.responses.stream(responses, options)),
  },
  {
    name: "withResponse()",
    run: async (client, options) => {
      const answer = await client.chat.completions.create(chat, options)
        .withResponse();
      const { status, statusText, url } = answer.response;
      const type = answer.response.headers.get("content-type");
      return { data: answer.data, request_id: answer.request_id, status, statusText, url, type };
    },
  },
  {
    name: "embeddings",
    run: async (client, options) =>
      withRequestId(
        await client.embeddings.create({ model: "text-embedding-3-small", input: ["one", "zwei é"] }, options),
      ),
  },
];

const files: SdkCall<OpenAI>[] = [
  {
    name: "file upload of a File",
    run: async (client, options) =>
      withRequestId(await client.files.create({ file: notesFile(), purpose: "user_data" }, options)),
  },
  {
    name: "file upload with createReadStream()",
    run: (client, options) =>
      withNotesOnDisk(async (path) => {
        const file = createReadStream(path);
        // If the response arrives before the body is sent, the file is deleted before it is opened.
        await once(file, "open");
        try {
          return withRequestId(await client.files.create({ file, purpose: "user_data" }, options));
        } finally {
          file.destroy();
        }
      }),
  },
  {
    name: "transcription",
    run: async (client, options) =>
      withRequestId(await client.audio.transcriptions.create({ file: soundFile(), model: "whisper-1" }, options)),
  },
  {
    name: "speech",
    run: async (client, options) => {
      const body = { model: "gpt-4o-mini-tts", voice: "alloy", input: "Grüße" };
      const response = await client.audio.speech.create(body, options);
      return {
        type: response.headers.get("content-type"),
        bytes: base64(new Uint8Array(await response.arrayBuffer())),
      };
    },
  },
];

const calls = [...texts, ...files, ...openaiTools];

export const openaiCases: SdkCase[] = [
  // The driver treats the older major like the newer one: the calls here are the same in both.
  ...casesOf(openai("openai 6", () => import("openai6") as unknown as Promise<Module>), calls),
  ...casesOf(openai("openai 7", () => import("openai")), calls),
];
