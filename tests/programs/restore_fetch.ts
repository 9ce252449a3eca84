/** Sends three requests after a tool replaced the global fetch and restored an older one. Arguments: file, URL, tool. */
import process from "node:process";
import { enableCachy } from "../../mod.ts";

const [file = "", url = "", tool = ""] = process.argv.slice(2);
const platform = globalThis.fetch;

async function ask(): Promise<void> {
  const body = JSON.stringify({ model: "gpt", messages: [{ role: "user", content: "Say hello." }] });
  const headers = { "content-type": "application/json" };
  await (await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body })).text();
}

const enable = () => enableCachy({ file, domains: [url], mode: "auto" });
const mocked = () => Promise.resolve(new Response("mocked"));

/** Mocks that start after cachy is enabled, and end before the calls. */
async function useMocks(): Promise<void> {
  const { default: sinon } = await import("sinon");
  sinon.stub(globalThis, "fetch").callsFake(mocked);
  if (await (await fetch(url)).text() !== "mocked") throw new Error("sinon's stub was not called");
  sinon.restore();
  const wrapper = globalThis.fetch;
  globalThis.fetch = mocked;
  if (await (await fetch(url)).text() !== "mocked") throw new Error("the mock was not called");
  globalThis.fetch = wrapper;
  if ("Bun" in globalThis || "Deno" in globalThis) return;
  const { mock } = await import("node:test");
  const method = mock.method(globalThis, "fetch", mocked);
  if (await (await fetch(url)).text() !== "mocked") throw new Error("the mock of node:test was not called");
  method.mock.restore();
}

/** Tools that start before cachy is enabled, and then restore the fetch that they found. */
async function restoreBy(tool: string) {
  if (tool === "assignment") {
    const cachy = enable();
    globalThis.fetch = platform;
    return cachy;
  }
  if (tool === "sinon") {
    const { default: sinon } = await import("sinon");
    sinon.stub(globalThis, "fetch").callsFake(mocked);
    const cachy = enable();
    sinon.restore();
    return cachy;
  }
  if (tool === "msw") {
    const { setupServer } = await import("msw/node");
    const server = setupServer();
    server.listen({ onUnhandledRequest: "bypass" });
    const cachy = enable();
    server.close();
    return cachy;
  }
  const { default: nock } = await import("nock"); // active as soon as it is imported
  const cachy = enable();
  nock.restore();
  return cachy;
}

const cachy = tool === "mocks" ? enable() : await restoreBy(tool);
if (tool === "mocks") await useMocks();
const calls = tool === "mocks" ? 2 : 3;
for (let call = 0; call < calls; call++) await ask();
await cachy.flush();
console.log(`recorded ${cachy.stats.recorded}, hits ${cachy.stats.hits}`);
