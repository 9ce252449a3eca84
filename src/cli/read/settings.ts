import { compactJson, type Json, listOf, objectOf, textOf } from "./parts/json_members.ts";

/** A parameter of a request: name and short value. */
export type Setting = readonly [name: string, value: string];

/** Members that are not settings. They are shown elsewhere. */
const CONTENT: ReadonlySet<string> = new Set([
  "messages",
  "input",
  "inputs",
  "texts",
  "values",
  "instructions",
  "system",
  "prompt",
  "suffix",
  "contents",
  "content",
  "requests",
  "generateContentRequest",
  "systemInstruction",
  "system_instruction",
  "message",
  "preamble",
  "chat_history",
  "query",
  "documents",
  "images",
  "image",
  "instances",
  "model",
  "modelId",
  "model_id",
  "stream",
  "stream_options",
]);
/** Groups of settings. Their members are shown separately. */
const GROUPS: ReadonlySet<string> = new Set([
  "generationConfig",
  "generation_config",
  "inferenceConfig",
  "options",
  "parameters",
]);
/** The longest value that is shown, in characters. */
const MAX_VALUE = 80;

/** The settings of a request, in their order. */
export function settingsOf(request: Json): Setting[] {
  return Object.entries(request)
    .filter(([name, value]) => !(CONTENT.has(name) || name === "text" && typeof value === "string"))
    .flatMap(([name, value]) => GROUPS.has(name) ? Object.entries(objectOf(value)) : [[name, value] as const])
    .map(([name, value]) => [name, shortened(valueOf(name, value))] as const);
}

function valueOf(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (name === "tools" || name === "functions") return listOf(value).flatMap(toolNames).join(", ");
  if (name === "toolConfig" || name === "tool_config") return toolConfig(objectOf(value));
  if (name === "tool_choice" || name === "response_format" || name === "text") return format(objectOf(value));
  const members = Object.entries(objectOf(value));
  const isFlat = members.length > 0 && members.every(([, member]) => typeof member !== "object");
  return isFlat ? members.map(([member, of]) => `${member} ${String(of)}`).join(", ") : compactJson(value);
}

/** The names of functions, the types of a provider's tools, and the members that enable Gemini's tools. */
function toolNames(value: unknown): string[] {
  const tool = objectOf(value);
  const declared = listOf(tool.functionDeclarations ?? tool.function_declarations).map((item) => objectOf(item).name);
  const inner = objectOf(tool.function ?? tool.custom ?? tool.toolSpec);
  const name = textOf(inner.name) ?? textOf(tool.name) ?? textOf(tool.server_label) ?? textOf(tool.type);
  const others = Object.keys(tool).filter((member) => !/^function_?declarations$/i.test(member));
  return name === undefined ? [...declared.flatMap((item) => textOf(item) ?? []), ...others] : [name];
}

/** Bedrock lists the tools here, Gemini the rules for choosing them. */
function toolConfig(config: Json): string {
  return config.tools === undefined ? compactJson(config) : listOf(config.tools).flatMap(toolNames).join(", ");
}

/** The type and name of a tool choice or a response format. */
function format(value: Json): string {
  const inner = { ...value, ...objectOf(value.format) };
  const type = textOf(inner.type);
  const named = objectOf(inner.json_schema ?? inner.function);
  const name = textOf(inner.name) ?? textOf(named.name);
  const verbosity = textOf(inner.verbosity);
  const words = [type, name, verbosity && `verbosity ${verbosity}`].filter(Boolean);
  return words.length ? words.join(" ") : compactJson(value);
}

function shortened(value: string): string {
  return value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE - 1)}…` : value;
}
