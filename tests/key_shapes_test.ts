import assert from "node:assert/strict";
import fc from "fast-check";
import { keyPatterns, keysIn } from "../src/secrets/key_shapes.ts";
import { credentialsOf, hideInText, isCredentialVariable } from "../src/secrets/values.ts";
import { redactText } from "../src/secrets/redact.ts";
import { joinedTexts } from "../src/record/joined_texts.ts";
import { issuedCredentials } from "../src/record/json_answer.ts";
import { secretFindings } from "../src/cli/scan/scan.ts";
import { rounds, seed, test, type TestContext } from "./suite.ts";
import { CHAT_URL, chatEvents, jsonAnswer, jsonPost, network, streamAnswer, testCachy } from "./testing.ts";

const MIXED = "a1B2c3D4e5F6g7H8i9J0".repeat(6);
const HEX = "0123456789abcdef".repeat(8);

/** Joined here, so that secret scanners do not report this file. */
const PREFIXED: Record<string, string> = {
  "xai-": MIXED.slice(0, 80),
  "pplx-": MIXED.slice(0, 48),
  "r8_": MIXED.slice(0, 37),
  "nvapi-": `${MIXED.slice(0, 40)}_-${MIXED.slice(0, 22)}`,
  "ya29.": `a0AfB_by${MIXED}`,
  "ABSK": `${MIXED.slice(0, 118)}+/=`,
  "bedrock-api-key-": `YmVkcm9jay5hbWF6b25hd3MuY29t${MIXED}`,
  "hf_": MIXED.slice(0, 34),
  "api_org_": MIXED.slice(0, 34),
  "gsk_": MIXED.slice(0, 52),
  "fw_": MIXED.slice(0, 24),
  "tvly-dev-": MIXED.slice(0, 32),
  "fc-": HEX.slice(0, 32),
  "csk-": MIXED.slice(0, 48).toLowerCase(),
  "pa-": MIXED.slice(0, 43),
  "jina_": HEX.slice(0, 32) + MIXED.slice(0, 28),
  "tgp_v1_": MIXED.slice(0, 43),
  "vck_": MIXED.slice(0, 56),
  "v1:": `${MIXED.slice(0, 24)}:${MIXED.slice(0, 24)}`,
  "sk-ant-api03-": `${MIXED.slice(0, 93)}AA`,
  "sk-or-v1-": HEX.slice(0, 64),
  "sk-proj-": MIXED,
  "sk_": HEX.slice(0, 48),
  "sk_live_": MIXED.slice(0, 24),
  "rqsty-sk-": MIXED.slice(0, 60),
  "AIza": MIXED.slice(0, 35),
  "AQ.": `Ab8RN6${MIXED.slice(0, 44)}`,
  "1//0": MIXED.slice(0, 60),
  "GOCSPX-": MIXED.slice(0, 28),
  "AKIA": "ABCD2345".repeat(2),
  "ASIA": "ABCD2345".repeat(2),
  "ghp_": MIXED.slice(0, 36),
  "github_pat_": MIXED.slice(0, 82),
  "glpat-": MIXED.slice(0, 20),
  "glpat-x": `${MIXED.slice(0, 30)}.01.${MIXED.slice(0, 9)}`,
  "xoxb-": "123456789012-123456789012-abcDEF",
  "xoxe.xoxp-": "1-abcDEF123456",
  "xapp-": "1-A0123456789-abc",
  "SG.": `${MIXED.slice(0, 22)}.${MIXED.slice(0, 43)}`,
  "npm_": MIXED.slice(0, 36),
  "pypi-AgE": MIXED,
  "lsv2_pt_": `${HEX.slice(0, 32)}_${HEX.slice(0, 10)}`,
  "pcsk_": MIXED.slice(0, 70),
  "e2b_": HEX.slice(0, 40),
  "dop_v1_": HEX.slice(0, 64),
  "dapi": HEX.slice(0, 32),
  "hvs.": MIXED.slice(0, 90),
  "eyJ": `hbGciOiJIUzI1NiJ9.eyJ${MIXED.slice(0, 40)}.${MIXED.slice(0, 43)}`,
  "AccountKey=": `${MIXED.slice(0, 86)}==`,
  "SharedAccessKey=": `${MIXED.slice(0, 43)}=`,
  "LLM|": `1234567890|${MIXED.slice(0, 27)}`,
  "lin_api_": MIXED.slice(0, 40),
  "ntn_": MIXED.slice(0, 46),
  "sntrys_": MIXED.slice(0, 60),
  "sess-": MIXED.slice(0, 40),
  "vcp_": MIXED.slice(0, 56),
  "sk_car_": MIXED.slice(0, 22),
  "re_": `${MIXED.slice(0, 8)}_${MIXED.slice(0, 24)}`,
  "SECRET_ACCESS_KEY=": `${MIXED.slice(0, 38)}/+`,
  "hooks.slack.com/services/": `T0123/B0123/${MIXED.slice(0, 24)}`,
  "PMAK-": `${HEX.slice(0, 24)}-${HEX.slice(0, 34)}`,
  "AGE-SECRET-KEY-1": "QPZRY9X8".repeat(7),
  "bce-v3/ALTAK-": `${MIXED.slice(0, 21)}/${HEX.slice(0, 40)}`,
};
const UUID = "0b5f1c1e-3a2b-4c5d-8e9f-001122334455";
/** The secret part of keys without a prefix. */
const OTHERS: Record<string, string> = {
  [`${UUID}:${HEX.slice(0, 32)}`]: HEX.slice(0, 32),
  [`${HEX.slice(0, 32)}.${MIXED.slice(0, 16)}`]: MIXED.slice(0, 16),
  [`${MIXED.slice(0, 52)}JQQJ99${MIXED.slice(0, 26)}`]: MIXED.slice(0, 52),
  [`abC8Q~${MIXED.slice(0, 34)}`]: MIXED.slice(0, 34),
  [`123456789:AA${MIXED.slice(0, 33)}`]: MIXED.slice(0, 33),
};

test("hideInText() redacts keys with the prefixes that providers document", () => {
  for (const [prefix, rest] of Object.entries(PREFIXED)) {
    const key = prefix + rest;
    for (const text of [key, `"${key}"`, `Bearer ${key} end`, `a=${key}&b=c`, `\\n${key}\\n`]) {
      const hidden = hideInText(text, []);
      assert.ok(!hidden.includes(rest.slice(0, 12)), `${text} → ${hidden}`);
      assert.equal(hidden.replace("[redacted]", key), text);
      assert.equal(keysIn(text).size, 1);
    }
  }
});

test("hideInText() redacts keys without a prefix, and percent-encoded ones", () => {
  for (const [key, secret] of Object.entries(OTHERS)) {
    const hidden = hideInText(`use "${key}" now`, []);
    assert.ok(!hidden.includes(secret) && hidden.startsWith('use "') && hidden.endsWith('" now'), hidden);
  }
  const key = `xai-${MIXED}`;
  assert.equal(
    hideInText(`?u=a%3Dauthorization%253DBearer%20${key}%26`, []),
    "?u=a%3Dauthorization%253DBearer%20[redacted]%26",
  );
});

test("keysIn() lists the keys by what they are", () => {
  const [first, second] = [`xai-${MIXED}`, `r8_${MIXED}`];
  assert.deepEqual([...keysIn(`${first} ${second} ${first}`)], [
    ["a key (xai-…)", [first, first]],
    ["a key (r8_…)", [second]],
  ]);
});

/** What the patterns find in a text if they are searched one after the other. */
function plainKeysIn(text: string, patterns = keyPatterns): string[] {
  const all = patterns.map(({ source, flags }) => new RegExp(source, `${flags.replace(/[gy]/g, "")}g`));
  return all.flatMap((pattern) => Array.from(text.matchAll(pattern), ([key]) => key));
}

test("keysIn() finds in any text what a search with all patterns finds", () => {
  const pem = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----";
  const keys = [...Object.entries(PREFIXED).map(([start, rest]) => start + rest), ...Object.keys(OTHERS), pem];
  const unseen = keyPatterns.filter((pattern) => plainKeysIn(keys.join(" "), [pattern]).length === 0);
  assert.deepEqual(unseen, [], "patterns that no key of this test has");

  const key = fc.constantFrom(...keys);
  const part = fc.oneof(
    key,
    key.chain((key) => fc.nat(key.length).map((length) => key.slice(0, length))), // perhaps too short
    fc.constantFrom(" ", "\n", '"', "\\n", "\\u000a", "%3D", "%3A", "-", "_", "/", ".", ":", "=", "é", "日本", "😀"),
    fc.constantFrom("其中", "👉", "б", "ł"), // their lowest bytes are letters and dashes
    fc.stringMatching(/^[\w.:%/-]{0,20}$/),
    // Pieces of the search end at any place of what follows.
    fc.tuple(fc.constantFrom(" ", "a", "-", ".", "é"), fc.nat(40_000)).map(([unit, count]) => unit.repeat(count)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const text = parts.join("");
      assert.deepEqual([...keysIn(text).values()].flat().sort(), plainKeysIn(text).sort());
    }),
    { numRuns: rounds(300), seed },
  );
});

test("keysIn() finds a key directly after a character of any script", () => {
  for (const before of ["中", "👉", "б", "ł", "é", "。", "「"]) {
    for (const after of ["", "中"]) assert.equal(keysIn(`${before}sk-proj-${MIXED}${after}`).size, 1, before);
  }
});

test("hideInText() redacts all that looks like a key, also what follows a redacted key", () => {
  const [first, second] = [`AIza${MIXED.slice(0, 35)}`, `AKIA${"ABCD2345".repeat(2)}`];
  assert.equal(
    hideInText(`${first} and ${second}, ${first}${second}.`, []),
    "[redacted] and [redacted], [redacted][redacted].",
  );
});

test("keysIn() finds no keys in ordinary text, hashes, ids, base64 and model names", () => {
  const random = (length: number, alphabet: string) =>
    Array.from({ length }, (_, at) => alphabet[(at * at * 31 + at * 17 + 7) % alphabet.length]).join("");
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const texts = [
    "gpt-4.1-mini-2025-04-14 claude-haiku-4-5-20251001 gemini-2.5-flash-preview-05-20 llama-3.3-70b-versatile",
    "accounts/fireworks/models/deepseek-v3p1 us.anthropic.claude-sonnet-4-20250514-v1:0 amazon.titan-embed-text-v2:0",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    "pa-amenities sign_up_form up_to_date fc-barcelona xai-org/grok-1 hf_hub_download r8_unorm fw_update_available",
    "resp_68af4030592c81938ec0a5fbab4a3e9f05438e46b5f69a3b msg_01XFDUDYJgAACzvnptvVoYEL chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
    "call_abc123DEF456ghi789JKL012mno toolu_01A09q90qw90lq917835lq9 file-AbC123dEfGhIjKlMnOpQrStUv",
    `sha256:${HEX.slice(0, 64)} ${HEX.slice(0, 40)} ${UUID} ${HEX.slice(0, 32)}.json main.${HEX.slice(0, 8)}.js`,
    `data:image/png;base64,${random(40_000, `${letters}+/`)}`,
    `gAAAAA${random(40_000, `${letters}-_`)}`,
    "const access_token = await getToken(); password = input('Password: ')",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijklmnop",
    "AccountKey=<your key>; SharedAccessKey=... AKIAIOSFODNN7",
    "12:34:56 2026-11-24T10:00:00.000Z http://localhost:11434/api/chat 192.168.0.1:8080",
    "Base64 is ABSKs cousin. SG.com, hvs.md, AQ.Are you there? 1//0 is undefined. LLM|RAG|agents",
  ];
  for (const text of texts) assert.deepEqual([...keysIn(text)], [], text.slice(0, 200));
});

test("hideInText() takes time in proportion to the text for each prefix", () => {
  for (
    const prefix of [...Object.keys(PREFIXED), ".", "a.", "glpat-.", "eyJ.", "%3A", `${HEX.slice(0, 32)}.`, "JQQJ9"]
  ) {
    assert.ok(hideInText(prefix.repeat(20_000), []));
  }
});

test("isCredentialVariable() knows numbered names and short ones", () => {
  const are = [
    "OPENAI_API_KEY1",
    "GROQ_API_KEY_2",
    "TOKEN2",
    "DB_PASS",
    "SMTP_PASS2",
    "PGPASS_PASSPHRASE",
    "AZURE_PAT",
  ];
  are.push("GOOGLE_CREDENTIALS", "AZURE_STORAGE_CONNECTION_STRING", "SLACK_WEBHOOK", "REDIS_AUTH", "DB_PWD");
  assert.deepEqual(are.filter((name) => !isCredentialVariable(name)), []);
  const areNot = ["PWD", "OLDPWD", "BYPASS", "COMPASS", "SSH_AUTH_SOCK", "PATTERN", "SLACK_WEBHOOK_URL_NAME", "AUTHOR"];
  assert.deepEqual(areNot.filter(isCredentialVariable), []);
});

test("credentialsOf() finds the password in the URL of a variable", () => {
  const [found, ...others] = credentialsOf([
    ["DATABASE_URL", "postgres://app:s3cr3t-of-the-db@db.example:5432/app"],
    ["REDIS_URI", "redis://:short@localhost"],
    ["BASE_URL", "https://api.example.com/v1"],
  ]);
  assert.deepEqual([found?.name, found?.forms[0], others], ["DATABASE_URL", "s3cr3t-of-the-db", []]);
});

test("redactText() redacts URLs inside of URLs, percent-encoded or not", () => {
  const inner = "https://user:hunter22@db.example/a?token=t0ken&b=c";
  const kept = "https://db.example/a?b=c";
  let [encoded, expected] = [inner, kept];
  for (let level = 0; level < 3; level++) {
    [encoded, expected] = [encodeURIComponent(encoded), encodeURIComponent(expected)];
    for (
      const [before, after] of [["https://proxy.example/?url=", "&x=1"], ["https://proxy.example/", "/x"], [
        "see ",
        ".",
      ]]
    ) {
      assert.equal(redactText(`${before}${encoded}${after}`), `${before}${expected}${after}`);
    }
  }
  assert.equal(
    redactText("https://p.example/?url=https://user:hunter22@db.example/a"),
    "https://p.example/?url=https://db.example/a",
  );
  assert.equal(
    redactText("https://p.example/https://user:hunter22@db.example/a"),
    "https://p.example/https://db.example/a",
  );
  for (const text of ["100%2F%2F", "https%3A%2F%2Fa.example%2F%zz?token", "https://a.example/%3A%2F%2F%40?b=%2F%2F"]) {
    assert.equal(redactText(text), text);
  }
});

/** What a handle stored of a response, and its warnings. */
async function recordingOf(answer: () => Response, body: object = {}) {
  const cachy = testCachy({ fetch: network(answer).fetch });
  await (await cachy.fetch(CHAT_URL, jsonPost(body))).text();
  await cachy.flush();
  const warnings = cachy.events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
  return { ...cachy.stats, warnings };
}

test("fetch() does not record responses that issue credentials by their names, and says which", async () => {
  const answers: [place: string, () => Response][] = [
    ["access_token", () => jsonAnswer({ access_token: "abcdef-123456", token_type: "Bearer", expires_in: 3600 })],
    ["refresh_token", () => jsonAnswer({ refresh_token: "abcdef-123456" })],
    ["data.client_secret", () => jsonAnswer({ data: [{ id: 1, client_secret: "abcdef-123456" }] })],
    ["session.client_secret.value", () => jsonAnswer({ session: { client_secret: { value: "ek_abcdef123456" } } })],
    ["user.password", () => jsonAnswer({ user: { password: "hunter22hunter" } })],
    ["apiKey", () => jsonAnswer({ apiKey: "abcdef-123456" })],
    ["access_token", () =>
      new Response("access_token=abcdef123456&scope=repo", {
        headers: { "content-type": "application/x-www-form-urlencoded" },
      })],
    [
      "result.access_token",
      () =>
        streamAnswer([
          `data: {"jsonrpc":"2.0","id":1,"result":{"access_token":"abcdef-123456"}}\n\n`,
          ...chatEvents("Hi"),
        ]),
    ],
  ];
  for (const [place, answer] of answers) {
    const { droppedBy, warnings } = await recordingOf(answer);
    assert.deepEqual(droppedBy, { secret: 1 }, place);
    assert.match(warnings[0] ?? "", /^Cannot record POST .*a credential by its name \(/);
    assert.deepEqual([warnings[0]?.includes(`(${place})`), warnings.length], [true, 1]);
  }
});

test("fetch() does not record a response that repeats a credential of its request", async () => {
  const keys = [["authorization", "Bearer no-shape-0123456789"], ["x-api-key", "no-shape-0123456789"]] as const;
  for (const [name, value] of keys) {
    const cachy = testCachy({ fetch: network(() => jsonAnswer({ seen: "no-shape-0123456789" })).fetch });
    await (await cachy.fetch(CHAT_URL, jsonPost({}, { [name]: value }))).text();
    const [warning] = cachy.events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
    assert.deepEqual(cachy.stats.droppedBy, { secret: 1 });
    assert.match(warning ?? "", /contains the value of the header (?:authorization|x-api-key) of the request \(body\)/);
  }
  const dummy = testCachy({ fetch: network(() => jsonAnswer({ seen: "dummy" })).fetch });
  await (await dummy.fetch(CHAT_URL, jsonPost({}, { authorization: "Bearer dummy" }))).text();
  assert.equal(dummy.stats.recorded, 1);
});

test("fetch() records responses whose content has members with such names", async () => {
  const message = (args: object) => ({ choices: [{ message: { tool_calls: [{ function: args }] } }] });
  const password = "hunter22hunter";
  const answers: object[] = [
    message({ name: "sign_in", arguments: JSON.stringify({ password }) }),
    message({ name: "sign_in", arguments: { password } }), // Ollama
    { content: [{ type: "tool_use", name: "sign_in", input: { password, access_token: password } }] }, // Anthropic
    { candidates: [{ content: { parts: [{ functionCall: { name: "sign_in", args: { password } } }] } }] }, // Gemini
    { output: { message: { content: [{ toolUse: { input: { password } } }] } } }, // Bedrock
    { output: [{ type: "function_call", arguments: JSON.stringify({ password }) }] }, // Responses
    {
      tools: [{ parameters: { properties: { password: { type: "string" } } } }],
      access_token: null,
      api_key: "sk-…abcd",
    },
    { usage: { total_tokens: 12345678, cached_token: "123456789" }, next_page_token: "abcdef-123456" },
    { choices: [{ logprobs: { content: [{ token: "authentication" }] } }], secret: "a secret of many words" },
  ];
  for (const answer of answers) {
    const { recorded, warnings } = await recordingOf(() => jsonAnswer(answer));
    assert.deepEqual([recorded, warnings], [1, []], JSON.stringify(answer));
  }
});

test("secretFindings() reports credentials that a response issues, with their places", () => {
  const headers = { "content-type": "application/json" };
  const response = JSON.stringify({ access_token: "abcdef-123456", user: { password: "hunter22hunter" } });
  assert.deepEqual(secretFindings({ key: "00000000", headers, response }, []).map(({ what, where }) => [what, where]), [
    ["a credential", "response, access_token"],
    ["a credential", "response, user.password"],
  ]);
});

test("issuedCredentials() accepts any text and any nesting", (_: TestContext) => {
  for (
    const body of [
      "",
      "token=",
      '{"password":',
      `{"password":${"[".repeat(50_000)}`,
      `${"[".repeat(2000)}"password": 1`,
    ]
  ) {
    const headers = { "content-type": "application/json" };
    assert.deepEqual(issuedCredentials({ key: "00000000", headers, response: body }), []);
  }
});

test("joinedTexts() joins the same texts, whether the events of a stream repeat one another or not", () => {
  const events = fc.array(
    fc.record({
      model: fc.constantFrom("a", "a", "a", "b"),
      delta: fc.oneof({ weight: 4, arbitrary: fc.record({ content: fc.string() }) }, fc.constant({ role: "x" })),
      text: fc.option(fc.string({ unit: "binary" }), { freq: 20, nil: undefined }),
      created: fc.nat(),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(events, (events) => {
      const body = events.map((event) => `event: e\ndata: ${JSON.stringify(event)}\n\n`).join("");
      // With other line ends, all events are parsed.
      const parsed = joinedTexts("text/event-stream", body.replaceAll("\n", "\r\n"));
      assert.deepEqual(joinedTexts("text/event-stream", body), parsed);
    }),
    { numRuns: rounds(300), seed },
  );
});
