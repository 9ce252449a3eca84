/** Error responses in the format of each family. */
import { type Answer, json, type ProviderRequest } from "./answer.ts";
import { bedrockAction } from "./bedrock.ts";
import { id } from "./text.ts";

/** A 500 or 429 in the format of the request's family. It has no retry-after header, so that retries are fast. */
export function failure(request: ProviderRequest, status: 500 | 429): Answer {
  const message = status === 429 ? "Rate limit reached. Try again later." : "The server had an error.";
  const headers = { "x-request-id": id("req_", 24), "request-id": id("req_", 24) };
  const type = bedrockAction(request) && (status === 429 ? "ThrottlingException" : "InternalServerException");
  const named = type ? { ...headers, "x-amzn-errortype": type } : headers;
  return json(bodyFor(request, status, message), named, status);
}

function bodyFor(request: ProviderRequest, status: 500 | 429, message: string): unknown {
  if ("anthropic-version" in request.headers) {
    const type = status === 429 ? "rate_limit_error" : "api_error";
    return { type: "error", error: { type, message }, request_id: id("req_", 24) };
  }
  if (/generateContent|\/upload\/|\/v1beta\//i.test(request.path)) {
    return { error: { code: status, message, status: status === 429 ? "RESOURCE_EXHAUSTED" : "INTERNAL" } };
  }
  if (bedrockAction(request)) return { message };
  if (request.path.includes("/v2/chat")) {
    return { id: crypto.randomUUID(), message };
  }
  if (request.path.includes("/api/chat")) return { error: message };
  const type = status === 429 ? "requests" : "server_error";
  return { error: { message, type, param: null, code: status === 429 ? "rate_limit_exceeded" : null } };
}
