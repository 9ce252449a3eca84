import { type Color, showBytes } from "../../lib/show.ts";
import { printable, printableLines } from "../display/printable.ts";
import type { MediaPart, Message, Part } from "../read/reading.ts";

/** Colors a text, if colors are enabled. */
type Paint = (text: string, color: Color) => string;

const INDENT = "  ";

/** A message in readable form: its role, then its parts. Lazy, because there may be millions of lines. */
export function* showMessage({ role, parts }: Message, paint: Paint): Generator<string, void> {
  yield paint(printable(role), "cyan");
  for (const part of parts) {
    for (const line of showPart(part, paint).split("\n")) yield line === "" ? "" : INDENT + line;
  }
}

function showPart(part: Part, paint: Paint): string {
  switch (part.kind) {
    case "text":
      return printableLines(part.text);
    case "thinking":
      return paint(`[thinking] ${printableLines(part.text) || printable(part.note ?? "")}`.trimEnd(), "dim");
    case "call":
      return `${label("call", part.id, paint)} ${printable(part.name)}(${printableLines(part.arguments)})`;
    case "result":
      return `${label("result", part.id, paint)} ${printable(part.name ?? "")}\n${printableLines(part.text)}`.trimEnd();
    case "citation":
      return `${label("source", undefined, paint)} ${printable(showCitation(part))}`;
    case "media":
      return paint(`[${printable(showMedia(part))}]`, "yellow");
    case "vectors":
      return paint(`[${showVectors(part)}]`, "yellow");
    case "scores":
      return part.scores.map(([name, score]) => `${printable(name)}: ${score}`).join("\n");
    case "json":
      return printableLines(part.json);
  }
}

function label(what: string, id: string | undefined, paint: Paint): string {
  return paint(`[${what}${id ? ` ${printable(id)}` : ""}]`, "yellow");
}

/** A part in short form, with texts cut to `length` characters. */
export function startOfPart(part: Part, length: number): string {
  switch (part.kind) {
    case "text":
    case "result":
      return part.text.slice(0, length);
    case "thinking":
      return `(${part.text.slice(0, length) || part.note || "thinking"})`;
    case "call":
      return `${part.name}(${part.arguments.slice(0, length)})`;
    case "citation":
      return `[${showCitation(part).slice(0, length)}]`;
    case "media":
      return `[${showMedia(part)}]`;
    case "vectors":
      return `[${showVectors(part)}]`;
    case "scores":
      return part.scores.map(([name, score]) => `${name} ${score}`).join(", ").slice(0, length);
    case "json":
      return part.json.slice(0, length);
  }
}

/** `image, image/png, 1024 × 1024, 1.2 MB`. */
export function showMedia({ what, type, name, width, height, bytes, url }: MediaPart): string {
  return [
    what,
    type,
    name,
    width && height ? `${width} × ${height}` : undefined,
    bytes === undefined ? undefined : showBytes(bytes),
    url,
  ].filter((word) => word !== undefined).join(", ");
}

/** `2 vectors of 1536 numbers`. */
export function showVectors({ count, dimensions }: Extract<Part, { kind: "vectors" }>): string {
  return `${count} vector${count === 1 ? "" : "s"}${dimensions === undefined ? "" : ` of ${dimensions} numbers`}`;
}

/** `Title, https://…: the passage`. */
export function showCitation({ title, url, text }: Extract<Part, { kind: "citation" }>): string {
  const source = [title, url].filter((word) => word).join(", ");
  return [source, text].filter((word) => word).join(": ") || "citation";
}
