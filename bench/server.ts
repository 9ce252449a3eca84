/**
 * The provider, in a process of its own so that it does not share the event loop with what is measured. Prints its URL.
 *
 * - `/first`: an event stream of 20 chunks with small pauses
 * - `/large?type=…&bytes=…`: a body of about that many bytes in that content type, as fast as it is read
 */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const CHUNKS = 20;
const PAUSE_MS = 1;
const BLOCK_BYTES = 1 << 16;
const DONE = "data: [DONE]\n\n";

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  for await (const _ of request); // the answer starts when the request is whole
  if (pathname === "/first") await sendSlowly(response);
  else await sendLarge(response, searchParams.get("type") ?? "", Number(searchParams.get("bytes")));
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));

async function sendSlowly(response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let index = 0; index < CHUNKS; index++) {
    response.write(chatEvent(index));
    await pause(PAUSE_MS);
  }
  response.end(DONE);
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
  for (let index = 0; text.length < BLOCK_BYTES; index++) text += chatEvent(index);
  return new TextEncoder().encode(text);
}

function chatEvent(index: number): string {
  const choices = [{ index: 0, delta: { content: ` word number ${index}` }, finish_reason: null }];
  const chunk = {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "gpt-4.1",
    choices,
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}
