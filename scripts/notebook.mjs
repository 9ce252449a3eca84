// @ts-check
/**
 * The committed notebook, for scripts/check_notebook.mjs: its cells, and the reproducible parts of their outputs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./run.mjs";

/** @typedef {import("./jupyter.mjs").Output} Output */

const file = join(root, "examples", "notebook", "notebook.ipynb");
const { cells, ...rest } = JSON.parse(readFileSync(file, "utf8"));

/** The placeholder in committed outputs for the folder in which the notebook ran. */
const FOLDER = "/home/you/notebook";

/**
 * A code cell with its committed outputs, in which a text may be a list of lines.
 *
 * @type {readonly { id: string, code: string, execution_count: number | null, outputs: Output[] }[]}
 */
export const codeCells = cells
  .filter((/** @type {{ cell_type: string }} */ cell) => cell.cell_type === "code")
  .map((/** @type {{ source: string[] }} */ { source, ...cell }) => ({ ...cell, code: source.join("") }));

/**
 * The files that the text around the cells links to.
 *
 * @type {readonly string[]}
 */
export const links = cells
  .filter((/** @type {{ cell_type: string }} */ cell) => cell.cell_type === "markdown")
  .flatMap((
    /** @type {{ source: string[] }} */ { source },
  ) => [...source.join("").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)])
  .map((/** @type {string[]} */ [, path]) => join(dirname(file), path ?? ""));

/**
 * The outputs of a cell: stdout, debug lines, and values by their media types. The order between stdout and stderr is
 * not known, because they use two pipes.
 *
 * @param {readonly Output[]} outputs
 * @returns {{ stdout: string, stderr: string, values: Record<string, string>[], errors: string[] }}
 */
export function shownBy(outputs) {
  const printed = (/** @type {string} */ name) =>
    outputs.filter((output) => output.name === name).map(({ text }) => joined(text ?? "")).join("");
  return {
    stdout: printed("stdout"),
    stderr: printed("stderr"),
    values: outputs.flatMap(({ data }) =>
      data ? [Object.fromEntries(Object.entries(data).map(([type, text]) => [type, joined(text)]))] : []
    ),
    errors: outputs.flatMap(({ output_type, evalue }) => output_type === "error" ? [evalue ?? ""] : []),
  };
}

/**
 * The outputs of a cell without the parts that differ between runs: times, dates, ids and the folder.
 *
 * @param {readonly Output[]} outputs
 * @param {string} [folder] The folder of the run.
 */
export function masked(outputs, folder = FOLDER) {
  const mask = (/** @type {string} */ text) =>
    text.replaceAll(folder, FOLDER)
      .replace(/ *\b\d+(?:\.\d+)? (?:µs|ms|s|min)\b/g, " TIME")
      .replace(/duration_ms: \d+/g, "duration_ms: TIME")
      .replace(/\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?/g, "DATE")
      .replace(/\b(req|resp|msg)_\w+/g, "$1_ID");
  return JSON.stringify(shownBy(outputs), (_, value) => typeof value === "string" ? mask(value) : value, 1);
}

/**
 * The outputs of a cell without its debug lines. Only debug lines may differ between a hit and a miss.
 *
 * @param {readonly Output[] | undefined} outputs
 */
export function answers(outputs = []) {
  return masked(outputs.filter(({ name }) => name !== "stderr"));
}

/**
 * The words of the debug lines, such as "MISS RECORDED".
 *
 * @param {readonly Output[] | undefined} outputs
 */
export function debugWords(outputs = []) {
  return Array.from(shownBy(outputs).stderr.matchAll(/^cachy ([A-Z]+)/gm), ([, word]) => word).join(" ");
}

/**
 * Writes the outputs of a run into the committed notebook. An output that differs only in times, dates and ids is not
 * changed, so that a second update changes nothing.
 *
 * @param {readonly Output[][]} outputs Of each code cell.
 * @param {string} folder The folder of the run.
 */
export function updateOutputs(outputs, folder) {
  for (const [index, cell] of codeCells.entries()) {
    const shown = outputs[index] ?? [];
    const isSame = masked(cell.outputs) === masked(shown, folder);
    if (!isSame) cell.outputs = shown.map((output) => committed(output, folder));
    cell.execution_count = index + 1;
  }
  const updated = cells.map((/** @type {{ id: string }} */ cell) => {
    const { execution_count, outputs } = codeCells.find(({ id }) => id === cell.id) ?? {};
    return outputs ? { ...cell, execution_count, outputs } : cell;
  });
  writeFileSync(file, `${JSON.stringify({ cells: updated, ...rest }, null, 1)}\n`);
}

/**
 * @param {Output} output
 * @param {string} folder
 * @returns {Output} With a list of lines in place of each text, as Jupyter writes it.
 */
function committed(output, folder) {
  const isText = (/** @type {string} */ name) => name === "text" || name.includes("/");
  return JSON.parse(
    JSON.stringify(output).replaceAll(folder, FOLDER),
    (name, value) => typeof value === "string" && isText(name) ? value.split(/(?<=\n)/) : value,
  );
}

/** @param {string | readonly string[]} text */
function joined(text) {
  return typeof text === "string" ? text : text.join("");
}
