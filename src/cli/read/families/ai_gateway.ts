import type { StreamEvent } from "../../../lib/framing.ts";
import { base64Media, urlMedia } from "../parts/media.ts";
import type { Format } from "../parts/format.ts";
import { eventType, type Json, listOf, objectOf, textOf } from "../parts/json_members.ts";
import { call, citation, joinTexts, message, type Part, result, text, thinking, unknown } from "../parts/message.ts";

const EVENTS = /^(?:(?:text|reasoning|tool-input)-(?:start|delta|end)|stream-start|response-metadata|tool-call)$/;

/** The protocol between the AI SDK and Vercel's gateway. */
export const aiGateway: Format = {
  kind: "chat",
  fits: (answer) => Array.isArray(answer.content) && answer.finishReason !== undefined,
  streams: (event) => EVENTS.test(eventType(event)),
  asked: (request) =>
    listOf(request.prompt).map(objectOf).flatMap(({ role, content }) => message(role ?? "user", contentParts(content))),
  answered: (answer) => ({
    messages: message("assistant", joinTexts(contentParts(answer.content))),
    finish: textOf(objectOf(answer.finishReason).unified) ?? textOf(answer.finishReason),
  }),
  assemble,
};

function contentParts(content: unknown): Part[] {
  return typeof content === "string" ? text(content) : listOf(content).flatMap(contentPart);
}

function contentPart(value: unknown): Part[] {
  const part = objectOf(value);
  switch (part.type) {
    case "text":
      return text(part.text);
    case "reasoning":
      return thinking(part.text);
    case "tool-call":
      return [call(part.toolName, part.input, part.toolCallId)];
    case "tool-result": {
      const output = objectOf(part.output);
      return [result({ name: part.toolName, id: part.toolCallId, text: output.value ?? part.output ?? part.result })];
    }
    case "source":
      return citation({ title: part.title, url: part.url });
    case "file":
      return [file(part)];
    default:
      return [unknown(value)];
  }
}

function file({ data, mediaType, filename }: Json): Part {
  const label = { type: mediaType, name: filename };
  const content = textOf(data) ?? textOf(objectOf(data).data) ?? textOf(objectOf(data).url) ?? "";
  return /^(?:data|https?):/.test(content) ? urlMedia(content, label) : base64Media(content, label);
}

/** Folds the events. Several texts may be streamed at once; their ids distinguish them. */
function assemble(events: readonly StreamEvent[]): Json {
  const content: Json[] = [];
  const growing = new Map<string, { type: string; text: string }>();
  let finishReason: unknown;
  let model: unknown;
  for (const event of events) {
    const members = objectOf(event.data);
    const [, kind] = /^(text|reasoning)-delta$/.exec(eventType(event)) ?? [];
    if (kind !== undefined) {
      const key = `${kind} ${textOf(members.id) ?? ""}`;
      const known = growing.get(key) ?? { type: kind, text: "" };
      if (!growing.has(key)) content.push(known);
      growing.set(key, known);
      known.text += textOf(members.delta) ?? textOf(members.textDelta) ?? "";
    } else if (/^(?:tool-call|tool-result|source|file)$/.test(eventType(event))) content.push(members);
    finishReason = members.finishReason ?? finishReason;
    model = members.modelId ?? model;
  }
  return { content, finishReason, model };
}
