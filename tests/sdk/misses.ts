/** One call and one stream of each SDK, made with its defaults: its own hosts, its own retries, the global `fetch`. */
import { inspect } from "node:util";
import { collect } from "./case.ts";
import { API_KEY, MESSAGES, PROMPT } from "./prompts.ts";

export interface MissCase {
  /** The SDK and its call, as in "openai 7: chat". */
  readonly name: string;
  /** Rejects with what the developer sees. */
  run(): Promise<unknown>;
}

type Call = () => Promise<unknown>;

function sdk(name: string, call: Call, stream?: Call): MissCase[] {
  const cases = [{ name, run: call }];
  return stream ? [...cases, { name: `${name}, streamed`, run: stream }] : cases;
}

const read = async (stream: unknown): Promise<unknown> => await collect((await stream) as AsyncIterable<unknown>);

const model = "any";
const chat = { model, messages: [...MESSAGES] };
const streamedChat = { ...chat, stream: true as const };

function openai(name: string, load: () => Promise<typeof import("openai")>): MissCase[] {
  const client = async () => new (await load()).OpenAI({ apiKey: API_KEY });
  return sdk(
    name,
    async () => await (await client()).chat.completions.create(chat),
    async () => await read((await client()).responses.create({ model, input: PROMPT, stream: true })),
  );
}

function genai(name: string, load: () => Promise<typeof import("@google/genai")>): MissCase[] {
  const models = async () => new (await load()).GoogleGenAI({ apiKey: API_KEY, vertexai: false }).models;
  return sdk(
    name,
    async () => await (await models()).generateContent({ model, contents: PROMPT }),
    async () => await read((await models()).generateContentStream({ model, contents: PROMPT })),
  );
}

type Ai = typeof import("ai");
type AiModel = Parameters<Ai["generateText"]>[0]["model"];

/** Errors of a stream are events; the SDK prints them by default. */
function aiSdk(name: string, load: () => Promise<Ai>, model: () => Promise<unknown>): MissCase[] {
  return sdk(
    name,
    async () => await (await load()).generateText({ model: await model() as AiModel, prompt: PROMPT }),
    async () => {
      const errors: unknown[] = [];
      const onError = ({ error }: { error: unknown }) => void errors.push(error);
      const result = (await load()).streamText({ model: await model() as AiModel, prompt: PROMPT, onError });
      await collect(result.fullStream);
      throw errors[0];
    },
  );
}

const ai6 = () => import("ai6") as unknown as Promise<Ai>;
const ai7 = () => import("ai");
const settings = { apiKey: API_KEY };
const compatible = { ...settings, name: "compatible", baseURL: "https://api.fireworks.ai/inference/v1" };

const aiSdks: MissCase[] = [
  ...aiSdk("ai 6 openai", ai6, async () => (await import("ai6-openai")).createOpenAI(settings)(model)),
  ...aiSdk("ai 6 anthropic", ai6, async () => (await import("ai6-anthropic")).createAnthropic(settings)(model)),
  ...aiSdk("ai 6 google", ai6, async () => (await import("ai6-google")).createGoogleGenerativeAI(settings)(model)),
  ...aiSdk("ai 7 openai", ai7, async () => (await import("@ai-sdk/openai")).createOpenAI(settings)(model)),
  ...aiSdk("ai 7 anthropic", ai7, async () => (await import("@ai-sdk/anthropic")).createAnthropic(settings)(model)),
  ...aiSdk("ai 7 google", ai7, async () => (await import("@ai-sdk/google")).createGoogleGenerativeAI(settings)(model)),
  ...aiSdk("ai 7 mistral", ai7, async () => (await import("@ai-sdk/mistral")).createMistral(settings)(model)),
  ...aiSdk("ai 7 perplexity", ai7, async () => (await import("@ai-sdk/perplexity")).createPerplexity(settings)(model)),
  ...aiSdk("ai 7 cerebras", ai7, async () => (await import("@ai-sdk/cerebras")).createCerebras(settings)(model)),
  ...aiSdk("ai 7 groq", ai7, async () => (await import("@ai-sdk/groq")).createGroq(settings)(model)),
  ...aiSdk("ai 7 deepseek", ai7, async () => (await import("@ai-sdk/deepseek")).createDeepSeek(settings)(model)),
  ...aiSdk(
    "ai 7 openai-compatible",
    ai7,
    async () => (await import("@ai-sdk/openai-compatible")).createOpenAICompatible(compatible)(model),
  ),
];

async function anthropic() {
  return new (await import("@anthropic-ai/sdk")).Anthropic({ apiKey: API_KEY }).messages;
}

async function langchain() {
  return new (await import("@langchain/openai")).ChatOpenAI({ apiKey: API_KEY, model });
}

async function mistral() {
  return new (await import("@mistralai/mistralai")).Mistral({ apiKey: API_KEY }).chat;
}

async function groq() {
  return new (await import("groq-sdk")).Groq({ apiKey: API_KEY }).chat.completions;
}

async function together() {
  return new (await import("together-ai")).default({ apiKey: API_KEY }).chat.completions;
}

async function cohere() {
  return new (await import("cohere-ai")).CohereClientV2({ token: API_KEY });
}

async function ollama() {
  return new (await import("ollama")).Ollama();
}

async function huggingface() {
  return new (await import("@huggingface/inference")).InferenceClient("hf_of_the_tests", {
    endpointUrl: "https://router.huggingface.co",
  });
}

async function openrouter() {
  return new (await import("@openrouter/sdk")).OpenRouter({ apiKey: API_KEY }).chat;
}

/** The message of its error has the status alone, so the developer sees what Node prints of the error. */
async function axios(responseType: "json" | "stream") {
  const { default: axios } = await import("axios");
  const url = "https://api.openai.com/v1/chat/completions";
  await axios.post(url, chat, { adapter: "fetch", responseType }).catch((error) => Promise.reject(inspect(error)));
}

async function bedrock() {
  const sdk = await import("@aws-sdk/client-bedrock-runtime");
  const { FetchHttpHandler } = await import("@smithy/fetch-http-handler");
  const credentials = { accessKeyId: "none", secretAccessKey: "none" };
  const requestHandler = new FetchHttpHandler();
  const client = new sdk.BedrockRuntimeClient({ region: "us-east-1", credentials, requestHandler });
  const input = { modelId: model, messages: [{ role: "user" as const, content: [{ text: PROMPT }] }] };
  return { sdk, client, input };
}

const others: MissCase[] = [
  ...sdk(
    "anthropic 1",
    async () => await (await anthropic()).create({ ...chat, max_tokens: 9 }),
    async () => await read((await anthropic()).create({ ...streamedChat, max_tokens: 9 })),
  ),
  ...sdk(
    "langchain openai 1",
    async () => await (await langchain()).invoke(PROMPT),
    async () => await read((await langchain()).stream(PROMPT)),
  ),
  ...sdk(
    "mistral 2",
    async () => await (await mistral()).complete(chat),
    async () => await read((await mistral()).stream(chat)),
  ),
  ...sdk(
    "groq 1",
    async () => await (await groq()).create(chat),
    async () => await read((await groq()).create(streamedChat)),
  ),
  ...sdk(
    "together",
    async () => await (await together()).create(chat),
    async () => await read((await together()).create(streamedChat)),
  ),
  ...sdk(
    "cohere 8",
    async () => await (await cohere()).chat(chat),
    async () => await read((await cohere()).chatStream(chat)),
  ),
  ...sdk(
    "ollama 0.6",
    async () => await (await ollama()).chat(chat),
    async () => await read((await ollama()).chat(streamedChat)),
  ),
  ...sdk(
    "huggingface 4",
    async () => await (await huggingface()).chatCompletion(chat),
    async () => await read((await huggingface()).chatCompletionStream(chat)),
  ),
  ...sdk(
    "openrouter 1",
    async () => await (await openrouter()).send({ chatRequest: chat }),
    async () => await read((await openrouter()).send({ chatRequest: streamedChat })),
  ),
  ...sdk("axios 1", async () => await axios("json"), async () => await axios("stream")),
  ...sdk(
    "bedrock 3",
    async () => {
      const { sdk, client, input } = await bedrock();
      return await client.send(new sdk.ConverseCommand(input));
    },
    async () => {
      const { sdk, client, input } = await bedrock();
      return await read((await client.send(new sdk.ConverseStreamCommand(input))).stream);
    },
  ),
  ...sdk(
    "replicate 1",
    async () => await new (await import("replicate")).default({ auth: API_KEY }).run("meta/any", { input: {} }),
    async () =>
      await read(new (await import("replicate")).default({ auth: API_KEY }).stream("meta/any", { input: {} })),
  ),
  ...sdk("elevenlabs", async () => {
    const { ElevenLabsClient } = await import("@elevenlabs/elevenlabs-js");
    return await new ElevenLabsClient({ apiKey: API_KEY }).textToSpeech.convert("voice", { text: PROMPT });
  }),
  ...sdk("assemblyai", async () => {
    const { AssemblyAI } = await import("assemblyai");
    return await new AssemblyAI({ apiKey: API_KEY }).transcripts.submit({ audio_url: "https://example.com/a.wav" });
  }),
  ...sdk("qdrant 1", async () => {
    const { QdrantClient } = await import("@qdrant/js-client-rest");
    const client = new QdrantClient({ url: "http://qdrant.example:6333", checkCompatibility: false });
    return await client.query("collection", { query: [1, 2] });
  }),
];

export const missCases: readonly MissCase[] = [
  ...openai("openai 6", () => import("openai6") as unknown as Promise<typeof import("openai")>),
  ...openai("openai 7", () => import("openai")),
  ...genai("genai 2", () => import("genai2") as unknown as Promise<typeof import("@google/genai")>),
  ...genai("genai 3", () => import("@google/genai")),
  ...aiSdks,
  ...others,
];
