import type { StreamEvent } from "../../../lib/framing.ts";
import { base64Media } from "../parts/media.ts";
import type { Format } from "../parts/format.ts";
import { append, appendText, type Json, listOf, objectOf, textOf } from "../parts/json_members.ts";
import { message, text, thinking } from "../parts/message.ts";
import { chatMessage } from "./openai_chat.ts";

/** Ollama's chat API. */
export const ollamaChat: Format = {
  kind: "chat",
  fits: (answer) => typeof answer.done === "boolean" && answer.message !== undefined,
  streams: ({ data }) => ollamaChat.fits(objectOf(data)),
  asked: (request) => listOf(request.messages).flatMap(chatMessage),
  answered: (answer) => ({
    messages: chatMessage({ role: "assistant", ...objectOf(answer.message) }),
    finish: textOf(answer.done_reason),
  }),
  assemble: (events) => fold(events, (line) => objectOf(line.message), (message) => ({ message })),
};

/** Ollama's generate API. */
export const ollamaGenerate: Format = {
  kind: "generate",
  fits: (answer) => typeof answer.done === "boolean" && typeof answer.response === "string",
  streams: ({ data }) => ollamaGenerate.fits(objectOf(data)),
  asked: (request) => [
    ...message("system", text(request.system)),
    ...message("user", [
      ...text(request.prompt),
      ...listOf(request.images).map((image) => base64Media(image, { what: "image" })),
    ]),
  ],
  answered: (answer) => ({
    messages: message("assistant", [...thinking(answer.thinking), ...text(answer.response)]),
    finish: textOf(answer.done_reason),
  }),
  assemble: (events) => fold(events, (line) => line, (said) => said),
};

/** Joins the texts and tool calls of all lines. The last line contains the other members. */
function fold(events: readonly StreamEvent[], said: (line: Json) => Json, put: (said: Json) => Json): Json {
  const grown: Record<string, unknown> = {};
  let last: Json = {};
  for (const { data } of events) {
    last = { ...last, ...objectOf(data) };
    const piece = said(objectOf(data));
    if (piece.role) grown.role = piece.role;
    for (const name of ["content", "response", "thinking"]) {
      if (typeof piece[name] === "string") appendText(grown, name, piece[name]);
    }
    if (Array.isArray(piece.tool_calls)) append(grown, "tool_calls", piece.tool_calls);
  }
  return { ...last, ...put(grown) };
}
