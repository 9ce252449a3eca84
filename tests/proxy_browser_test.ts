/** A real browser: a page that streams by `fetch` and `EventSource`, recorded and replayed by `cachy proxy --cors`. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { startProgram } from "./processes.ts";
import { startProvider } from "./provider/provider.ts";
import { slowTest, type TestContext } from "./suite.ts";
import { chatEvents, temporaryFolder } from "./testing.ts";

const CHROMIUM = "/usr/bin/chromium";
const NO_CHROMIUM = existsSync(CHROMIUM) ? undefined : `${CHROMIUM} is missing.`;

/** Sends what it received to its own server. `PROXY` is the base URL. */
const PAGE = `<script type="module">
async function stream() {
  const body = JSON.stringify({ model: "gpt-4.1", stream: true, messages: [{ role: "user", content: "from a page" }] });
  const headers = { "content-type": "application/json", authorization: "Bearer sk-page-credential-0123456789" };
  const response = await fetch("PROXY/v1/chat/completions", { method: "POST", headers, body });
  let text = "";
  for (const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();;) {
    const { done, value } = await reader.read();
    if (done) return [response.status, text];
    text += value;
  }
}
function events() {
  return new Promise((resolve) => {
    const seen = [];
    const source = new EventSource("PROXY/v1/events");
    source.onmessage = ({ data }) => {
      seen.push(data);
      if (data === "[DONE]") source.close(), resolve(seen);
    };
    source.onerror = () => resolve([...seen, "error"]);
  });
}
const result = await Promise.all([stream(), events()]).catch((error) => String(error));
await fetch("/result", { method: "POST", body: JSON.stringify(result) });
</script>`;

/** Serves the page, opens it, and returns what it sends. */
async function visit(t: TestContext, folder: string, baseUrl: (origin: string) => Promise<string>): Promise<string> {
  let proxy = "";
  const browsers: ChildProcess[] = [];
  const result = await new Promise<string>((resolve) => {
    const server = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += chunk;
      response.writeHead(200, { "content-type": "text/html" }).end(PAGE.replaceAll("PROXY", proxy));
      if (request.url === "/result") resolve(text);
    });
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    server.listen(0, "127.0.0.1", async () => {
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      proxy = await baseUrl(origin);
      const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`];
      browsers.push(spawn(CHROMIUM, [...flags, origin], { stdio: "ignore" }));
    });
  });
  for (const browser of browsers) {
    const ended = new Promise((resolve) => browser.on("exit", resolve));
    browser.kill();
    await ended;
  }
  return result;
}

slowTest("a page in Chromium streams by fetch and EventSource, and the replay is the same", {
  skip: NO_CHROMIUM,
}, async (t) => {
  const folder = temporaryFolder(t);
  const provider = await startProvider({ pause: 1 });
  const body = new TextEncoder().encode(chatEvents("events").join(""));
  provider.serve("/v1/events", { headers: { "content-type": "text/event-stream" }, body, pieces: [40, 200] });
  const results: string[] = [];
  for (const mode of ["auto", "replay"]) {
    const { host } = new URL(provider.url);
    const programs: ReturnType<typeof startProgram>[] = [];
    results.push(
      await visit(t, folder, async (origin) => {
        const options = ["--file", join(folder, "cachy.jsonl"), "--mode", mode, "--domains", host, "--cors", origin];
        const program = startProgram("cli", ["proxy", ...options], { cwd: folder });
        programs.push(program);
        let output = "";
        program.child.stdout?.on("data", (data) => output += data);
        await program.printed("FIRECRAWL_API_URL=");
        return `${/http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0]}/${host}`;
      }),
    );
    const [program] = programs;
    program?.child.kill("SIGTERM");
    const { stderr } = await program!.exit;
    assert.match(stderr, mode === "auto" ? /2 recorded/ : /2 hits, 0 misses/);
    if (mode === "auto") await provider.stop();
  }
  assert.match(results[0] ?? "", /^\[\[200,"data: [^]*\[DONE\][^]*events[^]*"\[DONE\]"\]\]$/);
  assert.equal(results[1], results[0]);
});
