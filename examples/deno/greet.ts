import OpenAI from "openai";

/** The program under test. It contains no code for the cache. */
export async function greet(name: string, language = "English"): Promise<string> {
  const client = new OpenAI({ apiKey: Deno.env.get("OPENAI_API_KEY") ?? "not needed in CI" });
  const answer = await client.responses.create({
    model: "gpt-5-mini",
    input: `Greet ${name} in one sentence in ${language}.`,
  });
  return answer.output_text;
}
