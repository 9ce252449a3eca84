import { blockParts } from "./anthropic_blocks.ts";
import { assembleMessage } from "./anthropic_stream.ts";
import { eventType } from "../parts/event_type.ts";
import type { Format } from "../parts/format.ts";
import { listOf, objectOf, textOf } from "../parts/members.ts";
import { message } from "../parts/parts.ts";

/** Anthropic's messages. */
export const anthropic: Format = {
  kind: "messages",
  fits: (answer) => answer.type === "message" && Array.isArray(answer.content),
  streams: (event) => /^(?:message_(?:start|delta|stop)|content_block_(?:start|delta|stop))$/.test(eventType(event)),
  asked: (request) => [
    ...message("system", blockParts(request.system)),
    ...listOf(request.messages).map(objectOf).flatMap(({ role, content }) =>
      message(role ?? "user", blockParts(content))
    ),
  ],
  answered: (answer) => ({
    messages: message(answer.role, blockParts(answer.content)),
    finish: textOf(answer.stop_reason),
  }),
  assemble: assembleMessage,
};
