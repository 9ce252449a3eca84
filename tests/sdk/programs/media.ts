/** SDKs for speech, images and files, and their uploads. */
import { Buffer } from "node:buffer";
import { base64, without } from "../case.ts";
import type { SdkProgram } from "./program.ts";
import { API_KEY, notesFile, PROMPT, soundFile } from "../prompts.ts";

const sound = async () => Buffer.from(await soundFile().arrayBuffer());

async function replicate() {
  return new (await import("replicate")).default({ auth: API_KEY });
}

async function fal() {
  const { createFalClient } = await import("@fal-ai/client");
  return createFalClient({ credentials: API_KEY });
}

async function elevenlabs(environment: "Production" | "ProductionUs" | "ProductionEu") {
  const { ElevenLabsClient, ElevenLabsEnvironment } = await import("@elevenlabs/elevenlabs-js");
  return new ElevenLabsClient({ apiKey: API_KEY, environment: ElevenLabsEnvironment[environment] });
}

function speech(environment: "Production" | "ProductionUs" | "ProductionEu", name: string): SdkProgram {
  return {
    packages: ["@elevenlabs/elevenlabs-js"],
    name,
    requests: 1,
    run: async () => {
      const client = await elevenlabs(environment);
      const audio = await client.textToSpeech.convert("voice", { text: PROMPT });
      return base64(new Uint8Array(await new Response(audio as ReadableStream).arrayBuffer()));
    },
  };
}

const images: SdkProgram[] = [
  {
    packages: ["replicate"],
    name: "run with an uploaded Buffer",
    requests: 2,
    run: async () => await (await replicate()).run("owner/model", { input: { audio: await sound() } }),
  },
  {
    packages: ["replicate"],
    name: "polled run",
    requests: 3,
    hits: 2,
    run: async () => {
      const wait = { mode: "poll", interval: 1 } as const;
      return await (await replicate()).run("owner/slow", { input: { prompt: PROMPT }, wait });
    },
  },
  {
    packages: ["@fal-ai/client"],
    name: "run",
    requests: 1,
    run: async () => (await (await fal()).run("fal-ai/any", { input: { prompt: PROMPT } })).data,
  },
  {
    packages: ["@fal-ai/client"],
    name: "subscribe",
    requests: 3,
    run: async () => (await (await fal()).subscribe("fal-ai/any", { input: { prompt: PROMPT }, pollInterval: 1 })).data,
  },
  {
    packages: ["@fal-ai/client"],
    name: "storage.upload of a Blob",
    requests: 2,
    run: async () => await (await fal()).storage.upload(new Blob(["notes"], { type: "text/plain" })),
  },
];

const voices: SdkProgram[] = [
  speech("Production", "textToSpeech"),
  speech("ProductionUs", "textToSpeech in the US"),
  speech("ProductionEu", "textToSpeech in the EU"),
  {
    packages: ["@elevenlabs/elevenlabs-js"],
    name: "speechToText of a file",
    requests: 1,
    run: async () => {
      const client = await elevenlabs("Production");
      return await client.speechToText.convert({ file: soundFile(), modelId: "scribe_v1" });
    },
  },
  {
    packages: ["@deepgram/sdk"],
    name: "transcribeFile",
    requests: 1,
    run: async () => {
      const { DeepgramClient } = await import("@deepgram/sdk");
      const client = new DeepgramClient({ apiKey: API_KEY });
      return await client.listen.v1.media.transcribeFile(await sound(), { model: "nova-3" });
    },
  },
  {
    packages: ["@deepgram/sdk"],
    name: "speak",
    requests: 1,
    run: async () => {
      const { DeepgramClient } = await import("@deepgram/sdk");
      const client = new DeepgramClient({ apiKey: API_KEY });
      const audio = await client.speak.v1.audio.generate({ text: PROMPT, model: "aura-2-thalia-en" });
      return base64(new Uint8Array(await audio.arrayBuffer()));
    },
  },
  {
    packages: ["assemblyai"],
    name: "transcribe with upload and polling",
    requests: 4,
    hits: 3,
    run: async () => {
      const { AssemblyAI } = await import("assemblyai");
      const client = new AssemblyAI({ apiKey: API_KEY });
      return await client.transcripts.transcribe({ audio: await sound() }, { pollingInterval: 1 });
    },
  },
];

const uploads: SdkProgram[] = [
  {
    packages: ["@mistralai/mistralai"],
    name: "files.upload",
    requests: 1,
    run: async () => {
      const { Mistral } = await import("@mistralai/mistralai");
      return await new Mistral({ apiKey: API_KEY }).files.upload({ file: notesFile() });
    },
  },
  {
    packages: ["@mistralai/mistralai"],
    name: "chat in the EU",
    requests: 1,
    run: async () => {
      const { Mistral } = await import("@mistralai/mistralai");
      const messages = [{ role: "user" as const, content: PROMPT }];
      const mistral = new Mistral({ apiKey: API_KEY, server: "eu" });
      return await mistral.chat.complete({ model: "mistral-small-latest", messages });
    },
  },
  {
    packages: ["@openrouter/sdk"],
    name: "files.upload",
    requests: 1,
    run: async () => {
      const { OpenRouter } = await import("@openrouter/sdk");
      const { files } = new OpenRouter({ apiKey: API_KEY });
      return without(await files.upload({ requestBody: { file: notesFile() } } as never), []);
    },
  },
];

export const mediaPrograms: SdkProgram[] = [...images, ...voices, ...uploads];
