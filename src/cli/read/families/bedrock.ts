import type { StreamEvent } from "../../../lib/framing.ts";
import { parseJson } from "../../../lib/json.ts";
import { base64Media, namedMedia } from "../parts/media.ts";
import type { Format } from "../parts/format.ts";
import { inOrder, itemAt, type Json, listOf, objectOf, textOf } from "../parts/json_members.ts";
import {
  call,
  hiddenThinking,
  type MediaPart,
  message,
  type Part,
  result,
  text,
  thinking,
  unknown,
} from "../parts/message.ts";

const EVENTS: ReadonlySet<string> = new Set(["messageStart", "contentBlockStart", "contentBlockDelta", "messageStop"]);

/** Bedrock's Converse API, which is the same for all models. */
export const bedrock: Format = {
  kind: "chat",
  fits: (answer) => textOf(answer.stopReason) !== undefined && objectOf(answer.output).message !== undefined,
  streams: ({ name }) => EVENTS.has(name),
  asked: (request) => [
    ...message("system", blocks(request.system)),
    ...listOf(request.messages).map(objectOf).flatMap(({ role, content }) => message(role ?? "user", blocks(content))),
  ],
  answered(answer) {
    const { role, content } = objectOf(objectOf(answer.output).message);
    return { messages: message(role, blocks(content)), finish: textOf(answer.stopReason) };
  },
  assemble,
};

function blocks(content: unknown): Part[] {
  return listOf(content).flatMap(block);
}

function block(value: unknown): Part[] {
  const members = objectOf(value);
  const [name = "", inside] = Object.entries(members)[0] ?? [];
  const inner = objectOf(inside);
  switch (name) {
    case "text":
      return text(inside);
    case "reasoningContent":
      return reasoning(inner);
    case "toolUse":
      return [call(inner.name, inner.input, inner.toolUseId)];
    case "toolResult":
      return toolResult(inner);
    case "image":
    case "video":
    case "audio":
      return [file(name, inner)];
    case "document":
      return [file("file", inner)];
    case "cachePoint":
      return [];
    default:
      return [unknown(value)];
  }
}

function reasoning(content: Json): Part[] {
  const thoughts = thinking(objectOf(content.reasoningText).text);
  return thoughts.length ? thoughts : [hiddenThinking("redacted")];
}

function toolResult({ toolUseId, content }: Json): Part[] {
  const parts = listOf(content).flatMap((item) => {
    const { json, toolResult: inner } = objectOf(item);
    return json === undefined && inner === undefined ? block(item) : [unknown(json ?? inner)];
  });
  const said = parts.map((part) => part.kind === "text" ? part.text : part.kind === "json" ? part.json : "");
  const others = parts.filter(({ kind }) => kind !== "text" && kind !== "json");
  return [result({ id: toolUseId, text: said.filter(Boolean).join("\n") }), ...others];
}

function file(what: MediaPart["what"], { format, source, name }: Json): Part {
  const type = textOf(format) && what !== "file" ? `${what}/${textOf(format)}` : undefined;
  const { bytes, s3Location } = objectOf(source);
  return bytes === undefined
    ? namedMedia(objectOf(s3Location).uri, { what, type, name })
    : base64Media(bytes, { what, type, name });
}

/** A content block of a stream, as received so far. */
interface Growing {
  text: string;
  thoughts: string;
  tool?: Json;
  input: string;
  isHidden: boolean;
}

function assemble(events: readonly StreamEvent[]): Json {
  const growing = new Map<number, Growing>();
  let [role, stopReason]: unknown[] = [];
  for (const { data } of events) {
    const event = objectOf(data);
    role = event.role ?? role;
    stopReason = event.stopReason ?? stopReason;
    if (event.start ?? event.delta) takeDelta(growing, event);
  }
  return { stopReason, output: { message: { role, content: inOrder(growing).map(wholeBlock) } } };
}

function takeDelta(growing: Map<number, Growing>, event: Json): void {
  const made = (): Growing => ({ text: "", thoughts: "", input: "", isHidden: false });
  const item = itemAt(growing, event.contentBlockIndex, made);
  const delta = objectOf(event.delta);
  const thought = objectOf(delta.reasoningContent);
  const tool = objectOf(event.start).toolUse;
  if (tool) item.tool = objectOf(tool);
  item.text += textOf(delta.text) ?? "";
  item.thoughts += textOf(thought.text) ?? "";
  item.isHidden ||= thought.redactedContent !== undefined;
  item.input += textOf(objectOf(delta.toolUse).input) ?? "";
}

function wholeBlock({ text, thoughts, tool, input, isHidden }: Growing): Json {
  if (tool) return { toolUse: { ...tool, input: parseJson(input) ?? input } };
  if (thoughts || isHidden) return { reasoningContent: thoughts ? { reasoningText: { text: thoughts } } : {} };
  return { text };
}
