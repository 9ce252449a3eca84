import { type DomainMatcher, matchDomains } from "../../request/domains.ts";

/** A header with a credential, whose value names an environment variable as shells do. */
export type CredentialHeader = readonly [name: string, value: string];

/** How the APIs that do not take a bearer token want to know who asks. */
const HEADERS: readonly (readonly [domains: readonly DomainMatcher[], header: CredentialHeader])[] = [
  [["api.anthropic.com"], ["x-api-key", "$ANTHROPIC_API_KEY"]],
  // Its part that is compatible with OpenAI takes a bearer token.
  [[/^https:\/\/generativelanguage\.googleapis\.com\/(?!.*\/openai\/)/], ["x-goog-api-key", "$GEMINI_API_KEY"]],
  [["openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com"], ["api-key", "$AZURE_OPENAI_API_KEY"]],
  [["api.elevenlabs.io"], ["xi-api-key", "$ELEVENLABS_API_KEY"]],
];

/** The variables with the bearer tokens of all others. */
const TOKENS: readonly (readonly [domains: readonly DomainMatcher[], variable: string])[] = [
  [["api.openai.com"], "OPENAI_API_KEY"],
  [["generativelanguage.googleapis.com"], "GEMINI_API_KEY"],
  [["api.deepseek.com"], "DEEPSEEK_API_KEY"],
  [["api.fireworks.ai"], "FIREWORKS_API_KEY"],
  [["openrouter.ai"], "OPENROUTER_API_KEY"],
  [["api.groq.com"], "GROQ_API_KEY"],
  [["api.together.xyz", "api.together.ai"], "TOGETHER_API_KEY"],
  [["api.mistral.ai"], "MISTRAL_API_KEY"],
  [["codestral.mistral.ai"], "CODESTRAL_API_KEY"],
  [["api.x.ai"], "XAI_API_KEY"],
  [["api.moonshot.ai", "api.moonshot.cn"], "MOONSHOT_API_KEY"],
  [["ai-gateway.vercel.sh"], "AI_GATEWAY_API_KEY"],
  [["api.cohere.com", "api.cohere.ai"], "CO_API_KEY"],
  [["api.perplexity.ai"], "PERPLEXITY_API_KEY"],
  [["api.cerebras.ai"], "CEREBRAS_API_KEY"],
  [["api.sambanova.ai"], "SAMBANOVA_API_KEY"],
  [["api.studio.nebius.com", "api.tokenfactory.nebius.com"], "NEBIUS_API_KEY"],
  [["api.hyperbolic.xyz"], "HYPERBOLIC_API_KEY"],
  [["api.novita.ai"], "NOVITA_API_KEY"],
  [["api.siliconflow.com", "api.siliconflow.cn"], "SILICONFLOW_API_KEY"],
  [["api.deepinfra.com"], "DEEPINFRA_API_KEY"],
  [["api.minimax.io"], "MINIMAX_API_KEY"],
  [["api.z.ai", "open.bigmodel.cn"], "ZAI_API_KEY"],
  [["dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "dashscope-us.aliyuncs.com"], "DASHSCOPE_API_KEY"],
  [["ark.cn-beijing.volces.com"], "ARK_API_KEY"],
  [["integrate.api.nvidia.com", "ai.api.nvidia.com"], "NVIDIA_API_KEY"],
  [["models.github.ai", "models.inference.ai.azure.com"], "GITHUB_TOKEN"],
  [["models.ai.azure.com"], "AZURE_API_KEY"],
  [["router.huggingface.co", "api-inference.huggingface.co"], "HF_TOKEN"],
  [["api.replicate.com", "stream.replicate.com"], "REPLICATE_API_TOKEN"],
  [["api.voyageai.com"], "VOYAGE_API_KEY"],
  [["api.jina.ai"], "JINA_API_KEY"],
  [["api.ai21.com"], "AI21_API_KEY"],
  [["api.stability.ai"], "STABILITY_API_KEY"],
  [
    ["aiplatform.googleapis.com", /^https:\/\/[a-z0-9-]+-aiplatform\.googleapis\.com\//],
    "GOOGLE_ACCESS_TOKEN",
  ],
  [[/^https:\/\/bedrock-[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|api\.aws)\//], "AWS_BEARER_TOKEN_BEDROCK"],
];

const RULES = [
  ...HEADERS,
  ...TOKENS.map(([domains, variable]) => [domains, ["authorization", `Bearer $${variable}`]] as const),
].map(([domains, header]) => ({ matches: matchDomains(domains), header }));

/**
 * The header with which an API wants to know who asks; undefined for an API that is not known, and without encryption:
 * a key is never sent to somebody else because a file says so.
 */
export function credentialHeader(url: URL): CredentialHeader | undefined {
  return url.protocol === "https:" ? RULES.find(({ matches }) => matches(url))?.header : undefined;
}
