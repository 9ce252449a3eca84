import assert from "node:assert/strict";
import process from "node:process";
import Anthropic from "@anthropic-ai/sdk";
import Groq from "groq-sdk";
import Together from "together-ai";
import OpenAI from "openai";
import { memoryStore } from "../mod.ts";
import { providerOf } from "../src/cli/read/providers.ts";
import { credentialVariables, defaultDomains, matchDomains, modelOfUrl } from "../src/request/domains.ts";
import { PROVIDERS } from "../src/request/providers.ts";
import { isCredentialVariable } from "../src/secrets/values.ts";
import { test } from "./suite.ts";
import { CHAT_URL, countingNetwork, jsonPost, testCachy } from "./testing.ts";

test("providerOf() returns the provider of each host that is cached by default", () => {
  for (const { name, hosts } of PROVIDERS) {
    for (const host of hosts) {
      if (typeof host !== "string") continue;
      const url = new URL(host.includes("://") ? `${host}/x` : `https://${host}/v1/x`);
      assert.equal(providerOf(url)?.name, name, url.href);
      assert.ok(matchDomains(defaultDomains)(url), url.href);
    }
  }
});

test("defaultDomains includes the API of a host that serves more, and nothing else of the host", () => {
  const isCached = matchDomains(defaultDomains);
  const api = [
    "https://api.cloudflare.com/client/v4/accounts/0123/ai/run/@cf/meta/llama-3.1-8b-instruct",
    "https://api.cloudflare.com/client/v4/accounts/0123/ai/v1/chat/completions",
    "https://api.portkey.ai/v1/chat/completions",
    "https://api.deepgram.com/v1/listen?model=nova-3",
    "https://api.v0.dev/v1/chat/completions",
    "https://api.v0.dev/v1/chats",
    "https://ollama.com/api/chat",
    "https://opencode.ai/zen/v1/messages",
    "https://queue.fal.run/fal-ai/flux/dev",
    "https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers/google/models/m:predict",
    "https://speech.googleapis.com/v1/speech:recognize",
    "https://eu-texttospeech.googleapis.com/v1/text:synthesize",
    "https://api.eu.residency.elevenlabs.io/v1/text-to-speech/v",
    "https://api.eu1.bfl.ai/v1/get_result?id=1",
    "https://api.hume.ai/v0/tts/file",
    "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1/chat/completions",
  ];
  const others = [
    "https://api.cloudflare.com/client/v4/accounts/0123/workers/scripts/ai/",
    "https://api.cloudflare.com/client/v4/user/tokens",
    "https://api.portkey.ai/v1/virtual-keys",
    "https://api.deepgram.com/v1/projects/p/keys",
    "https://api.v0.dev/v1/projects",
    "https://ollama.com/library/llama3",
    "https://opencode.ai/docs",
    "https://eu.rep.googleapis.com/v1/projects",
    "https://aiplatform.eu.rep.googleapis.com.evil.example/v1/projects",
    "https://evilspeech.googleapis.com/v1/speech:recognize",
    "https://api.bfl.ai.evil.example/v1/flux",
    "https://api.hume.ai/oauth2-cc/token",
  ];
  for (const url of api) assert.ok(isCached(new URL(url)), url);
  for (const url of others) assert.ok(!isCached(new URL(url)), url);
});

test("each variable in the table of providers counts as a credential by its name", () => {
  assert.deepEqual(credentialVariables.filter((name) => !isCredentialVariable(name)), []);
});

test("modelOfUrl() finds the model in a path or a query, on the provider's host and behind a proxy", () => {
  const models = {
    "https://generativelanguage.googleapis.com/v1beta/models/gemini-pro:generateContent?alt=sse": "gemini-pro",
    "http://localhost:4000/gemini/v1beta/models/gemini-pro:streamGenerateContent": "gemini-pro",
    "https://me.openai.azure.com/openai/deployments/mine/chat/completions?api-version=1": "mine",
    "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova%3A0/converse-stream": "us.amazon.nova%3A0",
    "https://api.openai.com/v1/models/gpt-4.1": "gpt-4.1",
    "https://api.cloudflare.com/client/v4/accounts/0123/ai/run/@cf/meta/llama": "@cf/meta/llama",
    "https://gateway.ai.cloudflare.com/v1/0123/mine/workers-ai/@cf/meta/llama": "@cf/meta/llama",
    "https://api.replicate.com/v1/models/meta/llama/predictions": "meta/llama",
    "https://router.huggingface.co/hf-inference/models/org/name": "org/name",
    "https://ai.api.nvidia.com/v1/genai/black-forest-labs/flux.1-dev": "black-forest-labs/flux.1-dev",
    "https://fal.run/fal-ai/flux/dev": "fal-ai/flux/dev",
    "https://queue.fal.run/fal-ai/flux/requests/1/status": "fal-ai/flux",
    "https://api.deepgram.com/v1/listen?smart_format=true&model=nova-3": "nova-3",
  };
  for (const [url, model] of Object.entries(models)) assert.equal(modelOfUrl(new URL(url)), model, url);
  assert.equal(modelOfUrl(new URL(CHAT_URL)), undefined);
  assert.equal(
    modelOfUrl(new URL("https://gateway.ai.cloudflare.com/v1/0/g/workers-ai/v1/chat/completions")),
    undefined,
  );
});

test("fetch() distinguishes requests by each header of a provider that changes the response", async () => {
  const headers: readonly (readonly [name: string, one: string, other: string])[] = [
    ["Groq-Model-Version", "latest", "2025-07-23"],
    ["anthropic-version", "2023-01-01", "2023-06-01"],
    ["x-anthropic-beta", "a", "b"],
    ["x-pass-anthropic-beta", "a", "b"],
    ["x-litellm-tags", "free", "paid"],
    ["X-OpenRouter-Metadata", "enabled", "disabled"],
    ["X-OpenRouter-Experimental-Metadata", "enabled", "disabled"],
    ["cf-aig-gateway-id", "one", "other"],
    ["cf-aig-cache-key", "one", "other"],
    ["x-portkey-provider", "openai", "anthropic"],
    ["x-portkey-virtual-key", "openai-1a2b", "openai-3c4d"],
    ["x-portkey-config", "pc-1", "pc-2"],
    ["x-portkey-config", `{"provider":"openai","api_key":"1"}`, `{"provider":"groq","api_key":"1"}`],
    ["x-portkey-custom-host", "https://a.example/v1", "https://b.example/v1"],
    ["x-portkey-strict-open-ai-compliance", "true", "false"],
    ["Helicone-Target-URL", "https://api.openai.com", "https://api.groq.com"],
    ["Helicone-Fallbacks", `[{"target-url":"https://a.example"}]`, `[{"target-url":"https://b.example"}]`],
    ["Helicone-Cache-Seed", "1", "2"],
    ["x-fal-target-url", "https://fal.run/a", "https://fal.run/b"],
    ["x-ms-oai-image-generation-deployment", "gpt-image-1", "gpt-image-1.5"],
    ["extra-parameters", "drop", "pass-through"],
    ["X-DashScope-Async", "enable", "disable"],
    ["X-DashScope-OssResourceResolve", "enable", "disable"],
    ["x-portkey-azure-endpoint-name", "a", "b"],
    ["x-portkey-huggingface-base-url", "https://a.example", "https://b.example"],
  ];
  for (const [name, one, other] of headers) {
    const { fetch, stats } = testCachy({ fetch: countingNetwork().fetch });
    const ask = async (value: string) => await (await fetch(CHAT_URL, jsonPost({}, { [name]: value }))).text();
    const [first, second] = [await ask(one), await ask(other)];
    assert.notEqual(first, second, name);
    assert.deepEqual([await ask(one), await ask(other)], [first, second], name);
    assert.equal(stats.hits, 2, name);
  }
});

test("fetch() replays the same response for a header with its default value and without the header", async () => {
  const usual = {
    "anthropic-version": "2023-06-01",
    "x-openrouter-metadata": "disabled",
    "x-openrouter-title": "mine",
    "cf-aig-metadata": `{"request":1}`,
    "cf-aig-authorization": "Bearer 1",
    "x-portkey-trace-id": "1",
    "x-portkey-api-key": "1",
    "helicone-auth": "Bearer 1",
    "helicone-user-id": "1",
    "x-litellm-timeout": "1",
  };
  const { fetch } = testCachy({ fetch: countingNetwork().fetch });
  const plain = await (await fetch(CHAT_URL, jsonPost({}))).text();
  for (const [name, value] of Object.entries(usual)) {
    assert.equal(await (await fetch(CHAT_URL, jsonPost({}, { [name]: value }))).text(), plain, name);
  }
});

test("fetch() keeps credentials inside a header out of the key and out of the entry", async () => {
  const store = memoryStore();
  const { fetch, stats } = testCachy({ store, fetch: countingNetwork().fetch });
  const ask = async (key: string) => {
    const config = JSON.stringify({ provider: "openai", api_key: key });
    const target = `https://user:${key}@a.example/v1?api_key=${key}`;
    const fallbacks = JSON.stringify([{ "target-url": "https://b.example", headers: { Authorization: key } }]);
    const headers = { "x-portkey-config": config, "helicone-target-url": target, "helicone-fallbacks": fallbacks };
    return await (await fetch(CHAT_URL, jsonPost({}, headers))).text();
  };
  assert.equal(await ask("first-credential"), await ask("other-credential"));
  assert.equal(stats.hits, 1);
  for await (const { request } of store.entries?.() ?? []) {
    assert.doesNotMatch(JSON.stringify(request), /first-credential/);
    assert.deepEqual([request?.exact, request?.headers?.["helicone-target-url"]], [true, "https://a.example/v1"]);
    assert.match(request?.headers?.["x-portkey-config"] ?? "", /"api_key": "\[redacted\]", "provider": "openai"/);
  }
});

test("the table of providers lists the variables that SDKs read their base URL from, and the default URLs", () => {
  const sdks: Readonly<Record<string, () => string>> = {
    OPENAI_BASE_URL: () => new OpenAI({ apiKey: "x" }).baseURL,
    ANTHROPIC_BASE_URL: () => new Anthropic({ apiKey: "x" }).baseURL,
    TOGETHER_BASE_URL: () => new Together({ apiKey: "x" }).baseURL,
    GROQ_BASE_URL: () => new Groq({ apiKey: "x" }).baseURL,
  };
  const defaults = Object.assign({}, ...PROVIDERS.map(({ baseUrls }) => baseUrls));
  for (const [variable, baseUrl] of Object.entries(sdks)) {
    assert.equal(baseUrl(), defaults[variable], variable);
    process.env[variable] = "http://127.0.0.1:1/x";
    try {
      assert.equal(baseUrl(), "http://127.0.0.1:1/x", variable);
    } finally {
      delete process.env[variable];
    }
  }
  for (const { name, baseUrls = {} } of PROVIDERS) {
    const urls = Object.values(baseUrls).map((url) => url.replace(/\{\w+\}/, "eu-west-1"));
    for (const url of urls) if (url) assert.equal(providerOf(new URL(`${url}/chat/completions`))?.name, name, url);
  }
});
