/** @aws-sdk/client-bedrock-runtime 3 with `FetchHttpHandler`; its default handler does not use fetch. */
import { casesOf, type Connection, type Sdk, type SdkCall, type SdkCase } from "./case.ts";
import { API_KEY, PROMPT, TOOL_DESCRIPTION, TOOL_NAME, TOOL_SCHEMA, weather } from "./prompts.ts";

type Module = typeof import("@aws-sdk/client-bedrock-runtime");
type Message = NonNullable<ConstructorParameters<Module["ConverseCommand"]>[0]["messages"]>[number];

interface Connected {
  readonly sdk: Module;
  readonly client: InstanceType<Module["BedrockRuntimeClient"]>;
}

/** Every request is signed with these. */
const CREDENTIALS = {
  accessKeyId: `id-${API_KEY}`,
  secretAccessKey: `secret-${API_KEY}`,
  sessionToken: `token-${API_KEY}`,
};

// The colon of a version is escaped in the path.
const modelId = "anthropic.claude-haiku-4-5-20251001-v1:0";
const messages: Message[] = [{ role: "user", content: [{ text: PROMPT }] }];
const toolSpec = { name: TOOL_NAME, description: TOOL_DESCRIPTION, inputSchema: { json: TOOL_SCHEMA } };

const bedrock: Sdk<Connected> = {
  name: "bedrock 3",
  origin: "https://bedrock-runtime.us-east-1.amazonaws.com",
  capturesFetch: "call",
  connect: async ({ baseURL, fetch }: Connection) => {
    const sdk = await import("@aws-sdk/client-bedrock-runtime");
    const { FetchHttpHandler } = await import("@smithy/fetch-http-handler");
    const requestHandler = new FetchHttpHandler(fetch ? { customFetch: fetch } : {});
    const place = { region: "us-east-1", endpoint: baseURL, credentials: CREDENTIALS };
    return { sdk, client: new sdk.BedrockRuntimeClient({ ...place, requestHandler, maxAttempts: 1 }) };
  },
};

const calls: SdkCall<Connected>[] = [
  {
    name: "converse",
    run: async ({ sdk, client }, { signal }) =>
      await client.send(new sdk.ConverseCommand({ modelId, messages }), { abortSignal: signal }),
  },
  {
    name: "converse stream",
    stream: async ({ sdk, client }, { signal }) => {
      const command = new sdk.ConverseStreamCommand({ modelId, messages });
      const { stream } = await client.send(command, { abortSignal: signal });
      if (!stream) throw new Error("The answer has no stream.");
      return stream;
    },
  },
  {
    name: "invoke",
    run: async ({ sdk, client }, { signal }) => {
      const content = [{ type: "text", text: PROMPT }];
      const body = { anthropic_version: "bedrock-2023-05-31", max_tokens: 200, messages: [{ role: "user", content }] };
      const command = new sdk.InvokeModelCommand({ modelId, body: JSON.stringify(body) });
      const answer = await client.send(command, { abortSignal: signal });
      return { ...answer, body: answer.body.transformToString() };
    },
  },
  {
    name: "tool loop",
    requests: 2,
    run: async ({ sdk, client }, { signal }) => {
      const toolConfig = { tools: [{ toolSpec }] };
      const ask = (messages: Message[]) =>
        client.send(new sdk.ConverseCommand({ modelId, messages, toolConfig }), { abortSignal: signal });
      const first = await ask(messages);
      const called = first.output?.message;
      const content = (called?.content ?? []).flatMap(({ toolUse }) => {
        if (!toolUse) return [];
        const { city } = toolUse.input as { city: string };
        return [{ toolResult: { toolUseId: toolUse.toolUseId, content: [{ text: weather(city) }] } }];
      });
      return [first, await ask([...messages, ...(called ? [called] : []), { role: "user", content }])];
    },
  },
];

export const bedrockCases: SdkCase[] = casesOf(bedrock, calls);
