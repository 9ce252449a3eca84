/** `cachy run` with real programs: recorded, and replayed by a new process while the provider is down. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  defaultFlags,
  type Exit,
  type Program,
  type ProgramOptions,
  programPath as programFile,
  startProgram,
} from "./processes.ts";
import { cachyOn } from "./cli.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, beforeEach, slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
beforeEach(() => provider.reset());
after(() => provider.stop());

const NO_PYTHON = (() => {
  try {
    execFileSync("python3", ["--version"]);
    return undefined;
  } catch {
    return "python3 is missing.";
  }
})();

const programPath = (name: string) => fileURLToPath(new URL(`../tests/programs/${name}`, import.meta.url));

function startRun(
  folder: string,
  command: readonly string[],
  options: ProgramOptions = {},
  ...args: string[]
): Program {
  const env = { OPENAI_BASE_URL: `${provider.url}/v1`, ...options.env };
  return startProgram("cli", [
    "run",
    "--file",
    join(folder, "cachy.jsonl"),
    ...args,
    "--",
    ...command,
  ], {
    ...options,
    cwd: folder,
    env,
  });
}

const run = (...args: Parameters<typeof startRun>): Promise<Exit> => startRun(...args).exit;

test(
  "cachy run records a Python program, and replays it in a new process without a request to the provider",
  {
    skip: NO_PYTHON,
  },
  async (t) => {
    const folder = temporaryFolder(t);
    const command = ["python3", programPath("ask_http.py"), "stream", "exit"];
    const live = await run(folder, command);
    assert.match(
      live.stderr,
      /^cachy: 0 hits, 1 miss, 1 recorded \(.*cachy\.jsonl\)\n$/,
    );
    assert.equal(live.code, 7);
    const [asked] = provider.requests;
    assert.equal(
      asked?.headers.authorization,
      "Bearer sk-python-credential-0123456789",
    );
    assert.ok(Number(asked?.headers["content-length"]) > 0);

    const replayed = await run(
      folder,
      command,
      {},
      "--mode",
      "replay",
      "--strict",
    );
    assert.match(
      replayed.stderr,
      /^cachy: 1 hit, 0 misses, 0 recorded; saved \d+ tokens and [\d.]+ m?s /,
    );
    assert.deepEqual([replayed.code, replayed.stdout], [7, live.stdout]);
    assert.match(live.stdout, /^200 text\/event-stream/);
    assert.equal(provider.requests.length, 1);
    const file = readFileSync(join(folder, "cachy.jsonl"), "utf8");
    assert.equal(file.split("\n").length, 2);
    assert.doesNotMatch(file, /credential/);
  },
);

slowTest("two programs under cachy run record into one file at the same time", { skip: NO_PYTHON }, async (t) => {
  const folder = temporaryFolder(t);
  const commands = [["stream"], []].map((args) => ["python3", programPath("ask_http.py"), ...args]);
  const live = await Promise.all(commands.map((command) => run(folder, command)));
  for (const { stderr } of live) assert.match(stderr, /0 hits, 1 miss, 1 recorded/);
  assert.equal(readFileSync(join(folder, "cachy.jsonl"), "utf8").trim().split("\n").length, 2);
  for (const [at, command] of commands.entries()) {
    const { code, stdout } = await run(folder, command, {}, "--mode", "replay", "--strict");
    assert.deepEqual([code, stdout], [0, live[at]?.stdout]);
  }
});

slowTest("a program that is killed in the middle of a stream leaves no half recording", {
  skip: NO_PYTHON ?? (process.platform === "win32" ? "Windows has no signals." : undefined),
}, async (t) => {
  const folder = temporaryFolder(t);
  provider.fault = "hold";
  const script = `python3 '${programPath("ask_http.py")}' stream & echo started $!; wait $!`;
  const program = startRun(folder, ["sh", "-c", script]);
  let output = "";
  program.child.stdout?.on("data", (data) => output += data);
  await program.printed("started");
  await provider.whenAsked(1);
  process.kill(Number(/started (\d+)/.exec(output)?.[1]), "SIGKILL");
  const { code, stderr } = await program.exit;
  assert.equal(code, 137);
  assert.match(stderr, /0 hits, 1 miss, 0 recorded/);
  await provider.whenClosed();
});

const IS_WINDOWS = process.platform === "win32" ? "Windows has no signals." : undefined;

slowTest(
  "cachy run passes on exit codes and signals, and explains a command that does not exist",
  {
    skip: IS_WINDOWS,
  },
  async (t) => {
    const folder = temporaryFolder(t);
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      const script = `trap 'echo got ${signal}; exit 9' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`;
      const program = startRun(folder, ["sh", "-c", script]);
      await program.printed("ready");
      process.kill(program.child.pid as number, signal);
      const { code, stdout, stderr } = await program.exit;
      assert.deepEqual([code, stdout], [9, `ready\ngot ${signal}\n`]);
      assert.match(stderr, /^cachy: 0 hits, 0 misses, 0 recorded/);
    }
    const killed = await run(folder, ["sh", "-c", "kill -KILL $$"]);
    assert.equal(killed.code, 137);
    const missing = await run(folder, ["no-such-program"]);
    assert.deepEqual([missing.code, missing.stdout], [127, ""]);
    assert.match(
      missing.stderr,
      /^cachy: Cannot run no-such-program: there is no such program\. Check the name and PATH/m,
    );
    const data = await run(folder, [folder]);
    assert.equal(data.code, 126);
    assert.match(data.stderr, /^cachy: Cannot run \S+: it is not an executable file\./m);
  },
);

slowTest(
  "cachy run passes on stdin, the other options and the variables of providers",
  { skip: IS_WINDOWS },
  async (t) => {
    const folder = temporaryFolder(t);
    const script = "cat; echo $ANTHROPIC_BASE_URL $OWN_URL $OPENAI_BASE_URL $NO_PROXY; exit 3";
    const program = startRun(
      folder,
      ["sh", "-c", script],
      {
        env: { HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: "a.example" },
        stdin: "from stdin\n",
      },
      ...[
        "--env",
        "OWN_URL=http://llm.local/v1",
        "--env",
        "OTHER_URL=https://llm.example/v1",
      ],
    );
    const { code, stdout } = await program.exit;
    const [first, second = ""] = stdout.split("\n");
    const { host } = new URL(provider.url);
    assert.deepEqual([code, first], [3, "from stdin"]);
    assert.match(
      second.replaceAll(/http:\/\/127\.0\.0\.1:\d+\//g, "/"),
      new RegExp(
        `^/api.anthropic.com /http/llm.local/v1 /${host}/v1 a.example,127.0.0.1,localhost$`,
      ),
    );
  },
);

slowTest("cachy run --strict exits with code 1 after a miss, and CI replays", {
  skip: NO_PYTHON,
}, async (t) => {
  const folder = temporaryFolder(t);
  const command = ["python3", programPath("ask_http.py")];
  const { code, stdout, stderr } = await run(folder, command, {
    env: { CI: "true" },
  }, "--strict");
  assert.match(stdout, /^406 application\/json /);
  assert.equal(code, 1);
  assert.match(stderr, /cachy: 0 hits, 1 miss, 0 recorded/);
  assert.match(stderr, /cachy: exit code 1, because --strict is set and 1 request had no recording\./);
  assert.equal((await run(folder, command, { env: { CI: "true" } })).code, 0);
  assert.equal(provider.requests.length, 0);
});

test("cachy run and cachy proxy name wrong options and variables", async (t) => {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  const { port } = new URL(provider.url);
  const wrong: readonly (readonly [RegExp, ...string[]])[] = [
    [
      /Cannot use --mode live: expected one of auto, replay/,
      "run",
      "true",
      "--mode",
      "live",
    ],
    [
      /Cannot use --env OWN_URL: expected NAME=URL/,
      "run",
      "true",
      "--env",
      "OWN_URL",
    ],
    [
      /Cannot use \*\.example in --domains: expected hosts/,
      "run",
      "true",
      "--domains",
      "*.example",
    ],
    [
      /Cannot use --preset x: expected one of claude-agent/,
      "run",
      "true",
      "--preset",
      "x",
    ],
    [/Cannot use --port 70000: expected a number/, "proxy", "--port", "70000"],
    [
      /Cannot use --cors \*: expected the origin of a page/,
      "proxy",
      "--cors",
      "*",
    ],
    [
      new RegExp(`Cannot listen on port ${port}: it is in use`),
      "proxy",
      "--port",
      port,
    ],
    [/Cannot run run: -- COMMAND… is missing/, "run"],
  ];
  for (const [expected, ...args] of wrong) {
    const { code, stderr } = await cachyOn(file, ...args);
    assert.equal(code, 2);
    assert.match(stderr, expected);
  }
  process.env.OPENAI_BASE_URL = "localhost";
  try {
    const { stderr } = await cachyOn(file, "run", "true");
    assert.match(
      stderr,
      /^cachy: Cannot use OPENAI_BASE_URL=localhost: expected a URL/,
    );
  } finally {
    delete process.env.OPENAI_BASE_URL;
  }
});

slowTest(
  "cachy proxy prints its address and the variables, serves a page, and ends on a signal",
  {
    skip: IS_WINDOWS,
  },
  async (t) => {
    const folder = temporaryFolder(t);
    const page = "http://localhost:3000";
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const program = startProgram("cli", [
        "proxy",
        "--file",
        join(folder, "cachy.jsonl"),
        "--cors",
        page,
      ], {
        cwd: folder,
        env: { OPENAI_BASE_URL: `${provider.url}/v1` },
      });
      let output = "";
      program.child.stdout?.on("data", (data) => output += data);
      await program.printed("FIRECRAWL_API_URL=");
      const [, address] = /^cachy listens on (http:\/\/127\.0\.0\.1:\d+) and records into .*cachy\.jsonl\./
        .exec(output) ?? [];
      const [, baseUrl] = /^OPENAI_BASE_URL=(.*)$/m.exec(output) ?? [];
      assert.equal(baseUrl, `${address}/${new URL(provider.url).host}/v1`);
      const body = JSON.stringify({ model: "gpt-4.1", messages: [] });
      const response = await fetch(`${baseUrl}/chat/completions`, {
        method: "POST",
        body,
      });
      assert.equal(response.status, 200);
      await response.text();
      process.kill(program.child.pid as number, signal);
      const { code, stderr } = await program.exit;
      assert.equal(code, 0);
      assert.match(
        stderr,
        signal === "SIGINT" ? /0 hits, 1 miss, 1 recorded/ : /1 hit, 0 misses/,
      );
    }
  },
);

/** What the clients of `ask_by_clients.ts` received, by name. */
const answersOf = ({ stdout }: Exit) =>
  new Map<string, unknown>(
    stdout.trim().split("\n").map((line) => JSON.parse(line)),
  );

slowTest(
  "clients that do not use fetch are recorded, and replayed in a new process without a request to the provider",
  async (t) => {
    const folder = temporaryFolder(t);
    const path = programFile("ask_by_clients");
    const command = [process.execPath, ...defaultFlags(path), path];
    const env = {
      CEREBRAS_BASE_URL: provider.url,
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: provider.url,
    };
    const named = ["--env", `AZURE_AI_ENDPOINT=${provider.url}/models`];
    const live = await run(folder, command, { env }, ...named);
    const received = answersOf(live);
    assert.equal(received.size, 13, live.stdout + live.stderr);
    for (const answer of received) {
      assert.doesNotMatch(JSON.stringify(answer), /"failed"|\[null\]/);
    }
    const asked = provider.requests.length;
    const replayed = await run(
      folder,
      command,
      { env },
      ...named,
      "--mode",
      "replay",
      "--strict",
    );
    assert.deepEqual(answersOf(replayed), received);
    assert.deepEqual(
      [replayed.code, provider.requests.length],
      [0, asked],
      replayed.stderr,
    );
    assert.doesNotMatch(
      readFileSync(join(folder, "cachy.jsonl"), "utf8"),
      /credential/,
    );
  },
);
