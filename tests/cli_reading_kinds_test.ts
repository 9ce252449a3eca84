import assert from "node:assert/strict";
import type { Part } from "../src/cli/read/parts/message.ts";
import { readEntry, type Reading, readStart } from "../src/cli/read/reading.ts";
import { encodeBase64 } from "../src/lib/bytes.ts";
import { entryOf, sse } from "./cli_reading_examples.ts";
import { test } from "./suite.ts";

const OPENAI = "https://api.openai.com/v1";
const read = (path: string, request: unknown, response: unknown, type?: string): Reading =>
  readEntry(entryOf({ url: path.startsWith("http") ? path : `${OPENAI}${path}`, request, response, type }));
const asked = (reading: Reading): readonly Part[] => reading.asked.flatMap(({ parts }) => parts);
const answered = (reading: Reading): readonly Part[] => reading.answered.flatMap(({ parts }) => parts);
const text = (text: string): Part => ({ kind: "text", text });
const vectors = (count: number, dimensions: number): Part => ({ kind: "vectors", count, dimensions });
const HASH = "ab".repeat(32);

test("readEntry() counts embeddings as lists and as base64", () => {
  const request = { model: "text-embedding-3-small", input: ["a", "b"], encoding_format: "base64" };
  const base64 = encodeBase64(new Uint8Array(Float32Array.of(1, 2, 3).buffer));
  for (const embedding of [[1, 2, 3], base64]) {
    const reading = read("/embeddings", request, { object: "list", data: [{ embedding }, { embedding }] });
    assert.deepEqual([reading.kind, asked(reading), answered(reading)], ["embeddings", [text("a"), text("b")], [
      vectors(2, 3),
    ]]);
    assert.deepEqual(reading.settings, [["encoding_format", "base64"]]);
  }
});

test("readEntry() counts the embeddings of other providers", () => {
  const google = "https://generativelanguage.googleapis.com/v1beta/models/gemini-embedding-001";
  const content = { parts: [{ text: "a" }] };
  const cases: [string, unknown, unknown, number][] = [
    [`${google}:embedContent`, { content }, { embedding: { values: [1, 2, 3] } }, 1],
    [`${google}:batchEmbedContents`, { requests: [{ content }] }, { embeddings: [{ values: [1, 2, 3] }] }, 1],
    ["https://us-central1-aiplatform.googleapis.com/v1/models/e:predict", {
      instances: [{ content: "a", prompt: "a" }],
    }, {
      predictions: [{ embeddings: { values: [1, 2, 3] } }],
    }, 1],
    ["https://api.cohere.com/v2/embed", { model: "embed-v4.0", texts: ["a"] }, {
      embeddings: { float: [[1, 2, 3], [1, 2, 3]] },
    }, 2],
    ["https://api.cohere.com/v1/embed", { texts: ["a"] }, { embeddings: [[1, 2, 3]] }, 1],
    ["http://localhost:11434/api/embed", { model: "e", input: "a" }, { model: "e", embeddings: [[1, 2, 3]] }, 1],
    ["http://localhost:11434/api/embeddings", { model: "e", prompt: "a" }, { embedding: [1, 2, 3] }, 1],
    ["https://router.huggingface.co/hf-inference/models/e", { inputs: ["a"] }, [[1, 2, 3]], 1],
  ];
  for (const [url, request, response, count] of cases) {
    const reading = read(url, request, response);
    assert.deepEqual([reading.kind, asked(reading), answered(reading)], ["embeddings", [text("a")], [
      vectors(count, 3),
    ]], url);
  }
  assert.equal(read(`${google}:embedContent`, {}, {}).model, "gemini-embedding-001");
});

test("readEntry() shows the size of images, complete and streamed", () => {
  const b64_json = encodeBase64(Uint8Array.of(0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 4, 0, 2, 0));
  const image: Part = { kind: "media", what: "image", type: "image/gif", bytes: 10, width: 4, height: 2 };
  const request = { model: "gpt-image-1", prompt: "A cat.", size: "1024x1024" };
  const whole = read("/images/generations", request, {
    created: 1,
    data: [{ b64_json, revised_prompt: "A grey cat." }],
  });
  assert.deepEqual([whole.kind, asked(whole), answered(whole)], ["images", [text("A cat.")], [
    image,
    text("A grey cat."),
  ]]);
  const partial = { type: "image_generation.partial_image", b64_json };
  for (const events of [[partial, { type: "image_generation.completed", b64_json }], [partial]]) {
    const stream = read("/images/generations", request, sse(...events).join(""), "text/event-stream");
    assert.deepEqual([stream.kind, stream.isStream, answered(stream)], ["images", true, [image]]);
  }
  const imagen = read("https://us-central1-aiplatform.googleapis.com/v1/projects/p/models/imagen-4:predict", {
    instances: [{ prompt: "A cat." }],
  }, {
    predictions: [{ mimeType: "image/gif", bytesBase64Encoded: b64_json }],
  });
  assert.deepEqual([imagen.kind, imagen.model, asked(imagen), answered(imagen)], ["images", "imagen-4", [
    text("A cat."),
  ], [image]]);
  assert.equal(imagen.provider, "Google Vertex AI");
});

test("readEntry() shows the type and size of speech, as a body and as events", () => {
  const mp3 = new Uint8Array(16_000);
  mp3.set([0xff, 0xfb, 0x90]);
  const request = { model: "gpt-4o-mini-tts", input: "Hello.", voice: "alloy" };
  const response = encodeBase64(mp3);
  const audio: Part = { kind: "media", what: "audio", type: "audio/mpeg", bytes: 16_000 };
  const body = readEntry(
    entryOf({ url: `${OPENAI}/audio/speech`, request, response, type: "audio/mpeg", binary: true }),
  );
  assert.deepEqual([body.kind, asked(body), answered(body), body.settings], ["speech", [text("Hello.")], [audio], [[
    "voice",
    "alloy",
  ]]]);
  const pieces = [mp3.subarray(0, 6000), mp3.subarray(6000)].map((piece) => ({
    type: "speech.audio.delta",
    audio: encodeBase64(piece),
  }));
  const stream = read(
    "/audio/speech",
    request,
    sse(...pieces, { type: "speech.audio.done" }).join(""),
    "text/event-stream",
  );
  assert.deepEqual([stream.kind, stream.isStream, answered(stream)], ["speech", true, [audio]]);
});

test("readEntry() reads transcriptions in every format", () => {
  const form = [["file", "talk.mp3", HASH], ["model", null, HASH], ["language", null, HASH]];
  const events = sse(
    { type: "transcript.text.delta", delta: "Hel" },
    { type: "transcript.text.delta", delta: "lo." },
    { type: "transcript.text.done", text: "Hello." },
  );
  const answers: [unknown, string?][] = [
    [{ text: "Hello." }],
    [{ text: "Hello.", task: "transcribe", duration: 1, segments: [{ id: 0, text: " Hello." }] }],
    ["Hello.", "text/plain; charset=utf-8"],
    [events.join(""), "text/event-stream"],
    [events.slice(0, 2).join(""), "text/event-stream"],
  ];
  for (const [response, type] of answers) {
    const reading = read("/audio/transcriptions", form, response, type);
    assert.deepEqual([reading.kind, answered(reading)], ["transcription", [text("Hello.")]]);
    assert.deepEqual(asked(reading), [{ kind: "media", what: "audio", name: "talk.mp3" }]);
    assert.deepEqual(reading.settings, [["model", "[sha256 abababab…]"], ["language", "[sha256 abababab…]"]]);
  }
  assert.deepEqual(answered(read("/audio/transcriptions", form, "42", "text/plain")), [text("42")]);
  const speakers = {
    text: "Hello. Hi.",
    segments: [{ speaker: "A", text: " Hello." }, { speaker: "B", text: " Hi." }],
  };
  assert.deepEqual(answered(read("/audio/transcriptions", form, speakers)), [text("A: Hello.\nB: Hi.")]);
});

test("readEntry() reads a form that was recorded completely", () => {
  const form = [["model", null, "whisper-1"], ["prompt", null, "Names."], ["file", "a.wav", "base64:AAAA"]];
  const reading = read("/audio/transcriptions", form, { text: "Hello." });
  assert.equal(reading.model, "whisper-1");
  assert.deepEqual(asked(reading), [text("Names."), { kind: "media", what: "audio", name: "a.wav", bytes: 3 }]);
  assert.deepEqual(reading.settings, []);
});

test("readEntry() does not treat a list of lists that was sent as JSON as a form", () => {
  const sent = '[["model", null, "whisper-1"]]';
  assert.deepEqual(asked(read("/other", sent, { text: "Hello." })), [text(sent)]);
});

test("readEntry() reads moderations and rankings, best first", () => {
  const results = [{
    flagged: true,
    categories: { hate: false, violence: true },
    category_scores: { hate: 0.1, violence: 0.9 },
  }];
  const moderated = read("/moderations", { model: "omni-moderation-latest", input: "Boo." }, { results });
  assert.deepEqual([moderated.kind, asked(moderated)], ["moderation", [text("Boo.")]]);
  assert.deepEqual(answered(moderated), [text("flagged: violence"), {
    kind: "scores",
    scores: [["violence", 0.9], ["hate", 0.1]],
  }]);
  const request = { model: "rerank-v3.5", query: "Capital?", documents: ["Paris", { text: "Rome" }], top_n: 2 };
  const ranked = read("https://api.cohere.com/v2/rerank", request, {
    results: [{ index: 1, relevance_score: 0.2 }, { index: 0, relevance_score: 0.9, document: { text: "Paris" } }],
  });
  assert.deepEqual([ranked.kind, asked(ranked)], ["rerank", [text("Capital?"), text("Paris"), text("Rome")]]);
  assert.deepEqual(answered(ranked), [{ kind: "scores", scores: [["Paris", 0.9], ["1", 0.2]] }]);
});

test("readEntry() lists files, batches and models, one per line", () => {
  const file = { object: "file", id: "file-1", filename: "a.txt", bytes: 5, status: "processed" };
  const cases: [string, unknown, string, string][] = [
    ["/files", file, "files", "a.txt file-1 5 bytes processed"],
    [
      "/files",
      { object: "list", data: [file, { ...file, id: "file-2" }] },
      "files",
      "a.txt file-1 5 bytes processed\na.txt file-2 5 bytes processed",
    ],
    [
      "https://generativelanguage.googleapis.com/upload/v1beta/files",
      { file: { name: "files/x", displayName: "a", sizeBytes: "5", state: "ACTIVE" } },
      "files",
      "a files/x 5 bytes ACTIVE",
    ],
    [
      "/uploads/u/complete",
      { object: "upload", id: "u", filename: "a.txt", bytes: 5, status: "completed" },
      "files",
      "a.txt u 5 bytes completed",
    ],
    ["/batches/b", { object: "batch", id: "b", status: "completed" }, "batches", "b completed"],
    [
      "https://api.anthropic.com/v1/messages/batches",
      { type: "message_batch", id: "b", processing_status: "ended" },
      "batches",
      "b ended",
    ],
    [
      "/models",
      { object: "list", data: [{ object: "model", id: "gpt-5" }, { object: "model", id: "o3" }] },
      "models",
      "gpt-5\no3",
    ],
    [
      "http://localhost:11434/api/tags",
      { models: [{ name: "qwen3", model: "qwen3", size: 5 }] },
      "models",
      "qwen3 5 bytes",
    ],
    ["https://api.anthropic.com/v1/messages/count_tokens", { input_tokens: 9 }, "tokens", "9 tokens"],
    ["https://generativelanguage.googleapis.com/v1beta/models/g:countTokens", { totalTokens: 9 }, "tokens", "9 tokens"],
  ];
  for (const [url, response, kind, said] of cases) {
    const reading = read(url, undefined, response);
    assert.deepEqual([reading.kind, answered(reading)], [kind, [text(said)]], url);
  }
});

test("readEntry() shows the content of a downloaded file, even if it looks like a response", () => {
  const answer = { id: "1", choices: [{ message: { content: "Yes." } }] };
  const reading = read("/files/file-1/content", undefined, answer);
  assert.deepEqual([reading.kind, answered(reading)], ["files", [{ kind: "json", json: JSON.stringify(answer) }]]);
  const jsonl = '{"custom_id":"1"}\n{"custom_id":"2"}\n';
  const lines = read("/files/file-1/content", undefined, jsonl, "application/jsonl");
  assert.deepEqual([lines.kind, answered(lines)], ["files", [{
    kind: "json",
    json: '[{"custom_id":"1"},{"custom_id":"2"}]',
  }]]);
  const binary = readEntry(
    entryOf({
      url: `${OPENAI}/files/file-1/content`,
      response: "AAAA",
      type: "application/octet-stream",
      binary: true,
    }),
  );
  assert.deepEqual([binary.kind, answered(binary)], ["files", [{ kind: "media", what: "file", bytes: 3 }]]);
});

test("readEntry() shows the placeholders of long and secret texts", () => {
  const long = `[5000 characters, sha256 ${HASH}]`;
  const image = { type: "base64", media_type: "image/png", data: `[8000 characters, sha256 ${HASH}]` };
  const content = [{ type: "text", text: long }, { type: "image", source: image }, {
    type: "text",
    text: "[redacted]",
  }];
  const reading = read("https://api.anthropic.com/v1/messages", { messages: [{ role: "user", content }] }, {});
  assert.deepEqual(asked(reading), [
    text(long),
    { kind: "media", what: "image", type: "image/png", bytes: 6000 },
    text("[redacted]"),
  ]);
  const chat = { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: image.data } }] }] };
  assert.deepEqual(asked(read("/chat/completions", chat, {})), [{ kind: "media", what: "image", bytes: 6000 }]);
  assert.deepEqual(asked(read("/chat/completions", long, {})), [text(long)]);
  const bytes = `[5000 bytes, sha256 ${HASH}]`;
  assert.deepEqual(asked(read("/audio/transcriptions", bytes, {})), [{ kind: "media", what: "file", bytes: 5000 }]);
});

test("readEntry() takes the model from the path if the request does not contain it", () => {
  const chat = { choices: [{ message: { content: "Yes." } }], model: "of the answer" };
  const cases: [string, unknown, string, string][] = [
    ["https://me.openai.azure.com/openai/deployments/mine/chat/completions?api-version=1", {}, "mine", "Azure OpenAI"],
    [
      "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova%3A0/converse",
      {},
      "us.amazon.nova:0",
      "Amazon Bedrock",
    ],
    ["https://api.openai.com/v1/chat/completions", { model: "asked for" }, "asked for", "OpenAI"],
    ["https://eu.api.openai.com/v1/chat/completions", {}, "of the answer", "OpenAI"],
    ["http://127.0.0.1:8080/v1/chat/completions", {}, "of the answer", "127.0.0.1:8080"],
    ["https://api.groq.com/%/models/a%b:generateContent", {}, "a%b", "Groq"],
  ];
  for (const [url, request, model, provider] of cases) {
    const reading = read(url, request, chat);
    assert.deepEqual([reading.model, reading.provider], [model, provider], url);
  }
});

test("readEntry() shows the message of a recorded error, with its type and code", () => {
  const quota = { error: { code: 429, message: "No quota left.", status: "RESOURCE_EXHAUSTED" } };
  const google = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro";
  const cases: [url: string, body: unknown, shown: string, type?: string][] = [
    [
      `${OPENAI}/chat/completions`,
      { error: { message: "Slow down.", type: "requests", param: null, code: "rate_limit_exceeded" } },
      "Slow down. (requests, rate_limit_exceeded)",
    ],
    [`${OPENAI}/files/file-1`, { error: { message: "No such file.", code: null } }, "No such file."],
    [
      "https://api.anthropic.com/v1/messages",
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" }, request_id: "req_1" },
      "Overloaded (overloaded_error)",
    ],
    [`${google}:generateContent`, quota, "No quota left. (RESOURCE_EXHAUSTED)"],
    [`${google}:streamGenerateContent`, [quota], "No quota left. (RESOURCE_EXHAUSTED)"],
    [
      `${google}:streamGenerateContent`,
      sse(quota).join(""),
      "No quota left. (RESOURCE_EXHAUSTED)",
      "text/event-stream",
    ],
    ["https://api.cohere.com/v2/chat", { id: "1", message: "too many tokens" }, "too many tokens"],
    ["http://localhost:11434/api/chat", { error: "model not found" }, "model not found"],
    [
      "https://api.mistral.ai/v1/chat/completions",
      { object: "error", message: "Invalid model", type: "invalid_model", param: null, code: "1500" },
      "Invalid model (invalid_model, 1500)",
    ],
    ["https://api.x.ai/v1/chat/completions", { code: "The argument", error: "is wrong" }, "is wrong (The argument)"],
    ["https://api.replicate.com/v1/predictions", { title: "Limit", detail: "Throttled.", status: 429 }, "Throttled."],
    ["https://api.elevenlabs.io/v1/text-to-speech/v", { detail: { status: "quota", message: "Full" } }, "Full (quota)"],
    [`${OPENAI}/chat/completions`, "upstream timed out", "upstream timed out", "text/plain"],
  ];
  for (const [url, response, shown, type] of cases) {
    const entry = { ...entryOf({ url, request: {}, response, type }), status_code: 429, error: 1 };
    for (const { answered: [first] } of [readEntry(entry), readStart(entry, () => false)]) {
      assert.deepEqual(first?.parts, [text(shown)], url);
    }
  }
  const other = { ...entryOf({ url: `${OPENAI}/responses`, response: { fault: 7 } }), status_code: 500, error: 1 };
  assert.deepEqual(answered(readEntry(other)), [{ kind: "json", json: '{"fault":7}' }]);
  const success = entryOf({ url: `${OPENAI}/other`, response: { message: "fine" } });
  assert.deepEqual(answered(readEntry(success)), [{ kind: "json", json: '{"message":"fine"}' }], "not an error");
});

test("readEntry() shows settings briefly", () => {
  const request = {
    messages: [{ role: "user", content: "Hello." }],
    stream: true,
    tool_choice: { type: "function", function: { name: "add" } },
    stop: ["a", "b"],
    logit_bias: {},
    user: "x".repeat(200),
    metadata: { a: { b: 1 } },
  };
  assert.deepEqual(read("/chat/completions", request, {}).settings, [
    ["tool_choice", "function add"],
    ["stop", '["a","b"]'],
    ["logit_bias", "{}"],
    ["user", `${"x".repeat(79)}…`],
    ["metadata", '{"a":{"b":1}}'],
  ]);
});
