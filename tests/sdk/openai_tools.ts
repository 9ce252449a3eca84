/** Tool loops with the openai package: the model asks for a tool, its result goes back in a second request. */
import type { SdkCall } from "./case.ts";
import type { OpenAI } from "./openai.ts";
import { MESSAGES, PROMPT, TOOL_DESCRIPTION, TOOL_NAME, TOOL_SCHEMA, weather } from "./prompts.ts";

function weatherFrom(values: string): string {
  return weather((JSON.parse(values) as { city: string }).city);
}

const responsesTool = {
  type: "function" as const,
  name: TOOL_NAME,
  description: TOOL_DESCRIPTION,
  parameters: TOOL_SCHEMA,
  strict: true,
};

export const openaiTools: SdkCall<OpenAI>[] = [
  {
    name: "chat runTools()",
    requests: 2,
    run: async (client, options) => {
      const tool = {
        type: "function" as const,
        function: {
          name: TOOL_NAME,
          description: TOOL_DESCRIPTION,
          parameters: TOOL_SCHEMA,
          parse: JSON.parse as (text: string) => { city: string },
          function: ({ city }: { city: string }) => weather(city),
        },
      };
      const body = { model: "gpt-5-mini", messages: [...MESSAGES], tools: [tool] };
      const runner = client.chat.completions.runTools(body, options);
      return { final: await runner.finalContent(), messages: runner.messages, usage: await runner.totalUsage() };
    },
  },
  {
    name: "responses tool loop",
    requests: 2,
    run: async (client, options) => {
      const body = { model: "gpt-5-mini", tools: [responsesTool], store: false };
      const first = await client.responses.create({ ...body, input: PROMPT }, options);
      const results = first.output.flatMap((item) =>
        item.type === "function_call"
          ? [item, {
            type: "function_call_output" as const,
            call_id: item.call_id,
            output: weatherFrom(item.arguments),
          }]
          : []
      );
      const input = [{ role: "user" as const, content: PROMPT }, ...results];
      const second = await client.responses.create({ ...body, input }, options);
      return [first, second];
    },
  },
];
