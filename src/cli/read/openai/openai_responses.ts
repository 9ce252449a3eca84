import { eventType } from "../parts/event_type.ts";
import type { Format } from "../parts/format.ts";
import { type Json, listOf, objectOf, textOf } from "../parts/members.ts";
import type { Message } from "../parts/message.ts";
import { itemMessage } from "./openai_items.ts";
import { assembleResponse } from "./openai_responses_stream.ts";
import { joinTurns, message, text } from "../parts/parts.ts";

/** OpenAI's Responses. */
export const openaiResponses: Format = {
  kind: "responses",
  fits: (answer) => answer.object === "response" || Array.isArray(answer.output) && typeof answer.status === "string",
  streams: (event) => /^response\./.test(eventType(event)),
  asked: (request) => [...instructions(request.instructions), ...turns(request.input)],
  answered(answer) {
    // Whatever ran on the provider's side, all items are one answer.
    const parts = listOf(answer.output).flatMap(itemMessage).flatMap((item) => item.parts);
    return { messages: message("assistant", parts), finish: finishOf(answer) };
  },
  assemble: assembleResponse,
};

function instructions(value: unknown): Message[] {
  return typeof value === "string" ? message("system", text(value)) : listOf(value).flatMap(itemMessage);
}

function turns(input: unknown): Message[] {
  if (typeof input === "string") return message("user", text(input));
  return joinTurns(listOf(input).flatMap(itemMessage), "assistant");
}

/** Why it was not completed says more than that it was not. */
function finishOf(answer: Json): string | undefined {
  return textOf(objectOf(answer.incomplete_details).reason) ?? textOf(answer.status);
}
