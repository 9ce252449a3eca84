import { asText, compactJson, given, textOf } from "./members.ts";
import type { Message, Part } from "./message.ts";

/** Text, unless it is empty or no text. */
export function text(value: unknown): Part[] {
  const spoken = textOf(value);
  return spoken === undefined ? [] : [{ kind: "text", text: spoken }];
}

/** Thoughts, unless they are empty or no text. */
export function thinking(value: unknown): Part[] {
  const thought = textOf(value);
  return thought === undefined ? [] : [{ kind: "thinking", text: thought }];
}

/** Thoughts that the provider keeps to itself. */
export function hiddenThinking(note: string): Part {
  return { kind: "thinking", text: "", note };
}

/** A call of a tool; its arguments may be JSON or the text of it. */
export function call(name: unknown, args: unknown, id?: unknown): Part {
  const members = { arguments: args === undefined ? "{}" : asText(args), id: textOf(id) };
  return given({ kind: "call", name: textOf(name) ?? "?", ...members });
}

/** What a tool gave back. */
export function result(members: { text: unknown; name?: unknown; id?: unknown }): Part {
  const shown = members.text === undefined || members.text === null ? "" : asText(members.text);
  return given({ kind: "result", name: textOf(members.name), id: textOf(members.id), text: shown });
}

/** A source; none if nothing is known about it. */
export function citation(members: { title?: unknown; url?: unknown; text?: unknown }): Part[] {
  const known = given({ title: textOf(members.title), url: textOf(members.url), text: textOf(members.text) });
  return Object.keys(known).length ? [{ kind: "citation", ...known }] : [];
}

/** What nobody knows. */
export function unknown(value: unknown): Part {
  return { kind: "json", json: compactJson(value) };
}

/** A message, or none if there is nothing in it. */
export function message(role: unknown, parts: readonly Part[]): Message[] {
  return parts.length ? [{ role: textOf(role) ?? "assistant", parts }] : [];
}

/** Joins what follows each other with the same role, where one turn came in several items. */
export function joinTurns(messages: readonly Message[], role: string): Message[] {
  const joined: Message[] = [];
  let open: Part[] | undefined;
  for (const turn of messages) {
    if (turn.role !== role) {
      open = undefined;
      joined.push(turn);
    } else if (open) open.push(...turn.parts);
    else {
      open = [...turn.parts];
      joined.push({ role, parts: open });
    }
  }
  return joined;
}

/** Joins texts that follow each other, as streams bring them. */
export function joinTexts(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.kind === "text" && last?.kind === "text") {
      joined[joined.length - 1] = { ...part, text: last.text + part.text };
    } else if (part.kind === "thinking" && last?.kind === "thinking" && part.text && last.text) {
      joined[joined.length - 1] = { ...part, text: last.text + part.text };
    } else joined.push(part);
  }
  return joined;
}
