/** @anthropic-ai/sdk 1. */
import { casesOf, collect, type Connection, type Sdk, type SdkCall, type SdkCase } from "./case.ts";
import { API_KEY, MESSAGES, notesFile, TOOL_DESCRIPTION, TOOL_NAME, TOOL_SCHEMA, weather } from "./prompts.ts";

type Module = typeof import("@anthropic-ai/sdk");
type Anthropic = InstanceType<Module["Anthropic"]>;

const body = { model: "claude-haiku-4-5", max_tokens: 200, messages: [...MESSAGES] };
const tools = [{ name: TOOL_NAME, description: TOOL_DESCRIPTION, input_schema: TOOL_SCHEMA }];

const anthropic: Sdk<Anthropic> = {
  name: "anthropic 1",
  origin: "https://api.anthropic.com",
  capturesFetch: "construction",
  connect: async ({ baseURL, fetch }: Connection) => {
    const { Anthropic } = await import("@anthropic-ai/sdk");
    return new Anthropic({ apiKey: API_KEY, baseURL, maxRetries: 0, ...(fetch ? { fetch } : {}) });
  },
};

/** The request id is not enumerable, so it is read by name. */
function withRequestId<Value extends object>(value: Value): unknown {
  return { ...value, _request_id: (value as { _request_id?: string | null })._request_id };
}

const calls: SdkCall<Anthropic>[] = [
  { name: "messages", run: async (client, options) => withRequestId(await client.messages.create(body, options)) },
  {
    name: "messages stream",
    stream: async (client, options) => await client.messages.create({ ...body, stream: true }, options),
  },
  {
    name: "messages .stream() helper",
    run: async (client, options) => {
      const stream = client.messages.stream(body, options);
      const snapshots: string[] = [];
      stream.on("text", (_, snapshot) => snapshots.push(snapshot));
      const events = await collect(stream);
      return { events, snapshots, message: await stream.finalMessage(), request_id: stream.request_id };
    },
    stream: (client, options) => Promise.resolve(client.messages.stream(body, options)),
  },
  {
    name: "file upload",
    run: async (client, options) => withRequestId(await client.beta.files.upload({ file: notesFile() }, options)),
  },
  {
    name: "tool loop",
    requests: 2,
    run: async (client, options) => {
      const first = await client.messages.create({ ...body, tools }, options);
      const results = first.content.flatMap((block) => {
        if (block.type !== "tool_use") return [];
        const content = weather((block.input as { city: string }).city);
        return [{ type: "tool_result" as const, tool_use_id: block.id, content }];
      });
      const messages = [
        ...body.messages,
        { role: "assistant" as const, content: first.content },
        { role: "user" as const, content: results },
      ];
      return [first, await client.messages.create({ ...body, tools, messages }, options)];
    },
  },
];

export const anthropicCases: SdkCase[] = casesOf(anthropic, calls);
