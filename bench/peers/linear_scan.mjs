// @ts-check
/**
 * The algorithm of pycachy: for every request, the file is read from the start, and each line is parsed until one has
 * the key. A response is read completely before the caller gets it, even a stream.
 */
import { createHash } from "node:crypto";
import { appendFileSync, closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

/** @typedef {import("../chat.mjs").ChatRequest} ChatRequest */
/** @typedef {import("./peer.mjs").Place} Place */
/** @typedef {import("./peer.mjs").Recording} Recording */

const BLOCK_BYTES = 1 << 16;

/**
 * @param {Place} place
 * @returns {Recording}
 */
export function record({ folder }) {
  const file = join(folder, "cachy.jsonl");
  appendFileSync(file, "");
  return {
    async fetch(url, request) {
      const answer = await fetch(url, request);
      const [response, status] = [await answer.text(), answer.status];
      const line = { key: keyOf(url, request), response, headers: null, status_code: status };
      appendFileSync(file, JSON.stringify(line) + "\n");
      return new Response(response, { status });
    },
    close() {},
  };
}

/**
 * @param {Place} place
 * @returns {Recording}
 */
export function replay({ folder }) {
  const file = join(folder, "cachy.jsonl");
  return {
    fetch(url, request) {
      const { response, status_code: status } = find(file, keyOf(url, request));
      return Promise.resolve(new Response(response, { status }));
    },
    close() {},
  };
}

/**
 * @param {string} url
 * @param {ChatRequest} request
 */
function keyOf(url, { body }) {
  return createHash("sha256").update(`${url}False${body}`).digest("hex").slice(0, 8);
}

/**
 * @param {string} file
 * @param {string} key
 * @returns {{ response: string, status_code: number }}
 */
function find(file, key) {
  for (const text of linesOf(file)) {
    const line = JSON.parse(text);
    if (line.key === key) return line;
  }
  throw new Error(`Cannot replay ${key}: no line has it.`);
}

/**
 * Reads block by block, and stops at the line.
 *
 * @param {string} file
 */
function* linesOf(file) {
  const opened = openSync(file, "r");
  try {
    const block = Buffer.alloc(BLOCK_BYTES);
    let rest = Buffer.alloc(0);
    for (let length; (length = readSync(opened, block)) > 0;) {
      const bytes = Buffer.concat([rest, block.subarray(0, length)]);
      let start = 0;
      for (let end; (end = bytes.indexOf(10, start)) !== -1; start = end + 1) yield bytes.toString("utf8", start, end);
      rest = bytes.subarray(start);
    }
  } finally {
    closeSync(opened);
  }
}
