/** Gemini: generateContent, its stream, and resumable uploads. */
import {
  type Answer,
  type AnswerHeaders,
  bodyOf,
  type Family,
  json,
  type ProviderRequest,
  sse,
  stream,
  whole,
} from "./answer.ts";
import { argumentsFor, hexId, id, textOf, type Turn, wordsOf } from "./text.ts";

interface GenerateBody {
  readonly contents: readonly {
    readonly parts?: readonly Readonly<Record<string, unknown>>[];
  }[];
  readonly tools: readonly {
    readonly functionDeclarations?: readonly Declaration[];
  }[];
}

interface Declaration {
  readonly name: string;
  readonly parameters?: unknown;
  readonly parametersJsonSchema?: unknown;
}

export const gemini: Family = (request, turn) => {
  const path = request.path.split("?")[0] ?? "";
  if (path.endsWith(":generateContent")) return generate(request, turn);
  if (path.endsWith(":streamGenerateContent")) {
    return streamGenerate(request, turn);
  }
  if (path.includes("/upload/") && path.endsWith("/files")) {
    return upload(request, turn);
  }
  if (/\/v1beta\/files\/[^/]+$/.test(path)) {
    return json(fileOf(path.split("/").at(-1) ?? "", turn), geminiHeaders());
  }
  return undefined;
};

function geminiHeaders(): AnswerHeaders {
  return {
    "content-type": "application/json; charset=UTF-8",
    "vary": "Origin, X-Origin, Referer",
    "server": "scaffolding on HTTPServer2",
    "x-frame-options": "SAMEORIGIN",
    "server-timing": "gfet4t7; dur=412",
  };
}

function generate(request: ProviderRequest, turn: Turn): Answer {
  const call = callOf(request);
  const parts = call ? [{ functionCall: call }] : [{ text: textOf(turn) }];
  return json(chunk(request, parts, id("", 22), "STOP"), geminiHeaders());
}

function streamGenerate(request: ProviderRequest, turn: Turn): Answer {
  const responseId = id("", 22);
  const call = callOf(request);
  const parts = call ? [{ functionCall: call }] : wordsOf(turn).map((text) => ({ text }));
  const events = parts.map((part, index) =>
    sse(chunk(request, [part], responseId, index === parts.length - 1 ? "STOP" : undefined)).replaceAll("\n", "\r\n")
  );
  return stream(events, sse({ error: OVERLOADED }), { ...geminiHeaders(), "content-type": "text/event-stream" });
}

const OVERLOADED = { code: 503, message: "The model is overloaded. Please try again later.", status: "UNAVAILABLE" };

/** Gemini's calls have no id. */
function callOf(request: ProviderRequest): { name: string; args: unknown } | undefined {
  const { contents = [], tools = [] } = bodyOf<GenerateBody>(request);
  const answered = contents.some(({ parts }) => parts?.some((part) => "functionResponse" in part));
  const tool = answered ? undefined : tools.flatMap((entry) => entry.functionDeclarations ?? [])[0];
  return tool &&
    { name: tool.name, args: argumentsFor(tool.parameters ?? tool.parametersJsonSchema) };
}

function chunk(request: ProviderRequest, parts: unknown[], responseId: string, finishReason?: string): unknown {
  const modelVersion = /models\/([^:]+):/.exec(request.path)?.[1] ??
    "gemini-2.5-flash";
  const usageMetadata = {
    promptTokenCount: 19,
    candidatesTokenCount: 23,
    totalTokenCount: 42,
    promptTokensDetails: [{ modality: "TEXT", tokenCount: 19 }],
  };
  const candidate = { content: { parts, role: "model" }, ...(finishReason ? { finishReason } : {}), index: 0 };
  return { candidates: [candidate], usageMetadata, modelVersion, responseId };
}

/** The first request only asks for a URL. Further requests send the bytes. */
function upload(request: ProviderRequest, turn: Turn): Answer {
  const command = request.headers["x-goog-upload-command"] ?? "";
  if (command.includes("start")) {
    const uploadId = id("", 60);
    const address =
      `http://${request.headers.host}/upload/v1beta/files?upload_id=${uploadId}&upload_protocol=resumable`;
    const headers = {
      "x-goog-upload-status": "active",
      "x-goog-upload-url": address,
      "x-goog-upload-control-url": address,
      "x-goog-upload-chunk-granularity": "8388608",
      "x-guploader-uploadid": uploadId,
      "content-type": "text/plain; charset=utf-8",
    };
    return whole(new Uint8Array(), headers);
  }
  const done = command.includes("finalize");
  const headers = { ...geminiHeaders(), "x-goog-upload-status": done ? "final" : "active" };
  return json(done ? { file: fileOf(hexId("", 12), turn) } : {}, headers);
}

function fileOf(name: string, turn: Turn): unknown {
  const now = new Date().toISOString();
  return {
    name: `files/${name}`,
    displayName: `notes ${turn.number}`,
    mimeType: "text/plain",
    sizeBytes: String(1000 + turn.number),
    createTime: now,
    updateTime: now,
    expirationTime: new Date(Date.now() + 172_800_000).toISOString(),
    sha256Hash: btoa(hexId("", 64)),
    uri: `https://generativelanguage.googleapis.com/v1beta/files/${name}`,
    state: "ACTIVE",
    source: "UPLOADED",
  };
}
