import assert from "node:assert/strict";
import { readEntry, type Reading } from "../src/cli/read/reading.ts";
import { concatBytes, encodeBase64, utf8 } from "../src/lib/bytes.ts";
import { entryOf } from "./cli_reading_examples.ts";
import { eventFrame } from "./provider/aws_frame.ts";
import { test } from "./suite.ts";

const HOST = "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude";

const request = {
  system: [{ text: "Be short." }],
  messages: [{
    role: "user",
    content: [{ text: "What is 1 + 2?" }, { image: { format: "png", source: { bytes: "iVBORw0KGgo=" } } }],
  }],
  inferenceConfig: { maxTokens: 100 },
  toolConfig: { tools: [{ toolSpec: { name: "add" } }] },
};

function streamed(path: string, frames: readonly Uint8Array[]): Reading {
  const response = encodeBase64(concatBytes(frames));
  return readEntry(
    entryOf({ url: `${HOST}/${path}`, request, response, type: "application/vnd.amazon.eventstream", binary: true }),
  );
}

const FRAMES = [
  eventFrame("messageStart", { role: "assistant" }),
  eventFrame("contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent: { text: "One and two." } } }),
  eventFrame("contentBlockDelta", { contentBlockIndex: 1, delta: { text: "It is " } }),
  eventFrame("contentBlockDelta", { contentBlockIndex: 1, delta: { text: "three." } }),
  eventFrame("contentBlockStart", { contentBlockIndex: 2, start: { toolUse: { toolUseId: "t1", name: "add" } } }),
  eventFrame("contentBlockDelta", { contentBlockIndex: 2, delta: { toolUse: { input: '{"a":' } } }),
  eventFrame("contentBlockDelta", { contentBlockIndex: 2, delta: { toolUse: { input: "1}" } } }),
  eventFrame("messageStop", { stopReason: "tool_use" }),
];

test("readEntry() reads Bedrock's converse, complete and streamed", () => {
  const content = [
    { reasoningContent: { reasoningText: { text: "One and two.", signature: "c2ln" } } },
    { text: "It is three." },
    { toolUse: { toolUseId: "t1", name: "add", input: { a: 1 } } },
  ];
  const response = { output: { message: { role: "assistant", content } }, stopReason: "tool_use" };
  const whole = readEntry(entryOf({ url: `${HOST}/converse`, request, response }));
  assert.deepEqual(whole, {
    provider: "Amazon Bedrock",
    model: "anthropic.claude",
    kind: "chat",
    isStream: false,
    asked: [
      { role: "system", parts: [{ kind: "text", text: "Be short." }] },
      {
        role: "user",
        parts: [{ kind: "text", text: "What is 1 + 2?" }, {
          kind: "media",
          what: "image",
          type: "image/png",
          bytes: 8,
        }],
      },
    ],
    answered: [{
      role: "assistant",
      parts: [
        { kind: "thinking", text: "One and two." },
        { kind: "text", text: "It is three." },
        { kind: "call", name: "add", arguments: '{"a":1}', id: "t1" },
      ],
    }],
    finish: "tool_use",
    settings: [["maxTokens", "100"], ["toolConfig", "add"]],
  });
  assert.deepEqual(streamed("converse-stream", FRAMES), { ...whole, isStream: true });
});

test("readEntry() reads the complete frames of a truncated stream", () => {
  const bytes = concatBytes(FRAMES.slice(0, 4));
  const reading = streamed("converse-stream", [bytes.subarray(0, bytes.byteLength - 5)]);
  assert.deepEqual(reading.answered[0]?.parts, [
    { kind: "thinking", text: "One and two." },
    { kind: "text", text: "It is " },
  ]);
});

test("readEntry() reads Anthropic's events inside Bedrock's frames", () => {
  const chunk = (event: unknown) => eventFrame("chunk", { bytes: encodeBase64(utf8(JSON.stringify(event))) });
  const reading = streamed("invoke-with-response-stream", [
    chunk({ type: "message_start", message: { role: "assistant", content: [] } }),
    chunk({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    chunk({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Héllo." } }),
    chunk({ type: "message_delta", delta: { stop_reason: "end_turn" } }),
  ]);
  assert.deepEqual([reading.kind, reading.finish, reading.answered], ["messages", "end_turn", [
    { role: "assistant", parts: [{ kind: "text", text: "Héllo." }] },
  ]]);
});
