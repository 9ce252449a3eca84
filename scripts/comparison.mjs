// @ts-check
/**
 * A table of the figures of cachy and of other tools, each with its ratio to cachy.
 */
import { ours, peers } from "../bench/peers/peer.mjs";
import { goal, printTable, times } from "./bench_report.mjs";

/** @typedef {import("../bench/peers/peer.mjs").Tool} Tool */

/**
 * The figure of a tool in a column, or the reason why it is missing.
 *
 * @typedef {object} Cell
 * @property {number} [value]
 * @property {any} [found] All figures.
 * @property {string} [reason]
 */

/**
 * @typedef {object} Comparison
 * @property {string} title
 * @property {readonly Tool[]} tools
 * @property {readonly string[]} columns
 * @property {(tool: Tool, column: string) => Cell} cellOf
 * @property {(value: number, found: any) => string} format
 * @property {string} [goal] Met if cachy is ahead of every peer.
 */

/** @param {Comparison} comparison */
export function printComparison(comparison) {
  const { title, tools, columns } = comparison;
  const rows = tools.map((tool) => [tool.label, ...columns.map((column) => textOf(comparison, tool, column))]);
  printTable(title, ["", ...columns], rows);
  const reasons = tools.flatMap((tool) => reasonsOf(comparison, tool));
  if (reasons.length > 0) console.log(`\n${reasons.join("\n")}`);
  if (comparison.goal) judge(comparison, comparison.goal);
}

/**
 * @param {Comparison} comparison
 * @param {Tool} tool
 * @param {string} column
 */
function textOf({ cellOf, format }, tool, column) {
  const { value, found } = cellOf(tool, column);
  if (value === undefined) return "–";
  const text = format(value, found);
  return tool === ours ? text : `${text} (${times(value / (cellOf(ours, column).value ?? NaN))})`;
}

/**
 * Why figures are missing, each reason once.
 *
 * @param {Comparison} comparison
 * @param {Tool} tool
 */
function reasonsOf({ columns, cellOf }, tool) {
  const reasons = new Set(columns.map((column) => cellOf(tool, column).reason).filter((reason) => reason));
  return [...reasons].map((reason) => {
    const where = columns.filter((column) => cellOf(tool, column).reason === reason);
    return `- ${tool.label}, ${where.join(" and ")}: ${reason}`;
  });
}

/**
 * @param {Comparison} comparison
 * @param {string} name
 */
function judge({ columns, cellOf }, name) {
  for (const column of columns) {
    const limit = cellOf(ours, column).value ?? NaN;
    const ahead = peers.filter((peer) => (cellOf(peer, column).value ?? Infinity) < limit);
    goal(name, ahead.length ? `${column} (${ahead.map(({ label }) => label).join(", ")})` : column, ahead.length === 0);
  }
}
