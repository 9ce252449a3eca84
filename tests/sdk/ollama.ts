/** ollama 0.6. Its default export captures fetch at import, and cannot use another server. */
import { casesOf, type Connection, type Sdk, type SdkCall, type SdkCase } from "./case.ts";
import { MESSAGES } from "./prompts.ts";

type Ollama = InstanceType<typeof import("ollama")["Ollama"]>;

const body = { model: "llama3.2", messages: [...MESSAGES] };

const ollama: Sdk<Ollama> = {
  name: "ollama 0.6",
  origin: "http://127.0.0.1:11434",
  capturesFetch: "construction",
  connect: async ({ baseURL, fetch }: Connection) => {
    const { Ollama } = await import("ollama");
    return new Ollama({ host: baseURL, ...(fetch ? { fetch } : {}) });
  },
};

// Only a stream can be aborted, and only by its own method.
const calls: SdkCall<Ollama>[] = [
  { name: "chat", abortable: false, run: async (client) => await client.chat(body) },
  { name: "chat stream", abortable: false, stream: async (client) => await client.chat({ ...body, stream: true }) },
];

export const ollamaCases: SdkCase[] = casesOf(ollama, calls);
