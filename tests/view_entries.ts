/** Entries for the tests of the page. */
import { deflateSync } from "node:zlib";
import { concatBytes, encodeBase64, utf8 } from "../src/lib/bytes.ts";
import type { Entry } from "../src/store/entry.ts";

const CHAT = "https://api.openai.com/v1/chat/completions";
const MESSAGES = "https://api.anthropic.com/v1/messages";

/** Members that each entry may set itself. */
type Members = Partial<Omit<Entry, "request">> & { readonly url?: string; readonly body?: unknown };

/** The number of entries that were made, for their digests. */
let made = 0;

export function entryWith({ url = CHAT, body, ...members }: Members): Entry {
  const sha256 = (++made).toString(16).padStart(8, "0").repeat(8);
  const request = { method: "POST", url, body: typeof body === "string" ? body : JSON.stringify(body), exact: true };
  return {
    key: sha256.slice(0, 8),
    sha256,
    v: 1,
    status_code: 200,
    headers: { "content-type": "application/json" },
    response: "{}",
    recorded_at: "2026-11-24T09:30:00.000Z",
    duration_ms: 840,
    ...members,
    ...(body === undefined ? {} : { request }),
  };
}

/** A stream whose chunks have times. */
export function streamWith(events: readonly string[], pause: number, members: Members): Entry {
  const chunks = events.map((event, index) => {
    const ms = Math.round(120 + pause * index * (1 + 0.35 * Math.sin(index * 1.7)));
    return [ms, utf8(event).length] as const;
  }).sort(([a], [b]) => a - b);
  const lengths = events.map((event) => utf8(event).length);
  return entryWith({
    headers: { "content-type": "text/event-stream" },
    response: events.join(""),
    chunks: chunks.map(([ms], index) => [ms, lengths[index] ?? 0] as const),
    duration_ms: (chunks.at(-1)?.[0] ?? 0) + 310,
    ...members,
  });
}

/** A PNG of one color gradient, made here because the repository contains no images. */
export function png(size: number): Uint8Array {
  const rows = Array.from({ length: size }, (_, y) => [
    0,
    ...Array.from({ length: size }, (_, x) => [40 + 150 * x / size, 120 + 60 * y / size, 110 + 90 * (x + y) / 2 / size])
      .flat().map(Math.round),
  ]).flat();
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, size);
  new DataView(header.buffer).setUint32(4, size);
  header.set([8, 2], 8);
  const parts = [["IHDR", header], ["IDAT", deflateSync(Uint8Array.from(rows))], ["IEND", new Uint8Array()]] as const;
  return concatBytes([
    utf8("\u0089").subarray(1),
    utf8("PNG\r\n\x1a\n"),
    ...parts.map(([name, data]) => chunk(name, data)),
  ]);
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const content = concatBytes([utf8(name), data]);
  const ends = new Uint8Array(8);
  new DataView(ends.buffer).setUint32(0, data.length);
  new DataView(ends.buffer).setUint32(4, crc32(content));
  return concatBytes([ends.subarray(0, 4), content, ends.subarray(4)]);
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** A sound of a tone. */
export function wav(seconds: number): Uint8Array {
  const samples = Math.round(8000 * seconds);
  const bytes = new Uint8Array(44 + samples);
  const view = new DataView(bytes.buffer);
  bytes.set(utf8("RIFF"));
  view.setUint32(4, 36 + samples, true);
  bytes.set(utf8("WAVEfmt "), 8);
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 8000, true);
  view.setUint32(28, 8000, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  bytes.set(utf8("data"), 36);
  view.setUint32(40, samples, true);
  for (let at = 0; at < samples; at++) bytes[44 + at] = 128 + 50 * Math.sin(at / 3);
  return bytes;
}

const ANSWER = "The sky is blue because air scatters short wavelengths more than long ones.\n\n" +
  "**Rayleigh scattering** grows with the fourth power of the frequency:\n\n```python\nratio = (700 / 450) ** 4\nprint(round(ratio, 1))  # 5.9\n```\n\n" +
  "So blue light reaches the eye from every direction, and the sun itself looks slightly yellow.";

/** A stream of Anthropic with thoughts. */
export function thinkingStream(members: Members = {}): Entry {
  const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
  const start = {
    type: "message",
    role: "assistant",
    model: "claude-haiku-4-5",
    content: [],
    usage: { input_tokens: 412, output_tokens: 1 },
  };
  const pieces = (text: string) => text.match(/\S+\s*/g) ?? [];
  const thought =
    "The user wants a short explanation. I should name Rayleigh scattering and give the ratio for two wavelengths.";
  const delta = (index: number, type: string, member: string) => (text: string) =>
    event("content_block_delta", { index, delta: { type, [member]: text } });
  return streamWith(
    [
      event("message_start", { message: start }),
      event("content_block_start", { index: 0, content_block: { type: "thinking", thinking: "" } }),
      ...pieces(thought).map(delta(0, "thinking_delta", "thinking")),
      event("content_block_start", { index: 1, content_block: { type: "text", text: "" } }),
      ...pieces(ANSWER).map(delta(1, "text_delta", "text")),
      event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 187 } }),
      event("message_stop", {}),
    ],
    34,
    {
      url: MESSAGES,
      body: {
        model: "claude-haiku-4-5",
        max_tokens: 1024,
        temperature: 0.2,
        thinking: { type: "enabled", budget_tokens: 512 },
        system: "You explain physics to curious adults. Be brief, and give one number.",
        messages: [{ role: "user", content: "Why is the sky blue?" }],
        stream: true,
      },
      ...members,
    },
  );
}

/** A conversation with a tool, images and sound. */
export function toolConversation(members: Members = {}): Entry {
  const call = {
    id: "call_w1",
    type: "function",
    function: { name: "get_weather", arguments: '{"city":"Paris","days":2}' },
  };
  const image = `data:image/png;base64,${encodeBase64(png(160))}`;
  return entryWith({
    body: {
      model: "gpt-5-mini",
      temperature: 0.2,
      messages: [
        { role: "system", content: "You plan trips. Ask the weather service before you answer." },
        {
          role: "user",
          content: [{ type: "text", text: "What should I pack for this place? Listen to my note, too." }, {
            type: "image_url",
            image_url: { url: image },
          }, { type: "input_audio", input_audio: { data: encodeBase64(wav(1)), format: "wav" } }],
        },
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "call_w1", content: '{"days":[{"high":9,"rain":0.8},{"high":12,"rain":0.1}]}' },
      ],
      tools: [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }],
    },
    response: JSON.stringify({
      model: "gpt-5-mini",
      choices: [{
        index: 0,
        message: {
          role: "assistant",
          content: "Pack layers and a rain jacket: tomorrow is wet, the day after is dry.",
          annotations: [{
            type: "url_citation",
            url_citation: { title: "Paris in November", url: "https://example.com/paris" },
          }],
        },
        finish_reason: "stop",
      }],
      usage: { prompt_tokens: 731, completion_tokens: 64 },
    }),
    ...members,
  });
}

/** A chat with one question. */
export function chat(question: string, answer: string, members: Members & { readonly model?: string } = {}): Entry {
  const { model = "gpt-5-mini", ...rest } = members;
  return entryWith({
    body: {
      model,
      temperature: 0.2,
      messages: [{ role: "system", content: "Answer in one sentence." }, { role: "user", content: question }],
    },
    response: JSON.stringify({
      model,
      choices: [{ index: 0, message: { role: "assistant", content: answer }, finish_reason: "stop" }],
      usage: { prompt_tokens: 20 + question.length, completion_tokens: answer.length },
    }),
    ...rest,
  });
}
