import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { type Cachy, type CachyEvent, type CachyOptions, defaultDomains } from "../mod.ts";
import { type Proxy, startProxy } from "../src/proxy/server.ts";
import { matchDomains } from "../src/request/domains.ts";
import { testCachy } from "./testing.ts";

/** A proxy in this process, with its cache. */
export interface TestProxy extends Proxy {
  readonly cachy: Cachy & { readonly events: CachyEvent[] };
  /** The address that stands for an address of a loopback server. */
  at(url: string): string;
  /** Sends bytes on a connection, and returns all that comes back until the proxy closes it. */
  raw(bytes: string | readonly string[], options?: RawOptions): Promise<string>;
}

export interface RawOptions {
  /** Whether the client closes its half after the last byte. @default {false} */
  readonly halfClose?: boolean;
}

/** Starts a proxy that forwards to LLM APIs and loopback servers. It stops after the test. */
export async function testProxy(
  t: TestContext,
  options: CachyOptions = {},
  pages: readonly string[] = [],
): Promise<TestProxy> {
  const domains = [...defaultDomains, "127.0.0.1", ...options.domains ?? []];
  const cachy = testCachy({ ...options, domains });
  const { maxBodyBytes = 1 << 26 } = options;
  const isForwarded = matchDomains(domains);
  const proxy = await startProxy({ fetch: cachy.fetch, network: fetch, isForwarded, maxBodyBytes, pages });
  t.after(() => proxy.stop());
  const at = (url: string) => `${proxy.address}/${url.replace(/^https?:\/\//, "")}`;
  return { ...proxy, cachy, at, raw: (bytes, options) => raw(proxy, [bytes].flat(), options) };
}

async function raw({ address }: Proxy, pieces: readonly string[], { halfClose = false }: RawOptions = {}) {
  const socket = await connected(address);
  const received = textOf(socket);
  for (const piece of pieces) {
    if (!socket.destroyed) await new Promise((resolve) => socket.write(piece, "latin1", resolve));
    if (pieces.length > 1) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  if (halfClose) socket.end();
  return await received;
}

/** A connection to the proxy. */
export function connected(address: string): Promise<Socket> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true }, () => resolve(socket));
    socket.on("error", reject);
  });
}

/** All that comes from a connection until it is closed. A reset ends it, too. */
export function textOf(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (data) => text += data.toString("latin1"));
  return new Promise((resolve) => {
    const finish = () => {
      socket.destroy();
      resolve(text);
    };
    socket.on("end", finish).on("close", finish).on("error", finish);
  });
}
