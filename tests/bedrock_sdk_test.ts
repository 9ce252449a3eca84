/** What is special about the SDK of Amazon Bedrock: it signs every request, and rewords error messages. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
  ConverseCommand,
  ConverseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { type Cachy, CachyMissError, type CachyOptions, disableCachy, enableCachy, type MissBehavior } from "../mod.ts";
import { type Provider, startProvider } from "./provider/provider.ts";
import { after, before, beforeEach, test, type TestContext } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

let provider: Provider;
before(async () => {
  provider = await startProvider({ pause: 1 });
});
beforeEach(() => provider.reset());
after(async () => {
  disableCachy();
  await provider.stop();
});

const DAY = 86_400_000;
const MINE = { accessKeyId: "id-of-mine", secretAccessKey: "secret-of-mine", sessionToken: "token-of-mine" };
const OTHERS = { accessKeyId: "id-of-others", secretAccessKey: "secret-of-others", sessionToken: "token-of-others" };
const input = {
  modelId: "anthropic.claude-haiku-4-5",
  messages: [{ role: "user" as const, content: [{ text: "Hi" }] }],
};

function clientOf(config: BedrockRuntimeClientConfig = {}): BedrockRuntimeClient {
  const requestHandler = new FetchHttpHandler();
  return new BedrockRuntimeClient({
    region: "us-east-1",
    endpoint: provider.url,
    credentials: MINE,
    requestHandler,
    ...config,
  });
}

/** A new client for each call, because the SDK sets its clock by the first response. */
async function talk(config?: BedrockRuntimeClientConfig): Promise<void> {
  await clientOf(config).send(new ConverseCommand(input));
  const { stream } = await clientOf(config).send(new ConverseStreamCommand(input));
  for await (const _ of stream ?? []); // recorded at its end
}

function enable(t: TestContext, options: CachyOptions): { readonly cachy: Cachy; readonly file: string } {
  const file = join(temporaryFolder(t), "cachy.jsonl");
  return { cachy: enableCachy({ file, domains: [provider.url], ...options }), file };
}

test("enableCachy() keeps the signature out of the key: another account gets a hit on another day", async (t) => {
  const { cachy, file } = enable(t, { mode: "auto" });
  const tomorrow = { credentials: OTHERS, systemClockOffset: DAY };
  await talk();
  await talk(tomorrow);
  assert.deepEqual([cachy.stats.hits, provider.requests.length], [2, 2]);

  enableCachy({ file, domains: [provider.url], mode: "refresh" });
  await talk(tomorrow);
  const signed = ["authorization", "x-amz-date", "x-amz-security-token"];
  for (const [first, second] of [[0, 2], [1, 3]] as const) {
    for (const name of signed) {
      const values = [first, second].map((at) => provider.requests[at]?.headers[name]);
      assert.ok(values[0] && values[1] && values[0] !== values[1], `${name} differs`);
    }
  }
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line) as { sha256: string });
  assert.equal(lines.length, 4);
  assert.equal(new Set(lines.map(({ sha256 }) => sha256)).size, 2);
});

test("enableCachy() writes no credentials and no signature into the file", async (t) => {
  const { file } = enable(t, { mode: "auto" });
  await talk();
  const text = readFileSync(file, "utf8");
  assert.match(text, /converse-stream/);
  for (const { headers } of provider.requests) {
    const { authorization = "" } = headers;
    const [signature = "none"] = /(?<=Signature=)[0-9a-f]{64}/.exec(authorization) ?? [];
    const traces = [
      signature,
      headers["x-amz-date"],
      headers["x-amz-content-sha256"],
      headers["amz-sdk-invocation-id"],
    ];
    for (const trace of [...traces, ...Object.values(MINE)]) {
      assert.ok(trace && !text.includes(trace), `${trace} is in the file, or was not sent`);
    }
  }
  // The request id of the response is recorded.
  assert.doesNotMatch(text.replaceAll(`"x-amzn-requestid"`, ""), /x-amz|amz-sdk|authorization|AWS4-HMAC|signature/i);
});

for (const Command of [ConverseCommand, ConverseStreamCommand]) {
  /** The SDK makes up to three attempts by default. */
  const missed = async (t: TestContext, miss: MissBehavior) => {
    const { cachy } = enable(t, { mode: "replay", miss });
    const error = await clientOf().send(new Command(input) as ConverseCommand).then(() => undefined, (error) => error);
    const [told] = cachy.misses;
    assert.match(told?.message ?? "", /^Cannot replay POST/);
    assert.deepEqual([cachy.stats.misses, provider.requests.length, error.$metadata.attempts], [1, 0, 1]);
    return { error, message: told?.message };
  };

  test(`${Command.name} rejects with the explanation of the miss, and does not retry`, async (t) => {
    const { error, message } = await missed(t, "answer");
    assert.deepEqual([error.message, error.$metadata.httpStatusCode], [message, 406]);
  });

  test(`${Command.name} rejects with the CachyMissError itself, and does not retry, with miss: "throw"`, async (t) => {
    const { error, message } = await missed(t, "throw");
    assert.ok(error instanceof CachyMissError);
    assert.equal(error.message, message);
  });
}
