import assert from "node:assert/strict";
import { defaultDomains, matchDomains } from "../src/request/domains.ts";
import type { DomainMatcher } from "../src/request/provider.ts";
import { test } from "./suite.ts";

function check(
  matchers: readonly DomainMatcher[],
  { yes, no }: { yes: readonly string[]; no: readonly string[] },
): void {
  const matches = matchDomains(matchers);
  for (const url of yes) assert.equal(matches(new URL(url)), true, url);
  for (const url of no) assert.equal(matches(new URL(url)), false, url);
}

test("matchDomains() matches a host and its subdomains, on any port, by http and https", () => {
  check(["api.openai.com", "Example.COM"], {
    yes: [
      "https://api.openai.com/v1/responses",
      "http://api.openai.com/",
      "https://api.openai.com:8443/v1",
      "https://eu.api.openai.com/v1",
      "https://a.b.api.openai.com/v1",
      "https://API.OpenAI.com/v1",
      "https://user:password@api.openai.com/v1",
      "https://example.com/",
      "https://x.example.com/",
    ],
    no: [
      "https://openai.com/",
      "https://evilapi.openai.com/v1",
      "https://api.openai.com.evil.example/v1",
      "https://evil.example/?q=api.openai.com",
      "https://evil.example/api.openai.com",
      "https://evil.example/#api.openai.com",
      "https://api.openai.com@evil.example/v1",
      "https://notexample.com/",
      "https://example.company/",
      "https://com/",
      "https://example.community.com/",
    ],
  });
});

test("matchDomains() matches a host with a port on this port only", () => {
  check(["localhost:4000", "api.example:443", "plain.example:80"], {
    yes: [
      "http://localhost:4000/v1",
      "https://localhost:4000/v1",
      "http://sub.localhost:4000/",
      "https://api.example/v1",
      "https://api.example:443/v1",
      "http://api.example:443/v1",
      "http://plain.example/",
      "http://plain.example:80/",
      "https://plain.example:80/",
    ],
    no: [
      "http://localhost/",
      "http://localhost:40000/",
      "http://localhost:400/",
      "http://api.example/",
      "https://api.example:4443/",
      "https://plain.example/",
    ],
  });
});

test("matchDomains() matches IP addresses exactly", () => {
  check(["127.0.0.1", "[::1]", "[2001:DB8::1]:8080"], {
    yes: [
      "http://127.0.0.1:11434/api/chat",
      "http://[::1]/",
      "http://[::1]:1234/v1",
      "http://[0:0:0:0:0:0:0:1]/",
      "http://[2001:db8::1]:8080/",
    ],
    no: ["http://127.0.0.2/", "http://27.0.0.1/", "http://[::2]/", "http://[2001:db8::1]/", "http://[::1:1]/"],
  });
});

test("matchDomains() matches a URL and all paths below it, at the border of a segment", () => {
  check(["https://proxy.example/openai", "http://local.example:8080", "https://slash.example/v1/"], {
    yes: [
      "https://proxy.example/openai",
      "https://proxy.example/openai/",
      "https://proxy.example/openai/v1/responses",
      "https://proxy.example/openai?x=1",
      "https://PROXY.example:443/openai/v1",
      "http://local.example:8080/",
      "http://local.example:8080/anything",
      "https://slash.example/v1/",
      "https://slash.example/v1/chat",
    ],
    no: [
      "https://proxy.example/openai2",
      "https://proxy.example/openai-evil/v1",
      "https://proxy.example/open",
      "https://proxy.example/",
      "https://proxy.example/x/openai/",
      "http://proxy.example/openai",
      "https://proxy.example:8443/openai",
      "https://sub.proxy.example/openai",
      "https://proxy.example.evil/openai",
      "https://evil.example/?u=https://proxy.example/openai",
      "http://local.example/",
      "http://local.example:80801/".replace("80801", "8081"),
      "https://slash.example/v10/",
      "https://slash.example/",
    ],
  });
});

test("matchDomains() ignores the fragment and the credentials of a URL", () => {
  check(["https://proxy.example/openai"], {
    yes: ["https://proxy.example/openai#part", "https://user:password@proxy.example/openai/v1"],
    no: ["https://evil.example/#https://proxy.example/openai"],
  });
});

test("matchDomains() tests a regular expression against the complete URL, always from its start", () => {
  for (const flags of ["", "g", "y", "gy"]) {
    const pattern = new RegExp(String.raw`^https://[a-z]+\.llm\.example/v\d/`, flags);
    const matches = matchDomains([pattern]);
    for (let time = 0; time < 3; time++) assert.equal(matches(new URL("https://eu.llm.example/v1/chat")), true, flags);
    assert.equal(matches(new URL("https://evil.example/?https://eu.llm.example/v1/")), false);
    assert.equal(pattern.lastIndex, 0, "the caller's pattern is left alone");
  }
  check([/\/V1\//i], { yes: ["https://a.example/v1/x"], no: ["https://a.example/v2/x"] });
});

test("matchDomains() calls a function with the URL", () => {
  const asked: string[] = [];
  const matcher = (url: URL) => asked.push(url.href) > 0 && url.searchParams.has("llm");
  check([matcher], { yes: ["https://a.example/?llm"], no: ["https://a.example/"] });
  assert.deepEqual(asked, ["https://a.example/?llm", "https://a.example/"]);
});

test("matchDomains() needs one of several matchers, and an empty list matches nothing", () => {
  check(["a.example", /^https:\/\/b\./, (url) => url.port === "99", "https://d.example/x"], {
    yes: ["https://a.example/", "https://b.example/", "https://c.example:99/", "https://d.example/x/y"],
    no: ["https://c.example/", "https://d.example/"],
  });
  check([], { yes: [], no: ["https://api.openai.com/v1"] });
});

test("defaultDomains includes pycachy's twelve", () => {
  const hosts = [
    "chatgpt.com",
    "api.openai.com",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
    "api.deepseek.com",
    "api.fireworks.ai",
    "openrouter.ai",
    "api.groq.com",
    "api.together.xyz",
    "api.mistral.ai",
    "api.x.ai",
    "api.moonshot.ai",
  ];
  check(defaultDomains, { yes: hosts.map((host) => `https://${host}/v1/x`), no: [] });
});

test("defaultDomains includes hosts that contain the name of a customer or a region", () => {
  check(defaultDomains, {
    yes: [
      "https://my-resource.openai.azure.com/openai/deployments/gpt/chat/completions",
      "https://my-project.services.ai.azure.com/models",
      "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude/converse",
      "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/model/x/invoke",
      "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/model/x/invoke",
      "https://us-central1-aiplatform.googleapis.com/v1/projects/p",
      "https://europe-west4-aiplatform.googleapis.com/v1/projects/p",
      "https://aiplatform.googleapis.com/v1/projects/p",
      "https://router.huggingface.co/v1/chat/completions",
    ],
    no: [
      "https://huggingface.co/api/models",
      "https://cdn-lfs.huggingface.co/x",
      "https://s3.us-east-1.amazonaws.com/bucket",
      "https://bedrock.us-east-1.amazonaws.com/foundation-models",
      "https://bedrock-runtime.us-east-1.amazonaws.com.evil.example/model",
      "https://evil.example/https://bedrock-runtime.us-east-1.amazonaws.com/",
      "https://my-storage.blob.core.windows.net/x",
      "https://storage.googleapis.com/bucket",
      "https://us-central1-aiplatform.googleapis.com.evil.example/v1",
      "https://evil.example/?https://us-central1-aiplatform.googleapis.com/",
      "https://openai.com/",
      "https://localhost/",
    ],
  });
});

test("defaultDomains is immutable", () => {
  assert.ok(Object.isFrozen(defaultDomains));
});
