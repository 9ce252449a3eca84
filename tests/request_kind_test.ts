import assert from "node:assert/strict";
import { type RequestKind, requestKind } from "../src/request/identify.ts";
import { test } from "./suite.ts";

function kindOf(path: string, method = "POST", headers: HeadersInit = {}): RequestKind {
  return requestKind(method, new URL(path, "https://api.example.com"), new Headers(headers));
}

test("requestKind() is plain for a POST to a model", () => {
  const paths = [
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages?beta=true",
    "/v1beta/models/gemini-2.0-flash:generateContent",
    "/v1beta/models/gemini-2.0-flash:batchGenerateContent",
    "/v1/embeddings",
    "/api/generate",
    "/",
  ];
  for (const path of paths) assert.equal(kindOf(path), "plain", path);
});

test("requestKind() is stateful for a POST with a segment that creates or changes something", () => {
  const paths = [
    "/v1/files",
    "/v1/files/",
    "/v1/files/file-1/content",
    "/upload/v1beta/media",
    "/v1/uploads/upload_1/parts",
    "/v1/vector_stores/vs_1/search",
    "/v1/conversations",
    "/v1/containers?limit=3",
    "/v1/messages/batches",
    "/v1/threads/t_1",
    "/v1/assistants/runs",
    "/v1/fine_tuning/jobs",
    "/v1beta/cachedContents",
    "/v1beta/fileSearchStores/s",
  ];
  for (const path of paths) assert.equal(kindOf(path), "stateful", path);
});

test("requestKind() compares complete, case-sensitive segments of the path, and ignores what follows the path", () => {
  const paths = [
    "/v1/profiles",
    "/v1/files-api",
    "/v1/my_files",
    "/v1/file",
    "/v1/Files",
    "/v1/cachedcontents",
    "/v1/threads_of_prompts",
    "/v1/models/batches-1:generateContent",
    "/v1/chat/completions?path=/files/",
    "/v1/chat/completions#/files/",
    "/v1/chat%2Ffiles",
  ];
  for (const path of paths) assert.equal(kindOf(path), "plain", path);
  assert.equal(requestKind("POST", new URL("https://files/v1/responses"), new Headers()), "plain", "a host");
});

test("requestKind() is stateful for every method except POST", () => {
  for (const method of ["GET", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "patch", "post2"]) {
    assert.equal(kindOf("/v1/responses", method), "stateful", method);
  }
});

test("requestKind() never caches responses that are valid only briefly", () => {
  const paths = [
    "/v1/realtime/sessions",
    "/v1/realtime/client_secrets",
    "/openai/realtime/calls",
    "/v1/chatkit/sessions",
    "/v1/chatkit/sessions/cksess_1/cancel",
    "/v1alpha/auth_tokens",
    "/tokens/",
    "/v1/single-use-token/realtime_scribe",
    "/v1/realtime/files",
  ];
  for (const path of paths) {
    for (const method of ["POST", "GET"]) assert.equal(kindOf(path, method), "uncached", path);
  }
  assert.equal(kindOf("/v1/realtimes/x"), "plain");
  assert.equal(kindOf("/v1/messages/count_tokens"), "plain");
  assert.equal(kindOf("/v1/chat/completions?x=/realtime/"), "plain");
  assert.equal(kindOf("/v1/chatkit/threads"), "stateful");
});

test("requestKind() never caches a request for a part of a body, or for a change since the last time", () => {
  const names = ["Range", "If-None-Match", "if-modified-since", "IF-MATCH", "If-Unmodified-Since", "If-Range"];
  for (const name of names) {
    for (const method of ["GET", "POST"]) assert.equal(kindOf("/v1/x", method, { [name]: "x" }), "uncached", name);
  }
  const others = { "x-if-match": "x", "ranges": "x", "accept-ranges": "x", "iframe": "x", "x-range": "x" };
  assert.equal(kindOf("/v1/x", "POST", others), "plain");
});

test("requestKind() detects the traces of agents", () => {
  assert.equal(kindOf("/v1/traces/ingest"), "telemetry");
  assert.equal(kindOf("/proxy/v1/traces/ingest?x=1"), "telemetry");
  assert.equal(kindOf("/v1/traces/ingest/more"), "plain");
  assert.equal(kindOf("/v1/traces"), "plain");
});
