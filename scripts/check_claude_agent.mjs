// @ts-check
/**
 * Records and replays the Claude Agent SDK by `cachy run`: `node scripts/check_claude_agent.mjs`
 *
 * The SDK starts the program of Claude Code, which reads ANTHROPIC_BASE_URL. It is asked twice against the loopback
 * provider, as two sessions in two homes. The second time the provider is down. `.ci/run` does not call this script,
 * because the SDK has 450 MB. The last line is `N passed, N failed`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allPassed, bun, cleanEnvironment, deno, report, root, run, start } from "./run.mjs";

const temporary = mkdtempSync(join(tmpdir(), "claude-agent-"));
const folder = join(root, "tests", "claude_agent");
const node = [process.execPath, "--import", "tsx"];
const runtimes = { Node: node, Bun: bun(), Deno: [...deno(), "run", "-A", "--no-check"] };

await start(async () => {
  try {
    const installed = await run([process.execPath, "scripts/install.mjs", "tests/claude_agent"], []);
    if (!installed.ok) throw new Error(installed.output);
    for (const [name, command] of Object.entries(runtimes)) await check(name, command);
    return allPassed();
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
});

/** @param {string} name @param {readonly string[]} command */
async function check(name, command) {
  const file = join(temporary, `${name}.jsonl`);
  const provider = spawn(node[0] ?? "", [...node.slice(1), "tests/programs/serve.ts"], {
    cwd: root,
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = String((await once(provider.stdout, "data"))[0]).trim();
  const live = await ask(command, [], { file, url, home: `${name}-1` });
  provider.kill();
  const replayed = await ask(command, ["--mode", "replay", "--strict"], { file, url, home: `${name}-2` });
  const isSame = live.ok && replayed.ok && answerOf(live.output) === answerOf(replayed.output);
  const isSecretFree = !readFileSync(file, "utf8").includes("agent-credential");
  report(`${name} replays the Claude Agent SDK`, isSame && isSecretFree, `${live.output}\n${replayed.output}`);
}

/** @param {string} output */
function answerOf(output) {
  return output.split("\n").filter((line) => !line.startsWith("cachy: ")).join("\n");
}

/**
 * @param {readonly string[]} command
 * @param {readonly string[]} options
 * @param {{ file: string, url: string, home: string }} place
 */
async function ask(command, options, { file, url, home }) {
  const HOME = join(temporary, home);
  mkdirSync(HOME);
  const env = { ...cleanEnvironment(), HOME, ANTHROPIC_API_KEY: "sk-ant-agent-credential-00", ANTHROPIC_BASE_URL: url };
  const args = ["run", "--preset", "claude-agent", "--file", file, ...options, "--", process.execPath, "ask.mjs"];
  return await run([...command, join(root, "src", "cli.ts")], args, { cwd: folder, env });
}
