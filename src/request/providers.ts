import type { Provider } from "./provider.ts";

/** If a bare host and a URL pattern match in different rows, the row with the pattern applies. */
export const PROVIDERS: readonly Provider[] = [
  {
    name: "OpenAI",
    hosts: ["api.openai.com"],
    keys: ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY"],
    keyHeaders: /openai-beta:/,
    model: /(?<=\/models\/)[^/:?#]+(?=$|[?#])/,
    // LangChain and LiteLLM in Python read the second one.
    baseUrls: { OPENAI_BASE_URL: "https://api.openai.com/v1", OPENAI_API_BASE: "https://api.openai.com/v1" },
  },
  { name: "OpenAI", hosts: ["chatgpt.com"] },
  {
    name: "Anthropic",
    hosts: ["api.anthropic.com"],
    keys: ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"],
    auth: "x-api-key: ",
    needs: "anthropic-version: 2023-06-01",
    keyHeaders: /anthropic-beta:|anthropic-version:(?!2023-06-01$)/,
    // With another value, Anthropic's SDK requests /v1/messages below it, and the AI SDK requests /messages.
    baseUrls: { ANTHROPIC_BASE_URL: "https://api.anthropic.com" },
  },
  // The OpenAI-compatible part of the Gemini API takes a bearer token.
  { name: "Google", hosts: [/^https:\/\/generativelanguage\.googleapis\.com\/.*\/openai\//], keys: ["GEMINI_API_KEY"] },
  {
    name: "Google",
    hosts: ["generativelanguage.googleapis.com"],
    keys: ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"],
    auth: "x-goog-api-key: ",
    keyHeaders: /x-goog-upload-(?:command|offset):/,
    model: /(?<=\/models\/)[^/:]+(?=:\w+(?:$|[?#]))/,
    // Google's SDK shows the whole JSON: with more members, the message would be in it twice.
    errors: { urls: /googleapis\.com\//, form: "object" },
    baseUrls: { GOOGLE_GEMINI_BASE_URL: "https://generativelanguage.googleapis.com/" },
  },
  {
    name: "Google Vertex AI",
    hosts: [
      "aiplatform.googleapis.com",
      /^https:\/\/(?:[a-z0-9-]+-aiplatform|aiplatform\.[a-z0-9-]+\.rep)\.googleapis\.com\//,
    ],
    keys: ["GOOGLE_ACCESS_TOKEN"],
    baseUrls: {
      GOOGLE_VERTEX_BASE_URL: "https://{GOOGLE_CLOUD_LOCATION}-aiplatform.googleapis.com/",
      ANTHROPIC_VERTEX_BASE_URL: "https://{CLOUD_ML_REGION}-aiplatform.googleapis.com/v1",
    },
  },
  {
    name: "Google Cloud",
    hosts: [/^https:\/\/(?:[a-z0-9-]+-)?(?:speech|texttospeech)\.googleapis\.com\//],
    keys: ["GOOGLE_ACCESS_TOKEN"],
  },
  {
    name: "Amazon Bedrock",
    hosts: [
      /^https:\/\/bedrock-(?:agent-)?(?:runtime|mantle)(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|api\.aws)\//,
    ],
    keys: ["AWS_BEARER_TOKEN_BEDROCK", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
    keyHeaders: /x-amzn-bedrock-[^:]+:/,
    model: /(?<=\/model\/)[^/]+(?=\/(?:invoke|converse))/,
    baseUrls: {
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: "https://bedrock-runtime.{AWS_REGION}.amazonaws.com",
      ANTHROPIC_BEDROCK_BASE_URL: "https://bedrock-runtime.{AWS_REGION}.amazonaws.com",
      AWS_BEDROCK_BASE_URL: "https://bedrock-mantle.{AWS_REGION}.api.aws/openai/v1",
    },
  },
  {
    name: "Azure OpenAI",
    hosts: ["openai.azure.com", "cognitiveservices.azure.com"],
    keys: ["AZURE_OPENAI_API_KEY"],
    auth: "api-key: ",
    keyHeaders: /x-ms-oai-image-generation-deployment:/,
    model: /(?<=\/deployments\/)[^/]+(?=\/)/,
    baseUrls: { AZURE_OPENAI_ENDPOINT: "" },
  },
  { name: "Azure AI", hosts: ["services.ai.azure.com"], keys: ["AZURE_OPENAI_API_KEY"], auth: "api-key: " },
  {
    name: "Azure AI",
    hosts: ["models.ai.azure.com"],
    keys: ["AZURE_API_KEY"],
    keyHeaders: /azureml-model-deployment:|extra-parameters:(?!error$)/,
  },
  { name: "GitHub Models", hosts: ["models.github.ai", "models.inference.ai.azure.com"], keys: ["GITHUB_TOKEN"] },
  { name: "GitHub Copilot", hosts: ["api.githubcopilot.com"] },

  // Gateways
  {
    name: "OpenRouter",
    hosts: ["openrouter.ai"],
    keys: ["OPENROUTER_API_KEY"],
    keyHeaders: /x-anthropic-beta:|x-openrouter-(?:experimental-)?metadata:(?!disabled$)/,
    baseUrls: { OPENROUTER_BASE_URL: "https://openrouter.ai/api/v1" },
  },
  {
    name: "Vercel AI Gateway",
    hosts: ["ai-gateway.vercel.sh"],
    keys: ["AI_GATEWAY_API_KEY"],
    keyHeaders: /ai-(?:[^:]+-)?model-id:|ai-language-model-streaming:/,
    modelHeader: /^ai-(?:.+-)?model-id$/i,
  },
  // The request carries the credential of the provider behind the gateway. `cf-aig-metadata` mostly holds a request id.
  {
    name: "Cloudflare AI Gateway",
    hosts: ["gateway.ai.cloudflare.com"],
    keyHeaders: /cf-aig-(?:cache-key|gateway-id):/,
    model: /(?<=\/workers-ai\/)@[^?#]+/,
  },
  {
    name: "Cloudflare",
    hosts: [/^https:\/\/api\.cloudflare\.com\/client\/v4\/accounts\/[^/]+\/ai\//],
    keys: ["CLOUDFLARE_API_TOKEN"],
    model: /(?<=\/ai\/run\/)[^?#]+/,
  },
  {
    name: "Portkey",
    // Other paths of the host manage keys and settings.
    hosts: [
      /^https:\/\/api\.portkey\.ai\/v1\/(?:chat|completions|embeddings|responses|messages|images|audio|moderations|rerank|prompts|files|batches|models)(?:[/?]|$)/,
    ],
    keys: ["PORTKEY_API_KEY"],
    auth: "x-portkey-api-key: ",
    keyHeaders:
      /x-portkey-(?:provider|config|virtual-key|custom-host|cache-namespace|strict-open-ai-compliance|anthropic-(?:beta|version)|azure-[^:]+|huggingface-base-url):/,
    baseUrls: { PORTKEY_BASE_URL: "https://api.portkey.ai/v1" },
  },
  { name: "Helicone", hosts: ["ai-gateway.helicone.ai"], keys: ["HELICONE_API_KEY"] },
  // The request also carries the credential of the provider behind the gateway.
  {
    name: "Helicone",
    hosts: ["gateway.helicone.ai"],
    keyHeaders: /helicone-(?:target-url|target-provider|openai-api-base|fallbacks|cache-seed):/,
  },
  {
    name: "LiteLLM",
    hosts: [],
    keys: ["LITELLM_API_KEY", "LITELLM_PROXY_API_KEY"],
    keyHeaders: /x-litellm-tags:|x-pass-anthropic-beta:/,
  },
  // The n-th session of a recording has the id that its server gave, so that no other session answers.
  { name: "MCP", hosts: [], keyHeaders: /mcp-session-id:/ },
  { name: "Requesty", hosts: ["router.requesty.ai"], keys: ["REQUESTY_API_KEY"] },
  { name: "OpenCode", hosts: ["https://opencode.ai/zen"], keys: ["OPENCODE_API_KEY"] },
  { name: "Poe", hosts: ["api.poe.com"], keys: ["POE_API_KEY"] },

  // Models
  { name: "DeepSeek", hosts: ["api.deepseek.com"], keys: ["DEEPSEEK_API_KEY"] },
  { name: "Fireworks", hosts: ["api.fireworks.ai"], keys: ["FIREWORKS_API_KEY"] },
  {
    name: "Groq",
    hosts: ["api.groq.com"],
    keys: ["GROQ_API_KEY"],
    keyHeaders: /groq-model-version:/,
    baseUrls: { GROQ_BASE_URL: "https://api.groq.com" },
  },
  {
    name: "Together",
    hosts: ["api.together.xyz", "api.together.ai"],
    keys: ["TOGETHER_API_KEY"],
    baseUrls: { TOGETHER_BASE_URL: "https://api.together.ai/v1" },
  },
  { name: "Mistral", hosts: ["api.mistral.ai", "api.eu.mistral.ai", "api.us.mistral.ai"], keys: ["MISTRAL_API_KEY"] },
  { name: "Mistral", hosts: ["codestral.mistral.ai"], keys: ["CODESTRAL_API_KEY"] },
  { name: "xAI", hosts: ["api.x.ai"], keys: ["XAI_API_KEY"] },
  { name: "Moonshot", hosts: ["api.moonshot.ai", "api.moonshot.cn"], keys: ["MOONSHOT_API_KEY"] },
  { name: "Moonshot", hosts: ["api.kimi.com"], keys: ["KIMI_API_KEY"] },
  { name: "Cohere", hosts: ["api.cohere.com", "api.cohere.ai"], keys: ["CO_API_KEY", "COHERE_API_KEY"] },
  {
    name: "Perplexity",
    hosts: ["api.perplexity.ai"],
    keys: ["PERPLEXITY_API_KEY"],
    baseUrls: { PERPLEXITY_BASE_URL: "https://api.perplexity.ai" },
  },
  {
    name: "Cerebras",
    hosts: ["api.cerebras.ai"],
    keys: ["CEREBRAS_API_KEY"],
    baseUrls: { CEREBRAS_BASE_URL: "https://api.cerebras.ai" },
  },
  { name: "SambaNova", hosts: ["api.sambanova.ai"], keys: ["SAMBANOVA_API_KEY"] },
  { name: "Nebius", hosts: ["api.studio.nebius.com", "api.tokenfactory.nebius.com"], keys: ["NEBIUS_API_KEY"] },
  { name: "Hyperbolic", hosts: ["api.hyperbolic.xyz"], keys: ["HYPERBOLIC_API_KEY"] },
  { name: "Novita", hosts: ["api.novita.ai"], keys: ["NOVITA_API_KEY"] },
  { name: "SiliconFlow", hosts: ["api.siliconflow.com", "api.siliconflow.cn"], keys: ["SILICONFLOW_API_KEY"] },
  { name: "DeepInfra", hosts: ["api.deepinfra.com"], keys: ["DEEPINFRA_API_KEY"] },
  { name: "MiniMax", hosts: ["api.minimax.io", "api.minimax.cn"], keys: ["MINIMAX_API_KEY"] },
  { name: "Z.ai", hosts: ["api.z.ai", "open.bigmodel.cn"], keys: ["ZAI_API_KEY"] },
  {
    name: "Alibaba Cloud",
    hosts: ["dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "dashscope-us.aliyuncs.com"],
    keys: ["DASHSCOPE_API_KEY"],
    keyHeaders: /x-dashscope-(?:sse|async|ossresourceresolve):/,
  },
  { name: "Volcengine", hosts: ["ark.cn-beijing.volces.com"], keys: ["ARK_API_KEY"] },
  {
    name: "NVIDIA",
    hosts: ["integrate.api.nvidia.com", "ai.api.nvidia.com"],
    keys: ["NVIDIA_API_KEY"],
    model: /(?<=\.nvidia\.com\/v1\/genai\/)[^?#]+/,
  },
  {
    name: "Hugging Face",
    // Only the inference hosts: the bare domain serves model downloads.
    hosts: ["router.huggingface.co", "api-inference.huggingface.co"],
    keys: ["HF_TOKEN"],
    model: /(?<=\.huggingface\.co\/(?:[\w-]+\/)?models\/)[^/?#]+\/[^/?#]+/,
    errors: { urls: /\.huggingface\.co\//, form: "text" },
  },
  {
    name: "Replicate",
    hosts: ["api.replicate.com", "stream.replicate.com"],
    keys: ["REPLICATE_API_TOKEN"],
    keyHeaders: /prefer:/,
    model: /(?<=\/models\/)[^/]+\/[^/]+(?=\/predictions)/,
  },
  {
    name: "fal",
    hosts: ["fal.run", "rest.fal.ai", "rest.alpha.fal.ai"],
    keys: ["FAL_KEY"],
    auth: "authorization: Key ",
    keyHeaders: /x-fal-target-url:/,
    model: /(?<=^https:\/\/(?:queue\.)?fal\.run\/)[^?#]+?(?=\/(?:stream|requests\/)|[?#]|$)/,
  },
  {
    name: "Deepgram",
    // Other paths of the host manage projects and create keys.
    hosts: [/^https:\/\/api\.deepgram\.com\/v\d\/(?:listen|speak|read)(?:[/?]|$)/, "agent.deepgram.com"],
    keys: ["DEEPGRAM_API_KEY"],
    auth: "authorization: Token ",
    model: /(?<=^https:\/\/api\.deepgram\.com\/[^?#]*\?(?:.*&)?model=)[^&#]+/,
  },
  {
    name: "AssemblyAI",
    hosts: ["api.assemblyai.com", "llm-gateway.assemblyai.com", "sync.assemblyai.com", "dictation.assemblyai.com"],
    keys: ["ASSEMBLYAI_API_KEY"],
    auth: "authorization: ",
    errors: { urls: /\.assemblyai\.com\//, form: "text" },
  },
  {
    name: "ElevenLabs",
    hosts: ["api.elevenlabs.io", "api.us.elevenlabs.io", "residency.elevenlabs.io"],
    keys: ["ELEVENLABS_API_KEY"],
    auth: "xi-api-key: ",
  },
  {
    name: "Stability AI",
    hosts: ["api.stability.ai"],
    keys: ["STABILITY_API_KEY"],
    // Other values of `accept` repeat what the body says, and they differ between SDKs.
    keyHeaders: /accept:(?:audio|image)\//,
  },
  {
    name: "Black Forest Labs",
    // A job is polled at a host of its region.
    hosts: [/^https:\/\/api(?:\.[a-z0-9]+)?\.bfl\.ai\//],
    keys: ["BFL_API_KEY"],
    auth: "x-key: ",
  },
  { name: "Luma", hosts: ["api.lumalabs.ai"], keys: ["LUMA_API_KEY"] },
  { name: "Runway", hosts: ["api.dev.runwayml.com"], keys: ["RUNWAYML_API_SECRET"] },
  { name: "WaveSpeed", hosts: ["api.wavespeed.ai"], keys: ["WAVESPEED_API_KEY"] },
  { name: "Gladia", hosts: ["api.gladia.io"], keys: ["GLADIA_API_KEY"], auth: "x-gladia-key: " },
  { name: "Rev AI", hosts: ["https://api.rev.ai/speechtotext"], keys: ["REVAI_API_KEY"] },
  // Other paths of the host create tokens.
  { name: "Hume", hosts: ["https://api.hume.ai/v0"], keys: ["HUME_API_KEY"], auth: "x-hume-api-key: " },
  { name: "LMNT", hosts: ["api.lmnt.com"], keys: ["LMNT_API_KEY"], auth: "x-api-key: " },
  { name: "Featherless", hosts: ["api.featherless.ai"], keys: ["FEATHERLESS_API_KEY"] },
  { name: "Nscale", hosts: ["inference.api.nscale.com"], keys: ["NSCALE_SERVICE_TOKEN"] },
  { name: "OVHcloud", hosts: ["endpoints.kepler.ai.cloud.ovh.net"], keys: ["OVH_AI_ENDPOINTS_ACCESS_TOKEN"] },
  { name: "PublicAI", hosts: ["api.publicai.co"], keys: ["PUBLICAI_API_KEY"] },
  {
    name: "Ollama",
    hosts: ["https://ollama.com/api", "https://ollama.com/v1"],
    keys: ["OLLAMA_API_KEY"],
    errors: { urls: /\/api\/(?:chat|generate|embed|embeddings|show|tags)$/, form: "text" },
    // LangChain reads the second one.
    baseUrls: { OLLAMA_HOST: "http://127.0.0.1:11434", OLLAMA_BASE_URL: "http://127.0.0.1:11434" },
    localPort: "11434",
  },
  { name: "Voyage AI", hosts: ["api.voyageai.com"], keys: ["VOYAGE_API_KEY"] },
  { name: "Jina AI", hosts: ["api.jina.ai"], keys: ["JINA_API_KEY"] },
  { name: "AI21", hosts: ["api.ai21.com"], keys: ["AI21_API_KEY"] },
  { name: "Baseten", hosts: ["inference.baseten.co"], keys: ["BASETEN_API_KEY"] },
  // Other paths of the host manage projects.
  { name: "v0", hosts: ["https://api.v0.dev/v1/chat", "https://api.v0.dev/v1/chats"], keys: ["V0_API_KEY"] },
  { name: "Exa", hosts: ["api.exa.ai"], keys: ["EXA_API_KEY"], auth: "x-api-key: " },
  { name: "Tavily", hosts: ["api.tavily.com"], keys: ["TAVILY_API_KEY"] },
  {
    name: "Firecrawl",
    hosts: ["api.firecrawl.dev"],
    keys: ["FIRECRAWL_API_KEY"],
    baseUrls: { FIRECRAWL_API_URL: "https://api.firecrawl.dev" },
  },
  { name: "StepFun", hosts: ["api.stepfun.com"], keys: ["STEPFUN_API_KEY"] },
  { name: "Meta Llama", hosts: ["api.llama.com"], keys: ["LLAMA_API_KEY"] },
  { name: "W&B", hosts: ["api.inference.wandb.ai"], keys: ["WANDB_API_KEY"] },
  { name: "Chutes", hosts: ["llm.chutes.ai"], keys: ["CHUTES_API_KEY"] },
  { name: "Upstage", hosts: ["api.upstage.ai"], keys: ["UPSTAGE_API_KEY"] },
  { name: "Friendli", hosts: ["api.friendli.ai"], keys: ["FRIENDLI_TOKEN"] },
  { name: "Scaleway", hosts: ["api.scaleway.ai"], keys: ["SCW_SECRET_KEY"] },
  { name: "DigitalOcean", hosts: ["inference.do-ai.run"], keys: ["MODEL_ACCESS_KEY"] },
];
