/**
 * Which URLs belong to an LLM API.
 *
 * - `"api.openai.com"`: this host and its subdomains, on any port, by http or https
 * - `"localhost:4000"`: this host and its subdomains on this port only
 * - `"https://proxy.example/openai"`: this URL and every one below it
 * - a `RegExp`: every URL that it matches (anchor it: it sees the whole URL)
 * - a function: every URL for which it returns true
 */
export type DomainMatcher = string | RegExp | ((url: URL) => boolean);

/**
 * The LLM APIs that are cached by default. Extend them with `[...defaultDomains, "llm.example.com"]`.
 *
 * @example
 * ```ts
 * import { createCachy, defaultDomains } from "@cachy/core";
 *
 * const cachy = createCachy({ domains: [...defaultDomains, "localhost:4000"] });
 * ```
 */
export const defaultDomains: readonly DomainMatcher[] = Object.freeze([
  // pycachy's twelve
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
  // other providers with one well-known host
  "ai-gateway.vercel.sh",
  "gateway.ai.cloudflare.com",
  "api.moonshot.cn",
  "api.together.ai",
  "codestral.mistral.ai",
  "api.cohere.com",
  "api.cohere.ai",
  "api.perplexity.ai",
  "api.cerebras.ai",
  "api.sambanova.ai",
  "api.studio.nebius.com",
  "api.tokenfactory.nebius.com",
  "api.hyperbolic.xyz",
  "api.novita.ai",
  "api.siliconflow.com",
  "api.siliconflow.cn",
  "api.deepinfra.com",
  "api.minimax.io",
  "api.z.ai",
  "open.bigmodel.cn",
  "dashscope.aliyuncs.com",
  "dashscope-intl.aliyuncs.com",
  "dashscope-us.aliyuncs.com",
  "ark.cn-beijing.volces.com",
  "integrate.api.nvidia.com",
  "ai.api.nvidia.com",
  "models.github.ai",
  "models.inference.ai.azure.com",
  "api.githubcopilot.com",
  // only the router: models are downloaded from the bare domain
  "router.huggingface.co",
  "api-inference.huggingface.co",
  "api.replicate.com",
  "stream.replicate.com",
  "api.voyageai.com",
  "api.jina.ai",
  "api.ai21.com",
  "api.elevenlabs.io",
  "api.stability.ai",
  // hosts that carry the name of a customer or a region
  "openai.azure.com",
  "services.ai.azure.com",
  "cognitiveservices.azure.com",
  "models.ai.azure.com",
  "aiplatform.googleapis.com",
  /^https:\/\/[a-z0-9-]+-aiplatform\.googleapis\.com\//,
  /^https:\/\/bedrock-(?:agent-)?(?:runtime|mantle)(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|api\.aws)\//,
]);

/**
 * Compiles matchers into one question.
 *
 * @returns Whether a URL is matched by at least one of the matchers.
 */
export function matchDomains(matchers: readonly DomainMatcher[]): (url: URL) => boolean {
  const hosts = new Set<string>();
  const questions: ((url: URL) => boolean)[] = [];
  for (const matcher of matchers) {
    if (typeof matcher === "function") questions.push(matcher);
    else if (matcher instanceof RegExp) questions.push(matchRegExp(matcher));
    else if (matcher.includes("://")) questions.push(matchPrefix(matcher));
    else hosts.add(hostOf(matcher));
  }
  return (url) => hasHost(hosts, url) || questions.some((question) => question(url) === true);
}

/** `"Example.com"` → `"example.com"`, `"localhost:80"` → `"localhost:80"`, `"[::1]:80"` → the same. */
function hostOf(matcher: string): string {
  const url = new URL(`http://${matcher}/`);
  // The URL parser drops the scheme's own port, so it is taken from the text.
  const port = /:(\d+)$/.exec(matcher)?.[1];
  return port ? `${url.hostname}:${Number(port)}` : url.hostname;
}

/** Asks for the host and each of its parents, so that a long list costs no more than a short one. */
function hasHost(hosts: ReadonlySet<string>, url: URL): boolean {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  for (let host = url.hostname; host !== "";) {
    if (hosts.has(host) || hosts.has(`${host}:${port}`)) return true;
    const dot = host.indexOf(".");
    if (dot === -1) return false;
    host = host.slice(dot + 1);
  }
  return false;
}

/** A fresh copy without `g` and `y`: with them, every second call would start in the middle. */
function matchRegExp(pattern: RegExp): (url: URL) => boolean {
  const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
  return (url) => stateless.test(url.href);
}

/** `https://a.example/v1` covers `/v1` and what is below it, never `/v10` nor `https://a.example.evil/`. */
function matchPrefix(prefix: string): (url: URL) => boolean {
  const { href } = new URL(prefix);
  const folder = href.endsWith("/") ? href : `${href}/`;
  return (url) => {
    const address = `${url.origin}${url.pathname}${url.search}`;
    return address.startsWith(folder) || address === href || address.startsWith(`${href}?`);
  };
}
