import assert from "node:assert/strict";
import { type CanonicalRequest, canonicalRequest, type Normalization } from "../src/request/canonical.ts";
import { sha256Hex } from "../src/lib/bytes.ts";
import { digestRequest } from "../src/request/identify.ts";
import { readHead, readRequest, urlOf } from "../src/request/request.ts";
import { test } from "./suite.ts";
import { CHAT_URL, jsonPost } from "./testing.ts";

const GEMINI_URL = "https://generativelanguage.googleapis.com/v1beta/models/g:generateContent";

interface Options {
  readonly keyHeaders?: readonly string[];
  readonly normalize?: readonly Normalization[];
}

async function canonical(
  input: string | Request,
  init?: RequestInit,
  { keyHeaders = [], normalize = [] }: Options = {},
): Promise<CanonicalRequest> {
  const url = urlOf(input);
  const head = url && readHead(url, input, init);
  assert.ok(head);
  return await canonicalRequest(await readRequest(head), { keyHeaders: new Set(keyHeaders), normalize });
}

async function body(url: string, init: RequestInit, options?: Options): Promise<CanonicalRequest["body"]> {
  return (await canonical(url, init, options)).body;
}

function post(contentType: string, body: BodyInit): RequestInit {
  return { method: "POST", headers: { "content-type": contentType }, body };
}

test("canonicalRequest() removes the fragment and secrets from the URL", async () => {
  const { url } = await canonical("https://API.example:443/v1/a%20b/./c?alt=sse&key=SECRET#part");
  assert.equal(url, "https://api.example/v1/a%20b/c?alt=sse");
});

test("canonicalRequest() detects streaming by `stream: true` at the top of a JSON body, or by the path", async () => {
  const streaming = async (url: string, init: RequestInit) => (await canonical(url, init)).streaming;
  assert.equal(await streaming(CHAT_URL, jsonPost({ stream: true })), true);
  assert.equal(await streaming(CHAT_URL, jsonPost('{"stream":false,"\\u0073tream":true}')), true);
  assert.equal(await streaming(GEMINI_URL.replace("generate", "streamGenerate") + "?alt=sse", jsonPost({})), true);
  for (const other of [{ stream: "true" }, { stream: 1 }, { stream: false }, { x: { stream: true } }, [true], null]) {
    assert.equal(await streaming(CHAT_URL, jsonPost(other)), false, JSON.stringify(other));
  }
  assert.equal(await streaming(CHAT_URL, jsonPost('{"stream":true,"stream":false}')), false);
  assert.equal(await streaming(CHAT_URL, post("text/plain", '{"stream":true}')), false);
  assert.equal(await streaming(`${GEMINI_URL}?x=:streamGenerateContent`, jsonPost({})), false);
});

test("canonicalRequest() makes JSON canonical for every content type that contains json, and for no other", async () => {
  for (
    const type of ["application/json", "application/vnd.api+json; charset=utf-8", "Application/JSON", "text/x-json"]
  ) {
    for (const sent of ['{"b":1,"a":2}', new TextEncoder().encode('{"b":1,"a":2}')]) {
      const request = await canonical(CHAT_URL, post(type, sent));
      assert.equal(request.body, '{"a": 2, "b": 1}');
      assert.equal(request.format, "json");
    }
  }
  const text = await canonical(CHAT_URL, post("text/plain", '{"b":1,"a":2}'));
  assert.deepEqual([text.body, text.format], ['{"b":1,"a":2}', "text"]);
});

test("canonicalRequest() keeps a body that is not JSON unchanged", async () => {
  const deep = "[".repeat(1000) + "]".repeat(1000);
  for (const sent of ["not json {", "", '{"a":NaN}', '\ufeff{"b":1,"a":2}', '{"a":1}\n{"a":2}', deep]) {
    assert.equal(await body(CHAT_URL, jsonPost(sent)), sent);
  }
});

test("canonicalRequest() keeps different binary bodies different", async () => {
  const bodies = [[0xff], [0xfe], [0xef, 0xbf, 0xbd], [0xff, 0xff], [0x22, 0xff, 0x22], [0x22, 0xfe, 0x22], []];
  for (
    const type of ["application/octet-stream", "application/json", "text/plain", "multipart/form-data; boundary=b"]
  ) {
    const digests = await Promise.all(bodies.map(async (bytes) => {
      const request = await canonical(CHAT_URL, post(type, Uint8Array.from(bytes)));
      return (await digestRequest(request)).sha256;
    }));
    assert.equal(new Set(digests).size, bodies.length, type);
  }
  const [raw] = await Promise.all([canonical(CHAT_URL, post("application/json", Uint8Array.of(0x7b, 0xff)))]);
  assert.deepEqual([raw?.body, raw?.format], [Uint8Array.of(0x7b, 0xff), "binary"]);
});

test("canonicalRequest() lists a FormData by names, file names and hashes, in order", async () => {
  const form = new FormData();
  form.append("model", "wé");
  form.append("file", new Blob([Uint8Array.of(1, 2, 255)], { type: "audio/wav" }), "a.wav");
  const request = await canonical(CHAT_URL, { method: "POST", body: form });
  const hashes = [await sha256Hex(new TextEncoder().encode("wé")), await sha256Hex(Uint8Array.of(1, 2, 255))];
  assert.equal(request.body, JSON.stringify([["model", null, hashes[0]], ["file", "a.wav", hashes[1]]]));
  assert.equal(request.format, "multipart");
});

test("canonicalRequest() distinguishes forms by order, names, file names and content, not by the types of parts", async () => {
  const file = (content: string, type = "") => new Blob([content], { type });
  const forms: [string, string | Blob, string?][][] = [
    [["a", "1"], ["b", "2"]],
    [["b", "2"], ["a", "1"]],
    [["a", "1"]],
    [["a", "2"]],
    [["a", file("1"), "x"]],
    [["a", file("1"), "y"]],
    [["a", file("1"), "null"]],
    [["a", file("2"), "x"]],
    [["c", file("1"), "x"]],
  ];
  const bodyOf = (parts: [string, string | Blob, string?][]) => {
    const form = new FormData();
    for (const [name, value, fileName] of parts) {
      typeof value === "string" ? form.append(name, value) : form.append(name, value, fileName);
    }
    return body(CHAT_URL, { method: "POST", body: form });
  };
  assert.equal(new Set(await Promise.all(forms.map(bodyOf))).size, forms.length);
  assert.equal(await bodyOf([["a", file("1", "text/csv"), "x"]]), await bodyOf([["a", file("1"), "x"]]));
});

test("canonicalRequest() makes a raw multipart body independent of its random boundary", async () => {
  const raw = (boundary: string, content: number[]) => {
    const text = (part: string) => [...new TextEncoder().encode(part)];
    return Uint8Array.from([...text(`--${boundary}\r\n\r\n`), ...content, ...text(`\r\n--${boundary}--\r\n`)]);
  };
  for (const content of [[0x61], [0xff, 0x2d, 0x2d]]) {
    const plain = await body(CHAT_URL, post("multipart/form-data; boundary=one-7", raw("one-7", content)));
    const others = [
      post('multipart/form-data; boundary="other$&x"', raw("other$&x", content)),
      post("Multipart/Related;Boundary=third; type=x", raw("third", content)),
    ];
    for (const other of others) assert.deepEqual(await body(CHAT_URL, other), plain);
    assert.deepEqual(
      plain,
      content[0] === 0x61 ? new TextDecoder().decode(raw("cachy-boundary", content)) : raw("cachy-boundary", content),
    );
  }
  const different = await body(CHAT_URL, post("multipart/form-data; boundary=b-1", raw("b-1", [0x62])));
  assert.notDeepEqual(different, await body(CHAT_URL, post("multipart/form-data; boundary=b-2", raw("b-2", [0x61]))));
});

test("canonicalRequest() returns the same body each time for a Request with a FormData", async () => {
  const once = async (content: string) => {
    const form = new FormData();
    form.append("model", "whisper");
    form.append("file", new Blob([content]), "a.wav");
    return (await canonical(new Request(CHAT_URL, { method: "POST", body: form }))).body;
  };
  assert.deepEqual(await once("a"), await once("a"));
  assert.notDeepEqual(await once("a"), await once("b"));
});

function toolLoop(callIds: string[], answerIds: string[]): unknown {
  const calls = callIds.map((id) => ({ functionCall: { id, name: "add", args: { id } } }));
  const answers = answerIds.map((id) => ({ functionResponse: { id, name: "add", response: { result: 3 } } }));
  return { contents: [{ role: "model", parts: calls }, { role: "user", parts: answers }] };
}

test("canonicalRequest() renumbers Gemini's call ids: equal ids stay equal, swapped ids differ", async () => {
  const loop = async (url: string, callIds: string[], answerIds: string[]) => {
    const value = JSON.parse(JSON.stringify(toolLoop(callIds, answerIds)).replace(/"args":{"id":"\w+"}/g, '"args":{}'));
    return await body(url, jsonPost(value));
  };
  const first = await loop(GEMINI_URL, ["x1", "x2"], ["x1", "x2"]);
  assert.equal(await loop(GEMINI_URL, ["r8", "a3"], ["r8", "a3"]), first);
  assert.notEqual(await loop(GEMINI_URL, ["x1", "x2"], ["x2", "x1"]), first);
  assert.notEqual(await loop(GEMINI_URL, ["x1", "x1"], ["x1", "x1"]), first);
  const openAi = await loop(CHAT_URL, ["x1", "x2"], ["x1", "x2"]);
  assert.notEqual(await loop(CHAT_URL, ["r8", "a3"], ["r8", "a3"]), openAi, "elsewhere ids count");
});

test("canonicalRequest() keeps other ids of Gemini bodies, also those in the arguments of a call", async () => {
  const bodies = [
    toolLoop(["a"], ["a"]),
    toolLoop(["b"], ["b"]), // differs in args.id, which the program reads
    { contents: [{ parts: [{ functionCall: { name: "f", args: { functionCall: { id: "a" } } } }] }] },
    { contents: [{ parts: [{ functionCall: { name: "f", args: { functionCall: { id: "b" } } } }] }] },
    { id: "a" },
    { id: "b" },
  ];
  const canonicals = await Promise.all(bodies.map((value) => body(GEMINI_URL, jsonPost(value))));
  assert.equal(new Set(canonicals).size, bodies.length);
});

test("canonicalRequest() numbers Gemini's call ids independently of member order", async () => {
  const part = (id: string, kind: string) => `"${kind}":{"id":"${id}","name":"f"}`;
  const [call, answer] = [part("r1", "functionCall"), part("r2", "functionResponse")];
  const text = (members: string) => `{"contents":[{"parts":[{${members}}]}]}`;
  const first = await body(GEMINI_URL, jsonPost(text(`${call},${answer}`)));
  assert.equal(await body(GEMINI_URL, jsonPost(text(`${answer},${call}`))), first);
});

test("canonicalRequest() applies normalize to decoded string values, with literal strings and patterns", async () => {
  const sent = jsonPost('{"a":"id-1 id-2 caf\\u00e9","id-3":["x.y xzy",7]}');
  const cases: [Normalization, string][] = [
    [["id-", "$&!"], '{"a": "$&!1 $&!2 caf\\u00e9", "id-3": ["x.y xzy", 7]}'],
    [["x.y", "$1"], '{"a": "id-1 id-2 caf\\u00e9", "id-3": ["$1 xzy", 7]}'],
    [["café", "tea"], '{"a": "id-1 id-2 tea", "id-3": ["x.y xzy", 7]}'],
    [[/id-(\d)/, "<$1>"], '{"a": "<1> <2> caf\\u00e9", "id-3": ["x.y xzy", 7]}'],
    [[/ID-\d/gi, "ID"], '{"a": "ID ID caf\\u00e9", "id-3": ["x.y xzy", 7]}'],
    [[/7/, "8"], '{"a": "id-1 id-2 caf\\u00e9", "id-3": ["x.y xzy", 7]}'],
  ];
  for (const [normalization, expected] of cases) {
    for (let time = 0; time < 2; time++) {
      assert.equal(await body(CHAT_URL, sent, { normalize: [normalization] }), expected, String(normalization));
    }
  }
  const both = { normalize: [["id-1", "b"], [/b/, "c"]] } as const;
  assert.equal(await body(CHAT_URL, jsonPost({ a: "id-1" }), both), '{"a": "c"}', "one after the other");
});

test("canonicalRequest() normalizes the complete text of other bodies, and does not change what is sent", async () => {
  const normalize: Normalization[] = [[/\d+/, "N"]];
  assert.equal(await body(CHAT_URL, post("text/plain", "run 12 of 13"), { normalize }), "run N of N");
  const head = readHead(new URL(CHAT_URL), CHAT_URL, jsonPost({ a: "run 12" }));
  assert.ok(head);
  const request = await readRequest(head);
  assert.equal((await canonicalRequest(request, { keyHeaders: new Set(), normalize })).body, '{"a": "run N"}');
  assert.equal(request.call[1]?.body, '{"a":"run 12"}');
  const form = (value: string) => {
    const form = new FormData();
    form.append("prompt", value);
    return { method: "POST", body: form };
  };
  assert.equal(await body(CHAT_URL, form("run 12"), { normalize }), await body(CHAT_URL, form("run 7"), { normalize }));
});

test("canonicalRequest() keeps the headers that change the response, sorted by name, and no others", async () => {
  const kept = {
    "anthropic-beta": "a",
    "openai-beta": "b",
    "ai-model-id": "c",
    "ai-embedding-model-id": "d",
    "ai-language-model-id": "e",
    "ai-language-model-streaming": "f",
    "azureml-model-deployment": "g",
    "x-amzn-bedrock-trace": "h",
    "x-goog-upload-command": "i",
    "x-goog-upload-offset": "j",
    "accept": "k",
    "z-mine": "l",
  };
  const dropped = {
    "authorization": "Bearer s",
    "x-api-key": "s",
    "user-agent": "sdk/1",
    "x-stainless-retry-count": "1",
    "anthropic-version": "2023-06-01",
    "x-goog-upload-protocol": "resumable",
    "x-goog-api-key": "s",
    "my-ai-model-id": "x",
    "anthropic-beta-x": "x",
  };
  const headers = Object.entries({ ...kept, ...dropped }).reverse().map(([name, value]) => [name.toUpperCase(), value]);
  const request = await canonical(CHAT_URL, { headers: headers as [string, string][] }, {
    keyHeaders: ["z-mine", "accept"],
  });
  assert.deepEqual(request.headers, Object.entries(kept).sort(([a], [b]) => a < b ? -1 : 1));
});
