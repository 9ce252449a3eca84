/** A real Redis for tests: the `redis-server` of the system, on a free loopback port, without persistence. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import process from "node:process";

/** Why tests that need Redis are skipped; undefined if `redis-server` is on the PATH. */
export const redisIsMissing: string | undefined = spawnSync("redis-server", ["--version"]).status === 0
  ? undefined
  : "redis-server is missing.";

/** A server that can be killed and restarted. */
export interface RedisServer {
  /** "redis://127.0.0.1:PORT"; the port stays the same after a restart. */
  readonly url: string;
  /** The id of the current process. */
  readonly pid: number;
  /** Starts it again on the same port, without entries. */
  start(): Promise<void>;
  /** Kills it, without notice to its clients. */
  kill(): Promise<void>;
}

/** Starts a server and waits until it responds. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  let server = await spawnServer(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return server.pid ?? 0;
    },
    async start() {
      server = await spawnServer(port);
    },
    kill: () => endOf(server),
  };
}

async function spawnServer(port: number): Promise<ChildProcess> {
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", ""];
  const server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "ignore"] });
  const kill = () => void server.kill("SIGKILL");
  process.once("exit", kill); // A test file that ends early leaves no server behind.
  server.once("exit", () => process.off("exit", kill));
  await ready(server);
  return server;
}

function ready(server: ChildProcess): Promise<void> {
  let output = "";
  return new Promise((resolve, reject) => {
    server.stdout?.on("data", (text) => {
      output += text;
      if (/ready to accept connections/i.test(output)) resolve();
    });
    server.once("error", reject);
    server.once("exit", () => reject(new Error(`redis-server ended: ${output}`)));
  });
}

function endOf(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) {
      return resolve();
    }
    server.once("exit", () => resolve());
    server.kill("SIGKILL");
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
