import assert from "node:assert/strict";
import { test } from "./suite.ts";
import { CHAT_URL, checkByPieces } from "./testing.ts";

const BATCH_URL = "https://api.openai.com/v1/batches/batch_1";
const GOOGLE_URL = "https://generativelanguage.googleapis.com/v1beta";

/** The reason why a JSON body is not recorded, or "whole". */
function verdict(body: unknown, { method = "POST", url = CHAT_URL, type = "application/json" } = {}): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const bytes = new TextEncoder().encode(text);
  const judge = checkByPieces({
    method,
    url: new URL(url),
    status: 200,
    headers: new Headers({ "content-type": type }),
  });
  assert.equal(judge.push(bytes), false, "JSON has no terminal marker");
  return judge.end(bytes)?.reason ?? "whole";
}

test("judgeBody() accepts JSON that parses", () => {
  const bodies = [`{}`, `[]`, ` {"a":[1,2,{"b":null}]}\r\n`, `"text"`, `1`, `null`, `{"choices":[]}`, "", "  \n"];
  for (const body of bodies) assert.equal(verdict(body), "whole", body);
  assert.equal(verdict(`{"title":"x"}`, { type: "application/problem+json" }), "whole");
});

test("judgeBody() accepts JSON that starts with a BOM, which readers skip", () => {
  assert.equal(verdict(`\uFEFF{"a":1}`), "whole");
  assert.equal(verdict(`\uFEFF{"error":{"message":"x"}}`), "error");
});

test("judgeBody() rejects JSON that is cut after any byte", () => {
  const text = `{"id":"é","choices":[{"message":{"content":"\\u00e9€"},"finish_reason":"stop"}],"n":1.5}`;
  const bytes = new TextEncoder().encode(text);
  for (let length = 1; length < bytes.byteLength; length++) {
    const judge = checkByPieces({
      method: "POST",
      url: new URL(CHAT_URL),
      status: 200,
      headers: new Headers({ "content-type": "application/json" }),
    });
    judge.push(bytes.subarray(0, length));
    assert.equal(judge.end(bytes.subarray(0, length))?.reason, "truncated", text.slice(0, length));
  }
});

test("judgeBody() rejects JSON that reports an error", () => {
  const bodies = [
    { error: "overloaded" },
    { error: { message: "overloaded", code: 503 } },
    { error: { code: null, message: "overloaded" } },
    { id: "x", choices: [], error: { message: "x" } },
    { choices: [{ error: { code: 502 } }] },
    { choices: [{ finish_reason: "stop" }, { finish_reason: "error" }] },
    { object: "response", status: "failed", error: null },
    { object: "response", status: "cancelled" },
    [{ candidates: [] }, { error: { code: 503, status: "UNAVAILABLE" } }],
  ];
  for (const body of bodies) {
    assert.equal(verdict(body), "error", JSON.stringify(body));
  }
});

test("judgeBody() accepts JSON in which an error member is null or nested", () => {
  const bodies = [
    { error: null },
    { object: "response", status: "completed", error: null, incomplete_details: null },
    { object: "response", status: "incomplete" },
    { object: "chat.completion", status: "failed" },
    { choices: [{ error: null, finish_reason: "stop" }] },
    { choices: [{ message: { content: `{"error":"quoted"}` }, finish_reason: "length" }] },
    { output: { error: "a tool's own" } },
    { errors: null, last_error: { code: "x" } },
    [{ candidates: [{ finishReason: "STOP" }] }, { error: null }],
  ];
  for (const body of bodies) {
    assert.equal(verdict(body), "whole", JSON.stringify(body));
  }
});

test("judgeBody() judges Gemini's JSON array as a whole", () => {
  const parts = [{ candidates: [{ content: {} }] }, { candidates: [{ finishReason: "STOP" }] }];
  const text = JSON.stringify(parts, null, 2);
  const url = `${GOOGLE_URL}/models/gemini:streamGenerateContent`;
  assert.equal(verdict(text, { url }), "whole");
  assert.equal(verdict(text.slice(0, -1), { url }), "truncated");
  assert.equal(verdict(text.slice(0, text.indexOf("},")), { url }), "truncated");
});

const FINAL = [
  "completed",
  "complete",
  "succeeded",
  "success",
  "failed",
  "failure",
  "cancelled",
  "canceled",
  "expired",
];
const ALSO_FINAL = [
  "ended",
  "incomplete",
  "processed",
  "active",
  "ready",
  "deleted",
  "requires_action",
  "done",
  "dubbed",
  "transcribed",
];
const OPEN = [
  "queued",
  "in_progress",
  "validating",
  "running",
  "pending",
  "processing",
  "cancelling",
  "starting",
  "new",
];
const MEMBERS = ["status", "state", "processing_status", "task_status"];

test("judgeBody() accepts a polled response if the state is final", () => {
  for (const state of [...FINAL, ...ALSO_FINAL]) {
    for (const name of MEMBERS) {
      for (const text of [state, state.toUpperCase(), `JOB_STATE_${state.toUpperCase()}`]) {
        const get = { method: "GET", url: BATCH_URL };
        assert.equal(verdict({ id: "1", [name]: text }, get), "whole", `${name}: ${text}`);
        assert.equal(verdict({ file: { [name]: text } }, get), "whole", `one level down, ${name}: ${text}`);
      }
    }
  }
});

test("judgeBody() rejects a polled response if the state is not final or unknown", () => {
  const get = { method: "GET", url: BATCH_URL };
  for (const state of [...OPEN, "", "something new", "JOB_STATE_RUNNING", 7, true]) {
    for (const name of MEMBERS) {
      assert.equal(verdict({ [name]: state }, get), "unfinished", `${name}: ${state}`);
      assert.equal(verdict({ file: { [name]: state } }, get), "unfinished", `one level down, ${name}: ${state}`);
      assert.equal(verdict({ status: "completed", file: { [name]: state } }, get), "unfinished", "each has to be");
    }
  }
});

test("judgeBody() ignores states at other places in the response to a GET", () => {
  const get = { method: "GET", url: BATCH_URL };
  const bodies = [
    { data: [{ status: "in_progress" }] },
    { a: { b: { status: "in_progress" } } },
    { status: null },
    { status: undefined, id: "1" },
    { object: "list", data: [] },
    { file_counts: { in_progress: 1, completed: 2 } },
    [{ status: "in_progress" }],
  ];
  for (const body of bodies) {
    assert.equal(verdict(body, get), "whole", JSON.stringify(body));
  }
});

test("judgeBody() accepts an unfinished job that was created by a POST", () => {
  for (const method of ["POST", "DELETE", "PUT"]) {
    assert.equal(verdict({ id: "batch_1", status: "validating" }, { method, url: BATCH_URL }), "whole", method);
  }
});

test("judgeBody() accepts a Google operation only if it is done", () => {
  const name = "models/veo/operations/op1";
  const polls = [
    { method: "GET", url: `${GOOGLE_URL}/${name}` },
    { method: "GET", url: `${GOOGLE_URL}/operations/op1?alt=json` },
    { method: "GET", url: `${GOOGLE_URL}/elsewhere` },
    { method: "POST", url: `${GOOGLE_URL}/models/veo:fetchPredictOperation` },
  ];
  for (const poll of polls) {
    for (const open of [{ name }, { name, done: false }, { name, done: null }, { name, done: "true" }]) {
      assert.equal(verdict(open, poll), "unfinished", `${poll.url} ${JSON.stringify(open)}`);
    }
    assert.equal(verdict({ name, done: true, response: {} }, poll), "whole", poll.url);
    assert.equal(verdict({ name, done: true, error: { code: 3 } }, poll), "error", poll.url);
  }
  const post = { url: `${GOOGLE_URL}/models/veo:predictLongRunning` };
  assert.equal(verdict({ name }, post), "whole", "the POST that starts it is no poll");
});

test("judgeBody() judges an operation by done, not by its metadata", () => {
  const name = "models/veo/operations/op1";
  const get = { method: "GET", url: `${GOOGLE_URL}/${name}` };
  assert.equal(verdict({ name, done: true, metadata: { state: "RUNNING" } }, get), "whole");
  assert.equal(verdict({ name, metadata: { state: "SUCCEEDED" } }, get), "unfinished");
});

test("judgeBody() accepts Gemini's batch if it is done", () => {
  const get = { method: "GET", url: `${GOOGLE_URL}/batches/b1` };
  const batch = (state: string) => ({ name: "batches/b1", metadata: { state: `BATCH_STATE_${state}` } });
  assert.equal(verdict({ ...batch("RUNNING") }, get), "unfinished");
  assert.equal(verdict({ ...batch("SUCCEEDED"), done: true, response: {} }, get), "whole");
});

test("judgeBody() rejects failures in other forms, and ignores empty errors", () => {
  for (const body of [{ success: false, errors: [] }, { base_resp: { status_code: 1002, status_msg: "rate limit" } }]) {
    assert.equal(verdict(body), "error");
  }
  for (const body of [{ error: false }, { error: "" }, { success: true }, { base_resp: { status_code: 0 } }]) {
    assert.equal(verdict(body), "whole");
  }
});

test("judgeBody() rejects a web page as the response to a POST", () => {
  assert.equal(verdict("<html>Please log in</html>", { type: "text/html; charset=utf-8" }), "error");
  assert.equal(verdict("<html>a file</html>", { type: "text/html", method: "GET" }), "whole");
});
