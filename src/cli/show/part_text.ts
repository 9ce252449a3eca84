import { showBytes, showTime } from "../../lib/show.ts";
import type { MediaPart, Part } from "../read/reading.ts";

/** A part in one line, its texts cut to a number of characters. */
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
export function showMedia({ what, type, name, width, height, seconds, bytes, url }: MediaPart): string {
  return [
    what,
    type,
    name,
    width && height ? `${width} × ${height}` : undefined,
    seconds === undefined ? undefined : showTime(seconds * 1000),
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
