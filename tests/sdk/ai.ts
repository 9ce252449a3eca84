/** The AI SDK (ai 6 and 7) with the providers of OpenAI, Anthropic and Google. */
import { casesOf, type Connection, type Sdk, type SdkCall, type SdkCase, without } from "./case.ts";
import { API_KEY, PROMPT, TOOL_DESCRIPTION, TOOL_NAME, TOOL_SCHEMA, weather } from "./prompts.ts";

type Ai = typeof import("ai");
type Model = Parameters<Ai["generateText"]>[0]["model"];
type Settings = {
  readonly apiKey: string;
  readonly baseURL: string;
  readonly fetch?: typeof fetch;
};

interface Connected {
  readonly ai: Ai;
  readonly model: Model;
}

interface Provider {
  readonly name: string;
  readonly origin: string;
  readonly basePath: string;
  /** Members that the AI SDK fills in, because this provider does not send them. */
  readonly invented: readonly string[];
  model(settings: Settings): Promise<Model>;
}

// The driver treats the older majors like the newer ones: the calls here are the same in both.
const ai6 = (): Promise<Ai> => import("ai6") as unknown as Promise<Ai>;
const ai7 = (): Promise<Ai> => import("ai");

function providers(major: 6 | 7): Provider[] {
  return [
    {
      name: "openai",
      origin: "https://api.openai.com",
      basePath: "/v1",
      invented: [],
      model: async (settings) => {
        const { createOpenAI } = major === 7 ? await import("@ai-sdk/openai") : await import("ai6-openai");
        return createOpenAI(settings)("gpt-5-mini") as Model;
      },
    },
    {
      name: "anthropic",
      origin: "https://api.anthropic.com",
      basePath: "/v1",
      invented: ["timestamp"],
      model: async (settings) => {
        const { createAnthropic } = major === 7 ? await import("@ai-sdk/anthropic") : await import("ai6-anthropic");
        return createAnthropic(settings)("claude-haiku-4-5") as Model;
      },
    },
    {
      name: "google",
      origin: "https://generativelanguage.googleapis.com",
      basePath: "/v1beta",
      invented: ["timestamp", "toolCallId"],
      model: async (settings) => {
        const { createGoogleGenerativeAI } = major === 7 ? await import("@ai-sdk/google") : await import("ai6-google");
        return createGoogleGenerativeAI(settings)("gemini-2.5-flash") as Model;
      },
    },
  ];
}

function sdk(major: 6 | 7, provider: Provider): Sdk<Connected> {
  return {
    name: `ai ${major} ${provider.name}`,
    origin: provider.origin,
    capturesFetch: "call",
    connect: async ({ baseURL, fetch }: Connection) => {
      const ai = await (major === 7 ? ai7() : ai6());
      const settings = { apiKey: API_KEY, baseURL: baseURL + provider.basePath, ...(fetch ? { fetch } : {}) };
      return { ai, model: await provider.model(settings) };
    },
  };
}

async function* events(stream: AsyncIterable<unknown>, left: readonly string[]): AsyncGenerator<unknown> {
  for await (const event of stream) yield without(event, left);
}

function callsOf({ invented }: Provider): SdkCall<Connected>[] {
  // Version 7 measures the duration of each step.
  const left = ["headers", "performance", ...invented];
  return [generateText(left), streamText(left), toolLoop(left)];
}

function generateText(left: readonly string[]): SdkCall<Connected> {
  return {
    name: "generateText",
    run: async ({ ai, model }, { signal }) => {
      const result = await ai.generateText({ model, prompt: PROMPT, maxRetries: 0, abortSignal: signal });
      const { text, content, finishReason, usage, response, warnings, providerMetadata } = result;
      return without({ text, content, finishReason, usage, response, warnings, providerMetadata }, left);
    },
  };
}

function streamText(left: readonly string[]): SdkCall<Connected> {
  return {
    name: "streamText",
    stream: ({ ai, model }, { signal }) => {
      // Failures arrive as events. The default handler would also print them.
      const onError = (): void => {};
      const result = ai.streamText({ model, prompt: PROMPT, maxRetries: 0, abortSignal: signal, onError });
      return Promise.resolve(events(result.fullStream, left));
    },
  };
}

/** Gemini sends no call ids, so the SDK generates them. Its second request contains them, too. */
function toolLoop(left: readonly string[]): SdkCall<Connected> {
  return {
    name: "tool loop",
    requests: 2,
    run: async ({ ai, model }, { signal }) => {
      const tool = ai.tool({
        description: TOOL_DESCRIPTION,
        inputSchema: ai.jsonSchema<{ city: string }>(TOOL_SCHEMA),
        execute: ({ city }: { city: string }) => Promise.resolve(weather(city)),
      });
      const tools = { [TOOL_NAME]: tool };
      const stopWhen = ai.stepCountIs(3);
      const result = await ai.generateText({
        model,
        prompt: PROMPT,
        tools,
        stopWhen,
        maxRetries: 0,
        abortSignal: signal,
      });
      const steps = result.steps.map(({ text, toolCalls, toolResults, finishReason, usage, response }) => {
        return { text, toolCalls, toolResults, finishReason, usage, response };
      });
      return without({ text: result.text, steps }, left);
    },
  };
}

export const aiCases: SdkCase[] = ([6, 7] as const).flatMap((major) =>
  providers(major).flatMap((provider) => casesOf(sdk(major, provider), callsOf(provider)))
);
