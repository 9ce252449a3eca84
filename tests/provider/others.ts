/** Providers with formats of their own: gateways, speech, images. */
import { type Answer, bodyOf, type Family, json, type ProviderRequest, sse, stream, whole } from "./answer.ts";
import { argumentsFor, audioOf, id, seconds, textOf, type Turn } from "./text.ts";

type Route = readonly [path: RegExp, answer: (request: ProviderRequest, turn: Turn) => Answer];

const audio = (_: ProviderRequest, { number }: Turn): Answer =>
  whole(audioOf(number), { "content-type": "audio/mpeg" });

/** Jobs of `run`, whose answer is ready when it is asked for the second time. */
const statusOf = ({ number }: Turn, readyAt: number): string => number >= readyAt ? "done" : "working";

const ROUTES: readonly Route[] = [
  [/\/v\d\/ai\/language-model$/, gateway],
  [/\/v1\/text-to-speech\//, audio],
  [
    /\/v1\/speech-to-text$/,
    (_, turn) => json({ language_code: "eng", language_probability: 1, text: textOf(turn), words: [] }),
  ],
  [/\/api\.deepgram\.com\/v1\/speak$/, audio],
  [/\/api\.deepgram\.com\/v1\/listen$/, deepgram],
  [
    /\/api\.assemblyai\.com\/v2\/upload$/,
    (_, turn) => json({ upload_url: `https://cdn.assemblyai.com/upload/${turn.number}` }),
  ],
  [/\/api\.assemblyai\.com\/v2\/transcript(?:\/|$)/, transcript],
  [/\/api\.replicate\.com\/v1\/files$/, (_, turn) => json(replicateFile(turn), {}, 201)],
  [/\/api\.replicate\.com\/v1\/(?:models\/.*\/)?predictions/, prediction],
  [/\/queue\.fal\.run\//, falQueue],
  [/\/fal\.run\//, (_, turn) => json({ text: textOf(turn) })],
  [/\/rest\.fal\.ai\/storage\/upload\/initiate$/, falUpload],
  [/\/v3\.fal\.media\//, () => json({})],
  [/\/(?:api\.mistral\.ai|openrouter\.ai\/api)\/v1\/files$/, fileUpload],
];

/** Only programs with the hosts of their providers reach these. */
export const others: Family = (request, turn) => {
  const path = request.path.split("?")[0] ?? "";
  return ROUTES.find(([pattern]) => pattern.test(path))?.[1](request, turn);
};

interface GatewayBody {
  readonly prompt: readonly { readonly role: string }[];
  readonly tools: readonly { readonly name: string; readonly inputSchema?: unknown }[];
}

const USAGE = {
  inputTokens: { total: 19, noCache: 19, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 23, text: 23, reasoning: 0 },
};

/** The Vercel AI Gateway answers with what a model of the AI SDK returns. */
function gateway(request: ProviderRequest, turn: Turn): Answer {
  const { prompt = [], tools = [] } = bodyOf<GatewayBody>(request);
  const tool = prompt.some(({ role }) => role === "tool") ? undefined : tools[0];
  const call = tool && {
    type: "tool-call",
    toolCallId: id("call_", 24),
    toolName: tool.name,
    input: JSON.stringify(argumentsFor(tool.inputSchema)),
  };
  const finishReason = { unified: call ? "tool-calls" : "stop", raw: undefined };
  if (request.headers["ai-language-model-streaming"] !== "true") {
    const content = [call ?? { type: "text", text: textOf(turn) }];
    return json({ content, finishReason, usage: USAGE, warnings: [] });
  }
  const text = { id: "1" };
  const parts = call ? [call] : [
    { type: "text-start", ...text },
    { type: "text-delta", ...text, delta: textOf(turn) },
    { type: "text-end", ...text },
  ];
  const events = [{ type: "stream-start", warnings: [] }, ...parts, { type: "finish", finishReason, usage: USAGE }];
  return stream([...events.map((event) => sse(event)), sse("[DONE]")], sse({ type: "error", error: "overloaded" }));
}

function deepgram(_: ProviderRequest, turn: Turn): Answer {
  const metadata = { request_id: id("", 12), created: new Date().toISOString(), duration: 1, channels: 1 };
  const channels = [{ alternatives: [{ transcript: textOf(turn), confidence: 1, words: [] }] }];
  return json({ metadata, results: { channels } });
}

function transcript({ method }: ProviderRequest, turn: Turn): Answer {
  const status = method === "POST" ? "queued" : statusOf(turn, 4) === "done" ? "completed" : "processing";
  return json({ id: "transcript-1", status, text: status === "completed" ? textOf(turn) : null });
}

function replicateFile({ number }: Turn): unknown {
  const name = `file-${number}`;
  return { id: name, name, urls: { get: `https://api.replicate.com/v1/files/${name}` } };
}

function prediction({ method, path }: ProviderRequest, turn: Turn): Answer {
  const isReady = !path.includes("/owner/slow/") && (method === "POST" || statusOf(turn, 3) === "done");
  const urls = { get: "https://api.replicate.com/v1/predictions/p1", cancel: "https://api.replicate.com/v1/c" };
  const output = isReady ? [textOf(turn)] : null;
  return json({ id: "p1", status: isReady ? "succeeded" : "processing", output, urls, error: null, logs: "" });
}

function falQueue({ method, path }: ProviderRequest, turn: Turn): Answer {
  const request_id = "request-1";
  const base = `https://queue.fal.run/fal-ai/any/requests/${request_id}`;
  const urls = { response_url: base, status_url: `${base}/status`, cancel_url: `${base}/cancel` };
  if (method === "POST") return json({ status: "IN_QUEUE", request_id, queue_position: 0, ...urls });
  if (path.includes("/status")) return json({ status: "COMPLETED", request_id, logs: [], ...urls });
  return json({ text: textOf(turn) });
}

function falUpload(_: ProviderRequest, turn: Turn): Answer {
  const file_url = `https://v3.fal.media/files/${turn.number}.txt`;
  return json({ file_url, upload_url: `${file_url}?signature=${id("", 20)}` });
}

/** Members of both APIs. */
function fileUpload(_: ProviderRequest, turn: Turn): Answer {
  const name = { filename: "notes.txt", mime_type: "text/plain", created_at: seconds(), purpose: "fine-tune" };
  const mistral = { object: "file", bytes: 700, sample_type: "instruct", source: "upload" };
  return json({ id: `0000000${turn.number}`, ...name, ...mistral, size_bytes: 700, type: "file", downloadable: false });
}
