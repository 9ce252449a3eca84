/** Amazon Bedrock: converse, its stream in frames, and Anthropic's messages through invoke. */
import { type Answer, type AnswerHeaders, bodyOf, type Family, json, type ProviderRequest, stream } from "./answer.ts";
import { eventFrame, exceptionFrame } from "./aws_frame.ts";
import { argumentsFor, fragments, id, textOf, type Turn, wordsOf } from "./text.ts";

interface ConverseBody {
  readonly messages: readonly { readonly content: readonly object[] }[];
  readonly toolConfig: { readonly tools: readonly { readonly toolSpec: ToolSpec }[] };
}

interface ToolSpec {
  readonly name: string;
  readonly inputSchema: { readonly json: unknown };
}

interface ToolUse {
  readonly toolUseId: string;
  readonly name: string;
  readonly input: Record<string, unknown>;
}

const USAGE = { inputTokens: 19, outputTokens: 23, totalTokens: 42 };
const METRICS = { latencyMs: 412 };

export const bedrock: Family = (request, turn) => {
  const action = bedrockAction(request);
  if (action === "converse") return converse(request, turn);
  if (action === "converse-stream") return converseStream(request, turn);
  return action === "invoke" ? invoke(turn) : undefined;
};

/** The action that the path of a request names: "/model/ID/converse". */
export function bedrockAction({ path }: ProviderRequest): string | undefined {
  return /\/model\/[^/]+\/(converse|converse-stream|invoke)$/.exec(path.split("?")[0] ?? "")?.[1];
}

function bedrockHeaders(): AnswerHeaders {
  return { "x-amzn-requestid": crypto.randomUUID(), "x-amzn-bedrock-invocation-latency": "412" };
}

function converse(request: ProviderRequest, turn: Turn): Answer {
  const toolUse = toolUseOf(request);
  const message = { role: "assistant", content: [toolUse ? { toolUse } : { text: textOf(turn) }] };
  const answer = { metrics: METRICS, output: { message }, stopReason: stopReasonOf(toolUse), usage: USAGE };
  return json(answer, bedrockHeaders());
}

function converseStream(request: ProviderRequest, turn: Turn): Answer {
  const toolUse = toolUseOf(request);
  const frames = [
    eventFrame("messageStart", { role: "assistant" }),
    ...blockFrames(toolUse, turn),
    eventFrame("contentBlockStop", { contentBlockIndex: 0 }),
    eventFrame("messageStop", { stopReason: stopReasonOf(toolUse) }),
    eventFrame("metadata", { usage: USAGE, metrics: METRICS }),
  ];
  const error = exceptionFrame("modelStreamErrorException", "The model failed in the middle of its answer.");
  return stream(frames, error, { ...bedrockHeaders(), "content-type": "application/vnd.amazon.eventstream" });
}

/** A text starts without a `contentBlockStart`. A tool call is named in one. */
function blockFrames(toolUse: ToolUse | undefined, turn: Turn): Uint8Array[] {
  const delta = (delta: object) => eventFrame("contentBlockDelta", { contentBlockIndex: 0, delta });
  if (!toolUse) return wordsOf(turn).map((text) => delta({ text }));
  const { toolUseId, name, input } = toolUse;
  return [
    eventFrame("contentBlockStart", { contentBlockIndex: 0, start: { toolUse: { toolUseId, name } } }),
    ...fragments(JSON.stringify(input)).map((part) => delta({ toolUse: { input: part } })),
  ];
}

function stopReasonOf(toolUse: ToolUse | undefined): string {
  return toolUse ? "tool_use" : "end_turn";
}

/** Calls the first tool, until a message contains its result. */
function toolUseOf(request: ProviderRequest): ToolUse | undefined {
  const { messages = [], toolConfig } = bodyOf<ConverseBody>(request);
  const answered = messages.some(({ content }) => content.some((block) => "toolResult" in block));
  const tool = answered ? undefined : toolConfig?.tools[0]?.toolSpec;
  return tool && { toolUseId: id("tooluse_", 22), name: tool.name, input: argumentsFor(tool.inputSchema.json) };
}

function invoke(turn: Turn): Answer {
  const content = [{ type: "text", text: textOf(turn) }];
  const message = { id: id("msg_bdrk_", 22), type: "message", role: "assistant", content, stop_reason: "end_turn" };
  return json({ ...message, usage: { input_tokens: 19, output_tokens: 23 } }, bedrockHeaders());
}
