/**
 * The provider, in a separate process, so that it does not share the event loop with the benchmark. Prints its URL.
 *
 * - `/first`: an event stream of 20 chunks with small pauses
 * - `/events?count=…`: an event stream of that many small events at full speed
 * - `/large?type=…&bytes=…`: a body of about that many bytes in that content type, as fast as it is read
 * - `/v1/chat/completions`: the response to a chat; a stream takes half a second
 * - `/asked`: the number of requests for chats
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { chatAnswer, chatEvent, chatNumber, DONE, EVENTS } from "./chat.mjs";

const SHORT_PAUSE_MS = 1;
const STREAM_MS = 500;
const BLOCK_BYTES = 1 << 16;
/** If it is free: recordings of an earlier run can be replayed only with the same URL. */
const USUAL_PORT = 47_863;

let asked = 0;

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const body = await textOf(request); // the response starts when the request is complete
  if (pathname === "/asked") response.end(String(asked));
  else if (pathname === "/first") await sendSlowly(response, 1, SHORT_PAUSE_MS);
  else if (pathname === "/events") sendAtOnce(response, Number(searchParams.get("count")));
  else if (pathname === "/large") {
    await sendLarge(response, searchParams.get("type") ?? "", Number(searchParams.get("bytes")));
  } else await sendAnswer(response, body);
});
server.on("listening", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
server.once("error", () => server.listen(0, "127.0.0.1"));
server.listen(USUAL_PORT, "127.0.0.1");

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

async function sendAnswer(response: ServerResponse, body: string): Promise<void> {
  asked++;
  const number = chatNumber(body);
  if (JSON.parse(body).stream) await sendSlowly(response, number, STREAM_MS / EVENTS);
  else response.writeHead(200, { "content-type": "application/json" }).end(chatAnswer(number));
}

async function sendSlowly(response: ServerResponse, number: number, pauseMs: number): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let index = 0; index < EVENTS; index++) {
    response.write(chatEvent(number, index));
    await pause(pauseMs);
  }
  response.end(DONE);
}

function sendAtOnce(response: ServerResponse, count: number): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let index = 0; index < count - 1; index++) response.write(chatEvent(1, index));
  response.end(chatEvent(1, count).replace(`"finish_reason":null`, `"finish_reason":"stop"`) + DONE);
}

async function sendLarge(response: ServerResponse, type: string, bytes: number): Promise<void> {
  const isStream = type === "text/event-stream";
  const block = isStream ? blockOfEvents() : new Uint8Array(BLOCK_BYTES).map((_, index) => (index * 7) % 251);
  response.writeHead(200, { "content-type": type });
  for (let sent = 0; sent < bytes; sent += block.length) {
    if (!response.write(block)) await once(response, "drain");
  }
  response.end(isStream ? DONE : undefined);
}

function blockOfEvents(): Uint8Array {
  let text = "";
  for (let index = 0; text.length < BLOCK_BYTES; index++) text += chatEvent(1, index);
  return new TextEncoder().encode(text);
}
