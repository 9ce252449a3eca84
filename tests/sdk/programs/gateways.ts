/** Other ways to the known models: Vertex AI, Portkey, Together. */
import type { SdkProgram } from "./program.ts";
import { API_KEY, MESSAGES, PROMPT } from "../prompts.ts";

const region = "europe-west1";

/** In mode `replay`, no token is asked for: the client has one that is never sent to anyone. */
async function authClient() {
  const { OAuth2Client } = await import("google-auth-library");
  const client = new OAuth2Client();
  client.setCredentials({ access_token: "placeholder", expiry_date: Date.now() + 3_600_000 });
  return client;
}

function vertexOfAnthropic(name: string, region: string): SdkProgram {
  return {
    packages: ["@anthropic-ai/vertex-sdk", "google-auth-library"],
    name,
    requests: 1,
    run: async () => {
      const { AnthropicVertex } = await import("@anthropic-ai/vertex-sdk");
      const client = new AnthropicVertex({ region, projectId: "project", authClient: await authClient() as never });
      const { content } = await client.messages.create({
        model: "claude-haiku-4-5",
        max_tokens: 50,
        messages: [...MESSAGES],
      });
      return content;
    },
  };
}

function vertexOfGoogle(name: string, location: string): SdkProgram {
  return {
    packages: ["@google/genai", "google-auth-library"],
    name,
    requests: 1,
    run: async () => {
      const { GoogleGenAI } = await import("@google/genai");
      const googleAuthOptions = { authClient: await authClient() as never };
      const { models } = new GoogleGenAI({ vertexai: true, project: "project", location, googleAuthOptions });
      return (await models.generateContent({ model: "gemini-2.5-flash", contents: PROMPT })).text;
    },
  };
}

export const gatewayPrograms: SdkProgram[] = [
  vertexOfAnthropic("messages in a region", region),
  vertexOfAnthropic("global messages", "global"),
  vertexOfAnthropic("messages in the EU", "eu"),
  vertexOfGoogle("Vertex AI in a region", region),
  vertexOfGoogle("global Vertex AI", "global"),
  vertexOfGoogle("Vertex AI in the EU", "eu"),
  {
    packages: ["portkey-ai"],
    name: "chat",
    requests: 1,
    run: async () => {
      const { Portkey } = await import("portkey-ai");
      const client = new Portkey({ apiKey: API_KEY, provider: "openai" });
      const answer = await client.chat.completions.create({ model: "gpt-5-mini", messages: [...MESSAGES] });
      return answer.choices;
    },
  },
  {
    packages: ["together-ai"],
    name: "chat",
    requests: 1,
    run: async () => {
      const { default: Together } = await import("together-ai");
      const client = new Together({ apiKey: API_KEY });
      return await client.chat.completions.create({ model: "any", messages: [...MESSAGES] });
    },
  },
];
