/** The AI SDK with more of its providers. The second request of a tool loop has the ids that the SDK invented. */
import type { SdkProgram } from "./program.ts";
import { API_KEY, PROMPT, TOOL_DESCRIPTION, TOOL_NAME, TOOL_SCHEMA, weather } from "../prompts.ts";

type Ai = typeof import("ai");
type Model = Parameters<Ai["generateText"]>[0]["model"];

const settings = { apiKey: API_KEY };

function toolsOf(ai: Ai) {
  const execute = ({ city }: { city: string }) => Promise.resolve(weather(city));
  const inputSchema = ai.jsonSchema<{ city: string }>(TOOL_SCHEMA);
  return { [TOOL_NAME]: ai.tool({ description: TOOL_DESCRIPTION, inputSchema, execute }) };
}

async function loop(model: Model): Promise<unknown> {
  const ai = await import("ai");
  const { text, steps, totalUsage } = await ai.generateText({
    model,
    prompt: PROMPT,
    tools: toolsOf(ai),
    stopWhen: ai.stepCountIs(3),
  });
  return { text, finish: steps.map(({ finishReason }) => finishReason), totalUsage };
}

async function streamedLoop(model: Model): Promise<unknown> {
  const ai = await import("ai");
  const errors: unknown[] = [];
  const onError = ({ error }: { error: unknown }) => void errors.push(error);
  const { textStream } = ai.streamText({
    model,
    prompt: PROMPT,
    tools: toolsOf(ai),
    stopWhen: ai.stepCountIs(3),
    onError,
  });
  const texts: string[] = [];
  for await (const text of textStream) texts.push(text);
  if (errors.length) throw errors[0];
  return texts;
}

function loops(provider: string, model: () => Promise<unknown>): SdkProgram[] {
  const packages = [provider, "ai"] as const;
  return [
    { packages, name: "tool loop", requests: 2, run: async () => await loop(await model() as Model) },
    { packages, name: "streamed tool loop", requests: 2, run: async () => await streamedLoop(await model() as Model) },
  ];
}

export const aiPrograms: SdkProgram[] = [
  ...loops("@ai-sdk/openai-compatible", async () => {
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    const baseURL = "https://integrate.api.nvidia.com/v1";
    return createOpenAICompatible({ ...settings, name: "nvidia", baseURL })("meta/llama-3.3-70b-instruct");
  }),
  ...loops("@ai-sdk/groq", async () => (await import("@ai-sdk/groq")).createGroq(settings)("openai/gpt-oss-20b")),
  ...loops(
    "@ai-sdk/deepseek",
    async () => (await import("@ai-sdk/deepseek")).createDeepSeek(settings)("deepseek-chat"),
  ),
  ...loops(
    "@ai-sdk/mistral",
    async () => (await import("@ai-sdk/mistral")).createMistral(settings)("mistral-small-latest"),
  ),
  ...loops(
    "@ai-sdk/gateway",
    async () => (await import("@ai-sdk/gateway")).createGateway(settings)("openai/gpt-5-mini"),
  ),
  ...loops(
    "@openrouter/ai-sdk-provider",
    async () => (await import("@openrouter/ai-sdk-provider")).createOpenRouter(settings)("openai/gpt-5-mini"),
  ),
  ...loops(
    "ollama-ai-provider-v2",
    async () =>
      (await import("ollama-ai-provider-v2")).createOllama({ baseURL: "http://127.0.0.1:11434/api" })("llama3.2"),
  ),
  ...loops("ai-sdk-ollama", async () => (await import("ai-sdk-ollama")).createOllama()("llama3.2")),
];
