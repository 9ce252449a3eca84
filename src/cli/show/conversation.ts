import type { Color } from "../../lib/show.ts";
import { printable, printableLines } from "../display/printable.ts";
import { showCitation, showMedia, showVectors } from "./part_text.ts";
import type { Message, Part } from "../read/reading.ts";

/** Colors a text, where colors are wanted. */
type Paint = (text: string, color: Color) => string;

const INDENT = "  ";

/** A message as a person reads it: who, and below it what, part by part. There may be millions of lines. */
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
