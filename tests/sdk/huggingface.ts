/** @huggingface/inference 4. */
import { casesOf, type Connection, type Sdk, type SdkCall, type SdkCase } from "./case.ts";
import { MESSAGES } from "./prompts.ts";

type InferenceClient = InstanceType<
  typeof import("@huggingface/inference")["InferenceClient"]
>;

// Tokens that do not start with "hf_" need a named provider.
const TOKEN = "hf_of_the_tests";
const body = { model: "meta-llama/Llama-3.1-8B-Instruct", messages: [...MESSAGES] };

const huggingface: Sdk<InferenceClient> = {
  name: "huggingface 4",
  origin: "https://router.huggingface.co",
  capturesFetch: "call",
  connect: async ({ baseURL, fetch }: Connection) => {
    const { InferenceClient } = await import("@huggingface/inference");
    const options = { endpointUrl: baseURL, retry_on_error: false, ...(fetch ? { fetch } : {}) };
    return new InferenceClient(TOKEN, options);
  },
};

const calls: SdkCall<InferenceClient>[] = [
  { name: "chatCompletion", run: async (client, options) => await client.chatCompletion(body, options) },
  {
    name: "chatCompletionStream",
    stream: (client, options) => Promise.resolve(client.chatCompletionStream(body, options)),
  },
];

export const huggingfaceCases: SdkCase[] = casesOf(huggingface, calls);
