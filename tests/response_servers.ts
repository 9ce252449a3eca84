/** Servers for the comparison of responses. */
import { Buffer } from "node:buffer";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { chatEvents } from "./testing.ts";

const EVENTS = chatEvents("é");
const JSON_BODY = JSON.stringify({ id: "chatcmpl-1", text: "é".repeat(2000) });
const FORM = `--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n`;

/** The types and bodies that are sent with their length. */
const WHOLE: Readonly<Record<string, readonly [type: string, body: string | Uint8Array, status?: number]>> = {
  json: ["application/json", JSON_BODY, 201],
  gzip: ["application/json", gzipSync(JSON_BODY)],
  form: ["multipart/form-data; boundary=b", FORM],
  audio: ["audio/mpeg", new Uint8Array([255, 0, 128])],
  empty: ["application/json", ""],
};

/** Answers `/KIND/…` with a body of this kind. */
export const answer: RequestListener = async (request, response) => {
  request.resume();
  const kind = request.url?.split("/")[1] ?? "";
  if (kind === "stream") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of EVENTS) {
      response.write(event);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return response.end();
  }
  if (kind === "chunked-empty") {
    response.writeHead(202, { "content-type": "text/plain" }).flushHeaders();
    return response.end();
  }
  if (kind === "none") return response.writeHead(204).end();
  if (kind === "moved") return response.writeHead(307, { location: "/json/chat/completions" }).end();
  const [type, body, status = 200] = WHOLE[kind] ?? [];
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body ?? ""),
    "set-cookie": ["a=1", "b=2"],
    ...kind === "gzip" && { "content-encoding": "gzip" },
  });
  response.end(body);
};

/** Serves on a free port of this machine. */
export async function listen(listener: RequestListener): Promise<Served> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

/** The kinds of bodies that `answer` sends. */
export const KINDS: readonly string[] = [...Object.keys(WHOLE), "stream", "chunked-empty", "none", "moved"];

/** A server on a free port of this machine. */
export interface Served {
  readonly url: string;
  stop(): void;
}

/** Answers each request with the same bytes. */
export async function listenRaw(bytes: string): Promise<Served> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket.on("error", () => {}).on("data", () => socket.write(bytes)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/responses`, stop };
}

/** Serves what a function gives by the server that the runtime has for this. */
export async function serve(handle: () => Promise<Response>): Promise<Served> {
  const { Deno, Bun } = globalThis as unknown as Readonly<
    Partial<{
      Deno: { serve(options: object, handle: unknown): { addr: { port: number }; shutdown(): Promise<void> } };
      Bun: { serve(options: object): { port: number; stop(now: boolean): void } };
    }>
  >;
  if (Deno) {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, handle);
    return { url: `http://127.0.0.1:${server.addr.port}`, stop: () => void server.shutdown() };
  }
  if (Bun) {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: handle });
    return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
  }
  return await listen(async (_, response) => {
    const { status, headers, body } = await handle();
    response.writeHead(status, Object.fromEntries(headers));
    for await (const chunk of body ?? []) response.write(chunk);
    response.end();
  });
}
