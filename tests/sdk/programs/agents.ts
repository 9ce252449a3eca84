/** Frameworks for agents: OpenAI's, LangChain with LangGraph, Mastra. */
import { needsNode22, type SdkProgram } from "./program.ts";
import { API_KEY, PROMPT, TOOL_DESCRIPTION, TOOL_NAME, weather } from "../prompts.ts";

async function openaiAgents() {
  const sdk = await import("@openai/agents");
  const { z } = await import("zod");
  const openAIClient = new (await import("openai")).OpenAI({ apiKey: API_KEY });
  const modelProvider = new sdk.OpenAIProvider({ openAIClient: openAIClient as never });
  const runner = new sdk.Runner({ modelProvider, model: "gpt-5-mini" });
  const forecast = sdk.tool({
    name: TOOL_NAME,
    description: TOOL_DESCRIPTION,
    parameters: z.object({ city: z.string() }),
    execute: ({ city }) => weather(city),
  });
  const reporter = new sdk.Agent({ name: "reporter", instructions: "Report the weather.", tools: [forecast] });
  return { sdk, runner, reporter };
}

const agentPrograms: SdkProgram[] = [
  {
    packages: ["@openai/agents", "openai", "zod"],
    name: "tools",
    requests: 2,
    run: async () => {
      const { runner, reporter } = await openaiAgents();
      const { finalOutput, history } = await runner.run(reporter, PROMPT);
      return { finalOutput, history };
    },
  },
  {
    packages: ["@openai/agents", "openai", "zod"],
    name: "streamed tools",
    requests: 2,
    run: async () => {
      const { runner, reporter } = await openaiAgents();
      const result = await runner.run(reporter, PROMPT, { stream: true });
      const types: string[] = [];
      for await (const event of result) types.push(event.type);
      await result.completed;
      return { types, finalOutput: result.finalOutput };
    },
  },
  {
    packages: ["@openai/agents", "openai", "zod"],
    name: "hand-off",
    requests: 2,
    run: async () => {
      const { sdk, runner, reporter } = await openaiAgents();
      const triage = sdk.Agent.create({ name: "triage", instructions: "Hand off.", handoffs: [reporter] });
      const { finalOutput, lastAgent } = await runner.run(triage, PROMPT);
      return { finalOutput, lastAgent: lastAgent?.name };
    },
  },
  {
    packages: ["@openai/agents", "openai", "zod"],
    name: "session",
    requests: 3,
    run: async () => {
      const { sdk, runner, reporter } = await openaiAgents();
      const session = new sdk.MemorySession();
      const first = await runner.run(reporter, PROMPT, { session });
      const second = await runner.run(reporter, "And tomorrow?", { session });
      return [first.finalOutput, second.finalOutput];
    },
  },
];

/** A graph that calls the model, then its tools, until the model answers. */
async function graph(model: unknown, isStreamed: boolean): Promise<unknown> {
  const { createReactAgent } = await import("@langchain/langgraph/prebuilt");
  const { tool } = await import("@langchain/core/tools");
  const { z } = await import("zod");
  const forecast = tool(({ city }: { city: string }) => weather(city), {
    name: TOOL_NAME,
    description: TOOL_DESCRIPTION,
    schema: z.object({ city: z.string() }),
  });
  const agent = createReactAgent({ llm: model as never, tools: [forecast] });
  const input = { messages: [{ role: "user", content: PROMPT }] };
  if (isStreamed) {
    const texts: unknown[] = [];
    for await (const [{ content }] of await agent.stream(input, { streamMode: "messages" })) texts.push(content);
    return texts;
  }
  const { messages } = await agent.invoke(input);
  return messages.map(({ content, name }: { content: unknown; name?: string }) => ({ content, name }));
}

function langgraph(provider: string, model: () => Promise<unknown>): SdkProgram[] {
  const packages = [provider, "@langchain/core", "@langchain/langgraph", "zod"] as const;
  return [
    { packages, name: "ReAct agent", requests: 2, run: async () => await graph(await model(), false) },
    { packages, name: "streamed ReAct agent", requests: 2, run: async () => await graph(await model(), true) },
  ];
}

const langchainPrograms: SdkProgram[] = [
  ...langgraph("@langchain/anthropic", async () => {
    const { ChatAnthropic } = await import("@langchain/anthropic");
    return new ChatAnthropic({ apiKey: API_KEY, model: "claude-haiku-4-5" });
  }),
  ...langgraph("@langchain/google-genai", async () => {
    const { ChatGoogleGenerativeAI } = await import("@langchain/google-genai");
    return new ChatGoogleGenerativeAI({ apiKey: API_KEY, model: "gemini-2.5-flash" });
  }),
  ...langgraph("@langchain/ollama", async () => {
    const { ChatOllama } = await import("@langchain/ollama");
    return new ChatOllama({ model: "llama3.2" });
  }),
  ...langgraph("@langchain/openai", async () => {
    const { ChatOpenAI } = await import("@langchain/openai");
    return new ChatOpenAI({ apiKey: API_KEY, model: "gpt-5-mini" });
  }),
];

const mastraPrograms: SdkProgram[] = [
  {
    packages: ["@mastra/core", "@ai-sdk/openai", "zod"],
    name: "agent with a tool",
    requests: 2,
    skip: needsNode22,
    run: async () => {
      const { Agent } = await import("@mastra/core/agent");
      const { createTool } = await import("@mastra/core/tools");
      const { createOpenAI } = await import("@ai-sdk/openai");
      const { z } = await import("zod");
      const forecast = createTool({
        id: TOOL_NAME,
        description: TOOL_DESCRIPTION,
        inputSchema: z.object({ city: z.string() }),
        execute: ({ city }) => Promise.resolve(weather(city)),
      });
      const agent = new Agent({
        id: "reporter",
        name: "reporter",
        instructions: "Report the weather.",
        // The package has its own copy of the types of the AI SDK.
        model: createOpenAI({ apiKey: API_KEY })("gpt-5-mini") as never,
        tools: { [TOOL_NAME]: forecast },
      });
      const { text, error } = await agent.generate(PROMPT);
      if (error) throw error;
      return text;
    },
  },
];

export const agentFrameworkPrograms: SdkProgram[] = [...agentPrograms, ...langchainPrograms, ...mastraPrograms];
