import type { AnswerHeaders } from "./answer.ts";
import { hexId } from "./text.ts";

export function openaiHeaders(): AnswerHeaders {
  return {
    "x-request-id": hexId("req_", 32),
    "openai-version": "2020-10-01",
    "openai-processing-ms": "412",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-remaining-requests": "9999",
    "cf-ray": `${hexId("", 16)}-ZRH`,
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
  };
}
