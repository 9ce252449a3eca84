/** Asks by clients that do not use `fetch`, at the base URLs in the environment. Prints what each received, as JSON. */
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } from "@aws-sdk/client-bedrock-runtime";
import modelClient, { isUnexpected } from "@azure-rest/ai-inference";
import Cerebras from "@cerebras/cerebras_cloud_sdk";
import axios from "axios";
import got from "got";
import { request } from "node:http";
import process from "node:process";
import type { Readable } from "node:stream";
import nodeFetch from "node-fetch";

const { OPENAI_BASE_URL, AZURE_AI_ENDPOINT = "" } = process.env;
const url = `${OPENAI_BASE_URL}/chat/completions`;
const headers = { "content-type": "application/json", authorization: "Bearer sk-program-credential-0123456789" };
const chat = (client: string, stream: boolean) => ({
  model: "gpt-4.1",
  messages: [{ role: "user" as const, content: `Hello from ${client}` }],
  stream,
});

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) text += decoder.decode(chunk as Uint8Array, { stream: true });
  return text;
}

const http = (body: string) =>
  new Promise<string>((resolve, reject) => {
    const sent = request(url, { method: "POST", headers }, (response) => resolve(textOf(response)));
    sent.on("error", reject);
    sent.end(body);
  });

const bedrock = new BedrockRuntimeClient({
  region: "eu-west-1",
  credentials: { accessKeyId: "AKIAEXAMPLEEXAMPLE00", secretAccessKey: "program-credential-0123456789" },
});
const conversation = {
  modelId: "anthropic.claude-sonnet-4-5",
  messages: [{ role: "user" as const, content: [{ text: "Hello from AWS" }] }],
};
const azure = modelClient(AZURE_AI_ENDPOINT, { key: "program-credential-0123456789" }, {
  allowInsecureConnection: true,
});
const cerebras = new Cerebras({ apiKey: "csk-program-credential-0123456789" });

const clients: Readonly<Record<string, () => Promise<unknown>>> = {
  "node:http": () => http(JSON.stringify(chat("node:http", false))),
  "node:http stream": () => http(JSON.stringify(chat("node:http", true))),
  axios: async () => (await axios.post(url, chat("axios", false), { headers })).data,
  "axios stream": async () =>
    await textOf((await axios.post<Readable>(url, chat("axios", true), { headers, responseType: "stream" })).data),
  got: () => got.post(url, { json: chat("got", false), headers }).json(),
  "got stream": () => textOf(got.stream.post(url, { json: chat("got", true), headers })),
  "node-fetch": async () =>
    await (await nodeFetch(url, { method: "POST", headers, body: JSON.stringify(chat("node-fetch", false)) })).text(),
  "node-fetch stream": async () => {
    const { body } = await nodeFetch(url, { method: "POST", headers, body: JSON.stringify(chat("node-fetch", true)) });
    return await textOf(body as AsyncIterable<unknown>);
  },
  cerebras: async () => await cerebras.chat.completions.create({ ...chat("cerebras", false), stream: false }),
  "cerebras stream": async () => {
    const events: unknown[] = [];
    for await (const event of await cerebras.chat.completions.create({ ...chat("cerebras", true), stream: true })) {
      events.push(event);
    }
    return events;
  },
  bedrock: async () => (await bedrock.send(new ConverseCommand(conversation))).output,
  "bedrock stream": async () => {
    const events: unknown[] = [];
    for await (const event of (await bedrock.send(new ConverseStreamCommand(conversation))).stream ?? []) {
      events.push(event);
    }
    return events;
  },
  azure: async () => {
    const response = await azure.path("/chat/completions").post({ body: chat("azure", false) });
    if (isUnexpected(response)) throw new Error(JSON.stringify(response.body));
    return response.body;
  },
};

const wanted = process.argv[2]?.split(",") ?? Object.keys(clients);
for (const name of wanted) {
  try {
    console.log(JSON.stringify([name, await clients[name]?.()]));
  } catch (error) {
    console.log(JSON.stringify([name, { failed: `${error}` }]));
  }
}
process.exit();
