// @ts-check
/**
 * Draws the demo as a picture for the README: `node scripts/demo_picture.mjs`
 *
 * Runs `npm run demo` and writes what it prints to docs/demo.svg.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root, run, start } from "./run.mjs";

const FONT_SIZE = 14;
const LINE_HEIGHT = 20;
const CHARACTER_WIDTH = 8.43;
const PADDING = 16;
const COLORS = { text: "#d6deeb", dim: "#7f8c9f", background: "#0b1220" };
/** How parts of a line are shown, by their pattern. @type {readonly (readonly [RegExp, string])[]} */
const STYLES = [
  [/^\$ .*/, `fill="${COLORS.dim}"`],
  [/^\S+ {2}[\w.]+(?= {2}\()/, 'font-weight="bold" fill="#ffffff"'],
  [/^ {2}live\b/, 'fill="#f2cc60"'],
  [/^ {2}from file\b/, 'fill="#7ee787"'],
  [/^ {2}stored\b/, 'fill="#79c0ff"'],
  [/first token.*|one line of .*/, `fill="${COLORS.dim}"`],
  [/enableCachy\(\);/, 'font-weight="bold" fill="#7ee787"'],
];

await start(async () => {
  const { ok, output } = await run(npm(), ["run", "--silent", "demo"], { timeout: 300 });
  if (!ok) throw new Error(`The demo failed:\n${output}`);
  const text = output.slice(output.indexOf("\n\n") + 2).trimEnd();
  const lines = ["$ npm run demo", "", ...text.split("\n")];
  writeFileSync(join(root, "docs", "demo.svg"), svgOf(lines));
  console.log(`${lines.length} lines in docs/demo.svg`);
  return true;
});

/** @param {readonly string[]} lines */
function svgOf(lines) {
  const width = Math.ceil(80 * CHARACTER_WIDTH + 2 * PADDING);
  const height = lines.length * LINE_HEIGHT + 2 * PADDING;
  const texts = lines.map((line, index) => {
    const y = PADDING + (index + 1) * LINE_HEIGHT - 5;
    return line === "" ? "" : `<text x="${PADDING}" y="${y}" xml:space="preserve">${spansOf(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"` +
    ` font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"` +
    ` font-size="${FONT_SIZE}" fill="${COLORS.text}">`,
    `<title>The output of npm run demo</title>`,
    `<rect width="100%" height="100%" rx="10" fill="${COLORS.background}"/>`,
    ...texts.filter(Boolean),
    "</svg>\n",
  ].join("\n");
}

/** A line whose parts have styles. @param {string} line */
function spansOf(line) {
  const escaped = (/** @type {string} */ text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  for (const [pattern, style] of STYLES) {
    const { index = 0, 0: part = "" } = pattern.exec(line) ?? {};
    if (part === "") continue;
    return `${escaped(line.slice(0, index))}<tspan ${style}>${escaped(part)}</tspan>${
      escaped(line.slice(index + part.length))
    }`;
  }
  return escaped(line);
}
