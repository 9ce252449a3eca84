import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "../../lib/errors.ts";
import { CommandError, UsageError } from "../app/command.ts";
import type { Choice, Library } from "./library.ts";
import type { Place } from "./media.ts";
import type { LastMisses } from "./misses.ts";
import { CONTENT_POLICY, servedPage } from "./page/page.ts";
import { SORTS } from "./search.ts";

/** A running server. */
export interface ViewServer {
  /** The address of the page, with the token. */
  readonly url: string;
  close(): Promise<void>;
}

/** The content of the page. */
export interface ViewContent {
  library(): Library;
  /** Called when the page is loaded: opens the file again if it has changed. */
  refresh(): void;
  readonly misses: LastMisses;
}

/**
 * Serves the page on loopback.
 *
 * Any web page that is open in a browser can send requests to loopback. Three checks keep it from reading a recording:
 * the token in the URL, which it cannot know; the header `Host`, because a name of the attacker may resolve to loopback;
 * and the header `Sec-Fetch-Site`.
 *
 * @param port 0 for a free port.
 * @throws {CommandError} If the port is in use.
 */
export async function startServer(content: ViewContent, port: number): Promise<ViewServer> {
  const token = randomBytes(16).toString("hex");
  const server = createServer((request, response) => void answer(request, response, content, token));
  await listen(server, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${actual}/${token}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const HOST = "127.0.0.1";

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const cure = "Choose another port with --port, or leave it out.";
      reject(new CommandError(`Cannot serve on port ${port}: ${messageOf(error)}. ${cure}`, { cause: error }));
    });
    server.listen(port, HOST, resolve);
  });
}

/** Sent with each response. */
const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-dns-prefetch-control": "off",
  "x-frame-options": "DENY",
};
/** The policy of everything but the page, should a browser ever show it as a document. */
const NO_CONTENT = "default-src 'none'; sandbox";

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  content: ViewContent,
  token: string,
): Promise<void> {
  let reply: Reply;
  try {
    reply = refusal(request) ?? await replyTo(new URL(request.url ?? "/", `http://${HOST}`), content, token);
  } catch (error) {
    const isUsersFault = error instanceof UsageError;
    reply = { status: isUsersFault ? 400 : 500, type: TEXT, body: isUsersFault ? error.message : failure(error) };
  }
  const { status = 200, type, body } = reply;
  response.writeHead(status, {
    ...HEADERS,
    "content-security-policy": reply.policy ?? NO_CONTENT,
    "content-type": type,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function failure(error: unknown): string {
  return `Cannot show this: ${messageOf(error)}`;
}

interface Reply {
  readonly status?: number;
  readonly type: string;
  readonly policy?: string;
  readonly body: string | Uint8Array;
}

const TEXT = "text/plain; charset=utf-8";

function plain(status: number, body: string): Reply {
  return { status, type: TEXT, body };
}

/** The answer to a request that does not come from the page or its user. */
function refusal({ method, headers, socket }: IncomingMessage): Reply | undefined {
  const host = headers.host ?? "";
  const names = [HOST, "localhost"].map((name) => `${name}:${socket.localPort}`);
  if (!names.includes(host)) return plain(403, "This page is only served to its own address.");
  const site = headers["sec-fetch-site"] ?? "none";
  if (site !== "none" && site !== "same-origin") return plain(403, "This page is not served to other pages.");
  return method === "GET" || method === "HEAD" ? undefined : plain(405, "This page only answers GET.");
}

async function replyTo({ pathname, searchParams }: URL, content: ViewContent, token: string): Promise<Reply> {
  const [, given, ...rest] = pathname.split("/");
  if (given !== token) return plain(404, "Nothing is here. Open the address that cachy view has printed.");
  const name = rest.join("/");
  if (name === "") content.refresh();
  if (name === "") return { type: "text/html; charset=utf-8", policy: CONTENT_POLICY, body: servedPage() };
  const library = content.library();
  if (name === "media") {
    const media = library.media(searchParams.get("id") ?? "", placeOf(searchParams));
    return media ? { type: media.type, body: media.bytes } : plain(404, "There is no such image or sound.");
  }
  const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
  const value = await read?.(library, searchParams, content);
  if (value === undefined) return plain(404, "There is no such entry. The file may have changed: load the page again.");
  return { type: "application/json", body: JSON.stringify(value) };
}

type Reader = (library: Library, params: URLSearchParams, content: ViewContent) => unknown;

/** Rows in one answer. */
const MOST_ROWS = 200;

const READERS: Readonly<Record<string, Reader>> = {
  file: ({ file }, _, { misses }) => ({ ...file, misses: misses() }),
  entries: (library, params) =>
    library.list(choiceOf(params), numberOf(params, "from"), Math.min(MOST_ROWS, numberOf(params, "most"))),
  entry: (library, params) => library.details(params.get("id") ?? ""),
  text: (library, params) => library.text(params.get("id") ?? "", placeOf(params), numberOf(params, "from")),
  events: (library, params) => library.events(params.get("id") ?? "", numberOf(params, "from")),
  differences: (library, params) => library.differences(params.get("a") ?? "", params.get("b") ?? ""),
  totals: (library) => library.totals(),
};

function numberOf(params: URLSearchParams, name: string): number {
  const text = params.get(name) ?? "0";
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

function placeOf(params: URLSearchParams): Place {
  return [numberOf(params, "message"), numberOf(params, "part")];
}

function choiceOf(params: URLSearchParams): Choice {
  const named = (name: string) => params.get(name) || undefined;
  const sort = named("sort");
  return {
    // A filter reads * as any text. The page sends names of models.
    model: named("model"),
    grep: named("grep"),
    since: named("since"),
    sort: sort !== undefined && Object.hasOwn(SORTS, sort) ? sort as keyof typeof SORTS : undefined,
  };
}
