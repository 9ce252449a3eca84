// @ts-check
/**
 * Common mistakes in notebooks, for scripts/check_notebook.mjs: cells that run twice, throw or are interrupted.
 */

/**
 * A cell, and its expected outputs.
 *
 * @typedef {object} Trap
 * @property {string} [name] Without one, the cell only prepares the next one.
 * @property {import("./jupyter.mjs").Step} step
 * @property {string} [debug] The words of its debug lines; none by default.
 * @property {string} [error] The message of its error; none by default.
 * @property {string} [stdout] What it prints; anything by default.
 */

const ENABLE = `
import { enableCachy } from "jsr:@cachy/core";
const cachy = enableCachy({ debug: true });
`;

const CLIENT = `
import OpenAI from "npm:openai@^6";
const openai = new OpenAI();
const ask = async (input) => (await openai.responses.create({ model: "gpt-5-mini", input })).output_text;
const stream = async (input, onDelta) => {
  for await (const event of await openai.responses.create({ model: "gpt-5-mini", input, stream: true })) {
    if (event.type === "response.output_text.delta") onDelta(event.delta);
  }
};
`;

const ASK = `void await ask("Say hello.");`;
const STREAM = `await stream("Say hello slowly.", () => {});`;
const BREAK = `await stream("Say hello slowly.", () => { throw new Error("a mistake in the cell"); });`;

/** @type {readonly Trap[]} */
export const traps = [
  { step: { code: ENABLE } },
  { step: { code: ENABLE } },
  { step: { code: CLIENT } },
  { name: "enabled twice, recorded once", step: { code: ASK }, debug: "MISS RECORDED" },
  { name: "enabled again, under a client that is older", step: { code: ENABLE + ASK }, debug: "HIT" },
  { step: { code: `Deno.removeSync(cachy.file);` } },
  { name: "the file is deleted between two cells", step: { code: ASK }, debug: "MISS RECORDED" },
  {
    name: "an exception in the middle of a stream is the cell's own, and nothing is recorded",
    step: { code: BREAK },
    debug: "MISS DROPPED",
    error: "a mistake in the cell",
  },
  { name: "the stream is recorded when it is read to its end", step: { code: STREAM }, debug: "MISS RECORDED" },
  {
    name: "a replayed stream breaks off in the same way",
    step: { code: BREAK },
    debug: "HIT",
    error: "a mistake in the cell",
  },
  {
    name: "a cell is interrupted in the middle of a stream",
    step: { code: `await stream("Say hello to nobody.", () => console.log("a piece"));`, interrupt: true },
    debug: "MISS",
  },
  // An interrupt ends Deno's kernel. Notebooks restart it.
  { step: { restart: true } },
  { step: { code: ENABLE + CLIENT } },
  { name: "a new kernel answers from the file", step: { code: ASK + STREAM }, debug: "HIT HIT" },
  {
    name: "what was interrupted is asked again",
    step: { code: `await stream("Say hello to nobody.", () => {});` },
    debug: "MISS RECORDED",
  },
  {
    name: "every line of the file is whole",
    step: { code: `console.log(Deno.readTextFileSync(cachy.file).trimEnd().split("\\n").map(JSON.parse).length);` },
    stdout: "3\n",
  },
  { name: "using, in a block", step: { code: `{ using inner = enableCachy({ debug: true }); ${ASK} }` }, debug: "HIT" },
  { name: "using ends with its block", step: { code: ASK }, debug: "" },
  { step: { code: `using outer = enableCachy({ debug: true });` } },
  { name: "using at the top of a cell lasts", step: { code: ASK }, debug: "HIT" },
];

/** Requests that are not recorded: the broken stream, the interrupted one, and one without a cache. */
export const UNRECORDED_TRAPS = 3;
