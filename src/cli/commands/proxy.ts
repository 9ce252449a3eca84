import process from "node:process";
import { variablesFor } from "../../proxy/variables.ts";
import { defineCommand, FINE, UsageError } from "../app/command.ts";
import { PROXY_OPTIONS, startRecordingProxy, summaryOf } from "./recording_proxy.ts";

const OPTIONS = {
  ...PROXY_OPTIONS,
  cors: {
    type: "list",
    value: "ORIGIN",
    help: "the origin of a page that may use the proxy, such as http://localhost:3000; may be repeated",
  },
} as const;

/** `proxy`: records and replays the calls of every program that is given its address. */
export const proxy = defineCommand({
  name: "proxy",
  summary: "Starts a proxy that records and replays the calls of any program",
  options: OPTIONS,
  examples: ["proxy --port 4141", "proxy --port 4141 --cors http://localhost:3000"],
  notes: [
    "For browsers, notebooks and servers: set the base URL of a client to http://127.0.0.1:PORT/HOST/PATH instead of",
    "https://HOST/PATH. Only programs on this machine can use it, and only LLM APIs that cachy knows are called. Ctrl-C",
    "ends it. On Deno, it needs -A.",
  ],
  async run({ options, terminal }) {
    const origins = (options.cors ?? []).map(originOf);
    const proxy = await startRecordingProxy(options, origins);
    const ended = new Promise((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, resolve);
    });
    const variables = Object.entries(variablesFor(proxy.address, proxy.baseUrls));
    terminal.print(
      `cachy listens on ${proxy.address} and records into ${proxy.cachy.file}. Ctrl-C ends it.`,
      "",
      ...variables.map(([name, value]) => `${name}=${value}`),
    );
    await terminal.flush();
    await ended;
    await proxy.stop();
    terminal.note(summaryOf(proxy.cachy));
    return FINE;
  },
});

function originOf(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new UsageError(`Cannot use --cors ${text}: expected the origin of a page, such as http://localhost:3000.`);
}
