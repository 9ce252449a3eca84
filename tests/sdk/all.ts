/** Every case of every SDK. */
import { aiCases } from "./ai.ts";
import { anthropicCases } from "./anthropic.ts";
import { axiosCases } from "./axios.ts";
import { bedrockCases } from "./bedrock.ts";
import type { SdkCase } from "./case.ts";
import { cohereCases } from "./cohere.ts";
import { genaiCases } from "./genai.ts";
import { groqCases } from "./groq.ts";
import { huggingfaceCases } from "./huggingface.ts";
import { langchainCases } from "./langchain.ts";
import { mistralCases } from "./mistral.ts";
import { ollamaCases } from "./ollama.ts";
import { openaiCases } from "./openai.ts";

export const sdkCases: readonly SdkCase[] = [
  ...openaiCases,
  ...anthropicCases,
  ...genaiCases,
  ...aiCases,
  ...langchainCases,
  ...mistralCases,
  ...groqCases,
  ...cohereCases,
  ...ollamaCases,
  ...huggingfaceCases,
  ...axiosCases,
  ...bedrockCases,
];
