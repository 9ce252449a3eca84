/** The recipes of docs/proxy.md, run as they are written, where their tool is installed. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { defaultFlags, programPath } from "./processes.ts";
import { startProvider } from "./provider/provider.ts";
import { slowTest, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

/** Why the recipe of a tool cannot run here. */
function missing(tool: string, ...args: string[]): string | undefined {
  if (process.platform === "win32") return "The recipes are written for a POSIX shell.";
  try {
    execFileSync(tool, args, { stdio: "ignore" });
    return undefined;
  } catch {
    return `${tool} is missing.`;
  }
}

/** The commands of a recipe, without comments. */
function recipe(title: string): string {
  const page = readFileSync(new URL("../docs/proxy.md", import.meta.url), "utf8");
  const [, section = ""] = page.split(`\n### ${title}\n`);
  const [, commands] = /```sh\n([^]*?)```/.exec(section) ?? [];
  assert.ok(commands, title);
  return commands.replaceAll(/ {2,}#.*$/gm, "");
}

/** A folder with a command `cachy`, a shell in it, and a provider, which can be stopped. */
async function workplace(t: TestContext) {
  const provider = await startProvider({ pause: 1 });
  let stopped: Promise<void> | undefined;
  const stop = () => stopped ??= provider.stop();
  t.after(stop);
  const folder = temporaryFolder(t);
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const words = [process.execPath, ...defaultFlags(), programPath("cli")].map((word) => `'${word}'`);
  writeFileSync(join(bin, "cachy"), `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
  chmodSync(join(bin, "cachy"), 0o755);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    OPENAI_BASE_URL: `${provider.url}/v1`,
    OPENAI_API_KEY: "sk-recipe-credential-0123456789",
  };
  for (const name of Object.keys(env)) {
    if (/^(?:CI$|CACHY_|NODE_TEST_CONTEXT$)/.test(name)) delete env[name];
  }
  const start = (script: string) => {
    const child = spawn("sh", ["-c", script], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (data) => output[name] += data);
    }
    const exit = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
      child.on("close", (code) => resolve({ code, ...output }))
    );
    return { child, exit, output };
  };
  return { folder, provider, stop, start, sh: (script: string) => start(script).exit };
}

slowTest("the recipe for curl records, streams with -N, and replays the same bytes without the provider", {
  skip: missing("curl", "--version"),
}, async (t) => {
  const { folder, provider, stop, start, sh } = await workplace(t);
  const command = recipe("curl");
  const streamed = command.replace("curl -s ", "curl -sN ").replace('{\\"model', '{\\"stream\\":true,\\"model');
  assert.notEqual(streamed.length, command.length);
  const live = await sh(command);
  assert.match(live.stderr, /0 hits, 1 miss, 1 recorded/);
  assert.match(live.stdout, /"choices"/);

  provider.fault = "hold";
  const stream = start(streamed);
  await new Promise<void>((resolve) =>
    stream.child.stdout.on("data", () => stream.output.stdout.includes("\n\n") && resolve())
  );
  assert.doesNotMatch(stream.output.stdout, /\[DONE\]/);
  provider.release();
  const { stdout } = await stream.exit;
  assert.match(stdout, /\[DONE\]\n\n$/);

  await stop();
  for (const [script, bytes] of [[command, live.stdout], [streamed, stdout]] as const) {
    const replayed = await sh(script.replace("cachy run", "cachy run --mode replay --strict"));
    assert.deepEqual([replayed.code, replayed.stdout], [0, bytes], replayed.stderr);
  }
  assert.doesNotMatch(readFileSync(join(folder, "cachy.jsonl"), "utf8"), /credential/);
});

/** Runs the line of a recipe that records, and the one that replays. */
async function recordAndReplay(record: string, replay: string, { sh, stop }: Awaited<ReturnType<typeof workplace>>) {
  const live = await sh(record);
  assert.match(live.stderr, /0 hits, 1 miss, 1 recorded/, live.stdout);
  assert.equal(live.code, 0, live.stdout + live.stderr);
  await stop();
  const replayed = await sh(replay);
  assert.match(replayed.stderr, /1 hit, 0 misses, 0 recorded/, replayed.stdout);
  assert.equal(replayed.code, 0);
}

slowTest("the recipe for pytest records, and replays without the provider", {
  skip: missing("python3", "-m", "pytest", "--version"),
}, async (t) => {
  const place = await workplace(t);
  writeFileSync(join(place.folder, "test_chat.py"), PYTHON_TEST);
  const [record = "", replay = ""] = recipe("Python and pytest").trim().split("\n");
  await recordAndReplay(record, replay, place);
});

const PYTHON_TEST = `
import http.client, json, os
from urllib.parse import urlsplit

def test_chat():
    base = urlsplit(os.environ["OPENAI_BASE_URL"])
    connection = http.client.HTTPConnection(base.hostname, base.port)
    body = {"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello"}]}
    connection.request("POST", base.path + "/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
    assert json.load(connection.getresponse())["choices"]
`;

slowTest("the recipe for Go records, and replays without the provider", {
  skip: missing("go", "version"),
}, async (t) => {
  const place = await workplace(t);
  writeFileSync(join(place.folder, "go.mod"), "module example.com/chat\n\ngo 1.18\n");
  writeFileSync(join(place.folder, "chat_test.go"), GO_TEST);
  const replay = recipe("Go").trim();
  await recordAndReplay(replay.replace("--mode replay --strict ", ""), replay, place);
});

const GO_TEST = `package chat

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

func TestChat(t *testing.T) {
	body := strings.NewReader(\`{"model":"gpt-4.1","messages":[{"role":"user","content":"Hello"}]}\`)
	response, err := http.Post(os.Getenv("OPENAI_BASE_URL")+"/chat/completions", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(text), "choices") {
		t.Fatal(err, string(text))
	}
}
`;
