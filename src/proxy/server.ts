import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { concatBytes } from "../lib/bytes.ts";
import { answerExchange, type Relay } from "./exchange.ts";

/** Options of the proxy. */
export interface ProxyOptions extends Omit<Relay, "address"> {
  /** By default, a free one. */
  readonly port?: number;
}

/** A running proxy. */
export interface Proxy {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** Closes all connections, which aborts the requests that are in progress. */
  stop(): Promise<void>;
}

/** Longer headers get status 431. */
const LONGEST_HEADERS = 1 << 18;

/** Clients keep connections open and reuse them, in ms. */
const KEEP_ALIVE = 600_000;

/**
 * Starts a server on 127.0.0.1 that answers programs by a `fetch`: over HTTP/1.1, and over HTTP/2 with prior knowledge.
 *
 * @throws If the port is in use.
 */
export async function startProxy({ port = 0, ...options }: ProxyOptions): Promise<Proxy> {
  let address = "";
  const relay: Relay = { ...options, address: () => address };
  const answer = (request: IncomingMessage, response: ServerResponse) =>
    void answerExchange({ request, response }, relay).catch(() => response.destroy());
  const { http1, http2 } = createServers(answer);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    detectHttp2(socket, (isHttp2) => {
      // A client of HTTP/2 that closes its half is gone.
      if (isHttp2) socket.allowHalfOpen = false;
      (isHttp2 ? http2 : http1).emit("connection", socket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    address,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      http1.close();
      http2.close();
      await closed;
    },
  };
}

function createServers(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const http1 = createHttp1(
    { maxHeaderSize: LONGEST_HEADERS, requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE },
    answer,
  );
  Object.assign(http1, { httpAllowHalfOpen: true });
  // Deno closes each connection after a response if its server does not listen.
  Object.defineProperty(http1, "listening", { value: true });
  http1.on("connect", (_, socket) => refuseConnection(socket as Socket, 400, NO_TUNNEL));
  http1.on("upgrade", (_, socket) => refuseConnection(socket as Socket, 501, NO_UPGRADE));
  http1.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const isTooLong = error.code === "HPE_HEADER_OVERFLOW";
    refuseConnection(socket as Socket, isTooLong ? 431 : 400, isTooLong ? TOO_LONG : NOT_HTTP);
  });
  const http2 = createHttp2((request, response) =>
    answer(request as unknown as IncomingMessage, response as unknown as ServerResponse)
  );
  http2.on("sessionError", () => {});
  return { http1, http2 };
}

const NO_TUNNEL =
  "Cannot serve CONNECT: cachy is no forward proxy. Remove it from HTTPS_PROXY, and set the base URL of " +
  "the client instead, such as OPENAI_BASE_URL=http://127.0.0.1:PORT/api.openai.com/v1.";
const NO_UPGRADE = "Cannot change the protocol: cachy records HTTP requests, not WebSockets.";
const NOT_HTTP = "Cannot read the request: it is not valid HTTP.";
const TOO_LONG = `Cannot read the request: its headers are longer than ${LONGEST_HEADERS} bytes.`;

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  431: "Request Header Fields Too Large",
  501: "Not Implemented",
};

function refuseConnection(socket: Socket, status: number, message: string): void {
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify({ type: "error", error: { type: "cachy_refused", code: status, message } });
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    "content-type: application/json",
    `content-length: ${body.length}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

/** How every HTTP/2 connection begins. No method of HTTP/1.1 does. */
const PREFACE = "PRI ";

/** Reads the first bytes of a connection, and puts them back. */
function detectHttp2(socket: Socket, decided: (isHttp2: boolean) => void): void {
  const chunks: Uint8Array[] = [];
  const close = () => socket.destroy();
  const look = () => {
    for (let chunk = socket.read(); chunk; chunk = socket.read()) chunks.push(chunk);
    const start = concatBytes(chunks);
    const text = new TextDecoder().decode(start.subarray(0, PREFACE.length));
    if (text.length < PREFACE.length && PREFACE.startsWith(text)) return;
    socket.off("readable", look).off("end", close);
    socket.unshift(start);
    decided(text === PREFACE);
  };
  socket.on("readable", look).on("end", close);
}
