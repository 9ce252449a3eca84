import { base64Media, urlMedia } from "../media/media_part.ts";
import { type Json, objectOf } from "../parts/members.ts";
import type { Part } from "../parts/message.ts";
import { call, result, text, thinking, unknown } from "../parts/parts.ts";

/** A member by its name in camel case, or as Python's SDK writes it. */
export function either(object: Json, name: string): unknown {
  return object[name] ?? object[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

/** The parts of a content. */
export function geminiParts(parts: unknown): Part[] {
  return (Array.isArray(parts) ? parts : parts === undefined ? [] : [parts]).flatMap(geminiPart);
}

/** In the order in which they are looked for. */
const READERS: readonly (readonly [member: string, read: (value: Json) => Part[]])[] = [
  ["functionCall", ({ name, args, id }) => [call(name, args, id)]],
  ["functionResponse", ({ name, response, id }) => [result({ name, id, text: response })]],
  [
    "inlineData",
    (blob) => [base64Media(blob.data, { type: either(blob, "mimeType"), name: either(blob, "displayName") })],
  ],
  ["fileData", (file) => [
    urlMedia(either(file, "fileUri"), { type: either(file, "mimeType"), name: either(file, "displayName") }),
  ]],
  ["executableCode", ({ code }) => [call("code_execution", code)]],
  ["codeExecutionResult", ({ output, outcome }) => [result({ name: "code_execution", text: output ?? outcome })]],
];

function geminiPart(value: unknown): Part[] {
  if (typeof value === "string") return text(value);
  const part = objectOf(value);
  if (typeof part.text === "string") return part.thought === true ? thinking(part.text) : text(part.text);
  for (const [member, read] of READERS) {
    const found = either(part, member);
    if (found !== undefined) return read(objectOf(found));
  }
  // The signature of a thought, on its own at the end of a stream.
  return either(part, "thoughtSignature") === undefined ? [unknown(value)] : [];
}
