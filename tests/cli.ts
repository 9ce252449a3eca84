import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { CachyOptions } from "../mod.ts";
import { concatBytes, utf8 } from "../src/lib/bytes.ts";
import { commands } from "../src/cli/commands/all.ts";
import { runCommandLine } from "../src/cli/app/run_command_line.ts";
import { type Exit, runProgram } from "./processes.ts";
import { thisRuntime } from "./sdk/case.ts";
import {
  CHAT_URL,
  chatEvents,
  jsonAnswer,
  jsonPost,
  network,
  streamAnswer,
  temporaryFolder,
  testCachy,
} from "./testing.ts";

/** What pycachy recorded from the real APIs. It is not part of this repository. */
export const PYCACHY_FILE = fileURLToPath(new URL("../../shared/fixtures/pycachy-recorded.jsonl", import.meta.url));
export const NO_PYCACHY_FILE = existsSync(PYCACHY_FILE) ? undefined : `${PYCACHY_FILE} is missing.`;

/** Runs the command line in a separate process, as the README describes. On Deno it may only read and write. */
export function cachy(cwd: string, ...args: readonly string[]): Promise<Exit> {
  const flags = thisRuntime().name === "deno" ? ["run", "-RW", "--no-check"] : undefined;
  return runProgram("cli", args, { cwd, flags });
}

/** The same in this process, on one file. It takes a hundredth of the time. */
export async function cachyOn(file: string, ...args: readonly string[]): Promise<Exit> {
  const printed: Uint8Array[] = [];
  let stderr = "";
  const printAll = (lines: Iterable<string>) => {
    for (const line of lines) printed.push(utf8(`${line}\n`));
  };
  const command = commands.find(({ name }) => name === args[0]);
  const named = !command || "file" in command.options ? ["--file", file] : [];
  const code = await runCommandLine([...args, ...named], commands, {
    print: (...lines) => printAll(lines),
    printAll: (lines) => Promise.resolve(printAll(lines)),
    printBytes: (bytes) => void printed.push(bytes),
    note: (line) => void (stderr += `${line}\n`),
    flush: () => Promise.resolve(),
    width: undefined,
    paint: (text) => text,
    confirm: () => Promise.resolve(undefined),
  });
  return { code, stdout: new TextDecoder().decode(concatBytes(printed)), stderr };
}

/** The output of a command with `--json`, run in this process. */
export async function cachyJson(file: string, ...args: readonly string[]): Promise<unknown> {
  const { stdout, stderr } = await cachyOn(file, ...args, "--json");
  try {
    return JSON.parse(stdout);
  } catch (cause) {
    throw new Error(`${args.join(" ")} printed no JSON: ${stdout}${stderr}`, { cause });
  }
}

/** What is recorded for a test: the request, and the response of the network. */
export interface Sample {
  readonly url: string;
  readonly request: RequestInit;
  readonly answer: () => Response;
}

export const WEATHER: Sample = {
  url: CHAT_URL,
  request: jsonPost({
    model: "gpt-4.1",
    temperature: 0.2,
    messages: [{ role: "system", content: "Be brief." }, { role: "user", content: "How is the weather in Paris?" }],
    tools: [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }],
  }),
  answer: () => {
    const call = { id: "call_1", type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } };
    const message = { role: "assistant", content: null, tool_calls: [call] };
    const usage = { prompt_tokens: 40, completion_tokens: 7, total_tokens: 47 };
    return jsonAnswer({ model: "gpt-4.1", choices: [{ index: 0, message, finish_reason: "tool_calls" }], usage });
  },
};

/** A stream with characters that take two columns of a terminal. */
export const GREETING: Sample = {
  url: CHAT_URL,
  request: jsonPost({
    model: "gpt-5-mini",
    stream: true,
    messages: [{ role: "user", content: "日本語で挨拶して 👩‍🚀" }],
  }),
  answer: () => streamAnswer(chatEvents("こんにちは、世界！")),
};

export const MESSAGE: Sample = {
  url: "https://api.anthropic.com/v1/messages",
  request: jsonPost({
    model: "claude-haiku-4-5",
    max_tokens: 100,
    messages: [{ role: "user", content: "Name a colour." }],
  }),
  answer: () =>
    jsonAnswer({
      type: "message",
      role: "assistant",
      model: "claude-haiku-4-5",
      content: [{ type: "thinking", thinking: "Something calm." }, { type: "text", text: "Blue,\nof course." }],
      stop_reason: "end_turn",
      usage: { input_tokens: 10, output_tokens: 5 },
    }),
};

/** Bytes that are not valid UTF-8. */
export const SPEECH: Sample = {
  url: "https://api.openai.com/v1/audio/speech",
  request: jsonPost({ model: "tts-1", voice: "alloy", input: "Hello" }),
  answer: () =>
    new Response(new Uint8Array([0xff, 0xfb, 0, 1, 2, 0xfe, 10, 13]), { headers: { "content-type": "audio/mpeg" } }),
};

export const SAMPLES: readonly Sample[] = [WEATHER, GREETING, MESSAGE, SPEECH];

/** Records samples, one after the other. @returns Their keys. */
export async function record(file: string, samples: readonly Sample[], options: CachyOptions = {}): Promise<string[]> {
  const keys: string[] = [];
  for (const { url, request, answer } of samples) {
    const handle = testCachy({ file, fetch: network(answer).fetch, ...options });
    await (await handle.fetch(url, request)).arrayBuffer();
    for (const event of handle.events) if (event.kind === "recorded") keys.push(event.request.key);
  }
  return keys;
}

/** A project with a file of all samples. */
export async function project(
  t: TestContext,
  samples = SAMPLES,
): Promise<{ folder: string; file: string; keys: string[] }> {
  const folder = temporaryFolder(t);
  const file = join(folder, "cachy.jsonl");
  return { folder, file, keys: await record(file, samples) };
}
