import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { CachyOptions, Entry, Store } from "../mod.ts";
import { defaultDomains } from "../src/request/domains.ts";
import { type CurlCommand, curlOf } from "../src/cli/curl/curl.ts";
import { test, type TestContext } from "./suite.ts";
import { CHAT_URL, jsonPost, temporaryFolder, testCachy } from "./testing.ts";

/** A request as the server received it. */
interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server on this machine, and the requests that it received. */
async function loopback(t: TestContext): Promise<{ readonly origin: string; readonly arrived: Arrived[] }> {
  const arrived: Arrived[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    request.setEncoding("utf8");
    for await (const chunk of request) body += chunk;
    const { method = "", url = "", headers } = request;
    arrived.push({ method, url, headers, body });
    response.setHeader("content-type", "application/json").end(method === "HEAD" ? "" : `{"id":"x"}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, arrived };
}

/** Records a call to the server. */
async function recorded(url: string, init: RequestInit, options: CachyOptions = {}): Promise<Entry> {
  const entries: Entry[] = [];
  const store: Store = { name: "list", find: () => undefined, append: (entry) => void entries.push(entry) };
  const cachy = testCachy({ store, domains: ["127.0.0.1"], ...options });
  await (await cachy.fetch(url, init)).text();
  return entries[0] ?? assert.fail("nothing was recorded");
}

/** Runs a command in a shell, in a temporary folder. @returns What it printed. */
async function run(t: TestContext, { command }: CurlCommand, files: Record<string, string> = {}): Promise<string> {
  const cwd = temporaryFolder(t);
  // From a file, because an argument is limited in length.
  for (const [name, text] of Object.entries({ ...files, "command.sh": `${command}\n` })) {
    writeFileSync(join(cwd, name), text);
  }
  const stdio = ["ignore", "pipe", "pipe"] as const;
  const shell = spawn("sh", ["command.sh"], { cwd, env: { ...process.env, no_proxy: "*" }, stdio: [...stdio] });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) shell[name]?.on("data", (chunk) => output[name] += chunk);
  const code = await new Promise((resolve) => shell.on("close", resolve));
  assert.equal(code, 0, `${command.slice(0, 1000)}\n${output.stderr}`);
  return output.stdout;
}

const commandOf = (entry: Entry) => curlOf(entry) ?? assert.fail("there is no command");
/** A command for a request that is never sent. */
const curl = (request: Partial<NonNullable<Entry["request"]>>) => {
  const whole = { method: "POST", url: CHAT_URL, body: "{}", exact: true, ...request };
  return commandOf({ key: "00000000", response: "", request: whole });
};

const hasCurl = spawnSync("curl", ["--version"]).status === 0 && spawnSync("sh", ["-c", "exit 0"]).status === 0;
const skip = hasCurl ? undefined : "curl or sh is missing.";

test("curlOf() sends the JSON that the program sent, with all characters that a shell interprets", {
  skip,
}, async (t) => {
  const { origin, arrived } = await loopback(t);
  const body = { input: `it's "$HOME" \`id\` \\n !! é😀 %s @file`, n: 1.5, stream: true };
  const url = `${origin}/v1/chat?a[]=1&b={x,y}&c=[1-3]&d=it's`;
  const entry = await recorded(url, jsonPost(body, { "anthropic-beta": `a "b" $c 'd'`, "x-empty": "" }), {
    keyHeaders: ["x-empty"],
  });
  const command = commandOf(entry);
  assert.deepEqual([command.isExact, command.notes], [true, []]);
  assert.equal(await run(t, command), `{"id":"x"}`);
  const [sent, repeated] = arrived;
  assert.deepEqual([repeated?.method, repeated?.url], [sent?.method, sent?.url]);
  for (const name of ["content-type", "anthropic-beta", "x-empty"]) {
    assert.equal(repeated?.headers[name], sent?.headers[name], name);
  }
  assert.deepEqual(JSON.parse(repeated?.body ?? ""), body);
});

test("curlOf() returns a command for every method, with and without a body", { skip }, async (t) => {
  const { origin, arrived } = await loopback(t);
  const inits: RequestInit[] = [
    {},
    { method: "HEAD" },
    { method: "DELETE" },
    { method: "POST" },
    { ...jsonPost("[1]"), method: "PUT" },
    { ...jsonPost("[1]"), method: "DELETE" },
  ];
  for (const init of inits) await run(t, commandOf(await recorded(`${origin}/v1/models`, init)));
  for (let at = 0; at < arrived.length; at += 2) {
    const [sent, repeated] = arrived.slice(at, at + 2);
    assert.equal(repeated?.method, sent?.method);
    assert.equal(repeated?.body, sent?.body);
    assert.equal(repeated?.headers["content-type"], sent?.headers["content-type"]);
    assert.equal(repeated?.headers["content-length"] ?? "0", sent?.headers["content-length"] ?? "0");
  }
  assert.equal(arrived.length, 2 * inits.length);
  // Without a length, some servers refuse a POST.
  const empty = arrived.filter(({ method, body }) => method === "POST" && body === "").at(-1);
  assert.deepEqual([empty?.headers["content-length"], empty?.headers["content-type"]], ["0", undefined]);
});

test("curlOf() sends long bodies, forms and texts byte for byte", { skip }, async (t) => {
  const { origin, arrived } = await loopback(t);
  const text = { "content-type": "text/plain" };
  const boundary = { "content-type": "multipart/related; boundary=b0undary" };
  const part = `--b0undary\r\ncontent-type: text/plain\r\n\r\n'1'\r\n--b0undary--\r\n`;
  const inits: RequestInit[] = [
    { method: "POST", body: new URLSearchParams({ q: "it's é & @x" }) },
    { method: "POST", body: `@a text\n'with' lines\n\n`, headers: text },
    { method: "POST", body: part, headers: boundary },
    { method: "POST", body: "\0 \x1b[201~ \u0085 é \\033 \\n it's %s\r\n\n", headers: text },
    { method: "POST", body: `it's \\n %s ${"long ".repeat(100_000)}`, headers: text },
  ];
  for (const init of inits) {
    await run(t, commandOf(await recorded(`${origin}/v1/x`, init, { keepRequest: "whole" })));
    const [sent, repeated] = arrived.splice(0);
    assert.equal(repeated?.body, sent?.body.replaceAll("b0undary", "cachy-boundary"));
    const [type = "", kept = ""] = [sent, repeated].map((one) => one?.headers["content-type"]?.split(";")[0]);
    assert.equal(kept, type);
  }
});

/** Form values are sent with CR LF, whatever line ends they had. */
const PURPOSE = `@it's; "x" \x1b \\n\r\n\r\n`;

test("curlOf() sends a form, with its files from the working directory", { skip }, async (t) => {
  const { origin, arrived } = await loopback(t);
  const form = new FormData();
  form.append("purpose", PURPOSE);
  form.append("file", new Blob(["content"]), `../up/tr"ain.jsonl`);
  const whole = commandOf(
    await recorded(`${origin}/v1/files`, { method: "POST", body: form }, { keepRequest: "whole" }),
  );
  assert.deepEqual([whole.isExact, whole.notes], [
    false,
    [`Put these files into the working directory: "tr\\"ain.jsonl".`],
  ]);
  await run(t, whole, { [`tr"ain.jsonl`]: "content" });
  const type = arrived[1]?.headers["content-type"] ?? "";
  const received = await new Response(arrived[1]?.body, { headers: { "content-type": type } }).formData();
  assert.equal(received.get("purpose"), PURPOSE);
  assert.equal(await (received.get("file") as File).text(), "content");
  const brief = commandOf(await recorded(`${origin}/v1/files`, { method: "POST", body: form }));
  assert.match(brief.notes[0] ?? "", /^The file contains only the SHA-256 of each form value/);
  assert.equal(brief.isExact, false);
});

test("curlOf() writes one option per line, and a variable in place of the credential", () => {
  const { command, isExact, notes } = curl({ body: `{"model": "gpt", "stream": true}` });
  assert.equal(
    command,
    [
      "curl https://api.openai.com/v1/chat/completions",
      "--no-buffer",
      `--header "authorization: Bearer $OPENAI_API_KEY"`,
      "--header 'content-type: application/json'",
      `--data-raw '{"model": "gpt", "stream": true}'`,
    ].join(" \\\n  "),
  );
  assert.deepEqual([isExact, notes], [true, []]);
});

test("curlOf() uses the credential header of each API", () => {
  const headers: readonly (readonly [url: string, header: string])[] = [
    [
      "https://api.anthropic.com/v1/messages",
      `"x-api-key: $ANTHROPIC_API_KEY" \\\n  --header 'anthropic-version: 2023-06-01'`,
    ],
    ["https://generativelanguage.googleapis.com/v1beta/models/m:generateContent", `"x-goog-api-key: $GEMINI_API_KEY"`],
    [
      "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
      `"authorization: Bearer $GEMINI_API_KEY"`,
    ],
    [
      "https://me.openai.azure.com/openai/deployments/d/chat/completions?api-version=1",
      `"api-key: $AZURE_OPENAI_API_KEY"`,
    ],
    [
      "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke",
      `"authorization: Bearer $AWS_BEARER_TOKEN_BEDROCK"`,
    ],
    ["https://api.mistral.ai/v1/chat/completions", `"authorization: Bearer $MISTRAL_API_KEY"`],
    ["https://fal.run/fal-ai/flux/dev", `"authorization: Key $FAL_KEY"`],
    ["https://api.deepgram.com/v1/listen", `"authorization: Token $DEEPGRAM_API_KEY"`],
    ["https://api.assemblyai.com/v2/transcript", `"authorization: $ASSEMBLYAI_API_KEY"`],
    ["https://api.exa.ai/search", `"x-api-key: $EXA_API_KEY" \\\n  --header 'content-type`],
    ["https://api.cohere.com/v2/chat", `"authorization: Bearer $CO_API_KEY"`],
    ["https://router.huggingface.co/v1/chat/completions", `"authorization: Bearer $HF_TOKEN"`],
  ];
  for (const [url, header] of headers) assert.ok(curl({ url }).command.includes(`--header ${header}`), url);
});

test("curlOf() knows all APIs that are cached by default, except those without an API key", () => {
  const hosts = defaultDomains.filter((domain) => typeof domain === "string");
  const unknown = hosts.filter((host) => {
    const url = host.includes("://") ? `${host}/x` : `https://${host}/v1`;
    return !curl({ url }).command.includes("$");
  });
  const none = ["chatgpt.com", "api.githubcopilot.com", "gateway.ai.cloudflare.com", "gateway.helicone.ai"];
  assert.deepEqual(unknown, none);
  const regional = curl({ url: "https://us-central1-aiplatform.googleapis.com/v1" }).command;
  assert.match(regional, /Bearer \$GOOGLE_ACCESS_TOKEN/);
});

test("curlOf() contains no character that a terminal interprets as a key press", () => {
  const controls = "\x1b[201~\x07\x7f\u009b\r";
  const { command } = curl({
    body: controls,
    headers: { "x-a": "\x1b[201~" },
    url: `https://a.example/?${encodeURIComponent(controls)}`,
  });
  assert.doesNotMatch(command, /[^\P{Cc}\n]/u);
  const form = curl({ body: JSON.stringify([["a", null, controls], ["b", controls, "base64:"]]), exact: false });
  assert.doesNotMatch(form.command, /[^\P{Cc}\n]/u);
});

test("curlOf() sends no credential to an unknown API, nor without encryption", () => {
  const urls = ["https://api.openai.com.evil.example/v1", "http://api.openai.com/v1", "https://llm.example/v1"];
  for (const url of urls) {
    const { command, notes } = curl({ url });
    assert.ok(!command.includes("$"), url);
    assert.deepEqual(notes, [`The credential header of ${new URL(url).host} is unknown. Add the header.`]);
  }
  assert.deepEqual(curl({ url: "http://localhost:11434/api/chat" }).notes, []);
});

test("curlOf() says which parts of a request the file does not contain", () => {
  const long = curl({ body: `{"input": "[5000 characters, sha256 ${"0".repeat(64)}]"}`, exact: false });
  assert.equal(long.isExact, false);
  assert.match(long.notes[0] ?? "", /record with \{ keepRequest: "whole" \}\.$/);
  const redacted = curl({ body: `{"token": "[redacted]"}`, exact: false });
  assert.deepEqual(redacted.notes, [
    "The file does not contain the secrets of the request. Replace [redacted] with them.",
  ]);
  const url = curl({ exact: false });
  assert.deepEqual(url.notes, ["Secrets were removed from the request."]);
  for (const body of [`[3 bytes, sha256 ${"0".repeat(64)}]`, "base64:AAEC"]) {
    const { command, isExact, notes } = curl({ body, exact: false });
    assert.match(command, /--data-binary @request-body$/);
    assert.equal(isExact, false);
    assert.match(notes.at(-1) ?? "", /Save the body as "request-body"/);
  }
});

test("curlOf() writes a variable in place of a redacted credential that belongs to the digest", () => {
  const { command, isExact } = curl({ headers: { authorization: "[redacted]" }, exact: false });
  assert.match(command, /"authorization: Bearer \$OPENAI_API_KEY"/);
  assert.ok(!command.includes("[redacted]"));
  assert.equal(isExact, false);
  const version = curl({
    url: "https://api.anthropic.com/v1/messages",
    headers: { "anthropic-version": "2099-01-01" },
  });
  assert.deepEqual(version.command.match(/anthropic-version: [\d-]+/g), ["anthropic-version: 2099-01-01"]);
});

test("curlOf() returns undefined if the entry has no valid request", () => {
  const requests: unknown[] = [
    undefined,
    { method: "POST", url: "nowhere", body: "", exact: true },
    { method: "POST", url: "file:///etc/hosts", body: "", exact: true },
    { method: "POST", url: CHAT_URL, body: "", exact: true, headers: { "@file": "" } },
  ];
  for (const request of requests) {
    assert.equal(curlOf({ key: "00000000", response: "", request: request as Entry["request"] }), undefined);
  }
});
