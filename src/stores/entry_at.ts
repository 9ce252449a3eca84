import { type Entry, parseEntry } from "../entry.ts";
import { bytesAt, type Position } from "./file.ts";

/** How much of the start and the end of a line tells whether it may be an entry, in bytes. */
export const EDGE_LENGTH = 24;

/** The first and the last bytes of a line; a short one as a whole. */
export function edgesOf(file: number, { start, length }: Position): Uint8Array {
  if (length <= 2 * EDGE_LENGTH) return bytesAt(file, { start, length });
  const edges = new Uint8Array(2 * EDGE_LENGTH);
  edges.set(bytesAt(file, { start, length: EDGE_LENGTH }));
  edges.set(bytesAt(file, { start: start + length - EDGE_LENGTH, length: EDGE_LENGTH }), EDGE_LENGTH);
  return edges;
}

/** Longer texts are no strings on some runtimes. In bytes. */
export const LONGEST_LINE = 2 ** 29 - 25;

/** It drops the byte order mark that some editors put before the first line. */
const decoder = new TextDecoder("utf-8", { fatal: true });
/** For the edges, which may cut a character in two. */
const lenientDecoder = new TextDecoder();

/** The entry in a line, or why it is none. */
export function entryAt(file: number, position: Position): Entry | string {
  const problem = edgeProblem(file, position);
  if (problem !== undefined) return problem;
  const line = decodeLine(file, position);
  return line === undefined ? "not UTF-8" : parseEntry(line);
}

/** The text of a line that may hold a JSON object; undefined of any other line. */
export function lineAt(file: number, position: Position): string | undefined {
  return edgeProblem(file, position) === undefined ? decodeLine(file, position) : undefined;
}

function decodeLine(file: number, position: Position): string | undefined {
  const bytes = bytesAt(file, position);
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Why a long line is no entry, if that is seen without reading it: it may be 100 MB of something else. */
function edgeProblem(file: number, position: Position): string | undefined {
  const { length } = position;
  if (length <= 2 * EDGE_LENGTH) return undefined;
  const edges = edgesOf(file, position);
  const [first, last] = [edges.subarray(0, EDGE_LENGTH), edges.subarray(EDGE_LENGTH)];
  // An edge may be white space alone, with the brace behind it.
  const isBraced = /^\s*(?:\{|$)/.test(lenientDecoder.decode(first)) &&
    /(?:^|\})\s*$/.test(lenientDecoder.decode(last));
  if (!isBraced) return parseEdges(lenientDecoder.decode(edges));
  return length > LONGEST_LINE ? `longer than ${LONGEST_LINE} bytes` : undefined;
}

function parseEdges(edges: string): string {
  const reason = parseEntry(edges);
  return typeof reason === "string" ? reason : "not JSON";
}
