import { createHash } from "node:crypto";
import { BASE } from "./script_base.ts";
import { CHARTS } from "./script_charts.ts";
import { COMPARE } from "./script_compare.ts";
import { ENTRY } from "./script_entry.ts";
import { LIST } from "./script_list.ts";
import { MESSAGES } from "./script_messages.ts";
import { ROUTES } from "./script_routes.ts";
import { SOURCE } from "./script_source.ts";
import { STREAM } from "./script_stream.ts";
import { STYLE } from "./style.ts";
import { STYLE_OF_VIEWS } from "./style_views.ts";

/**
 * The page is text in TypeScript modules, because only these are published. Its script builds all elements with
 * `textContent`. The policy allows this script and this style only, by their hashes, and loads nothing from any host.
 */
const SCRIPT = `(() => {\n"use strict";\n${
  [BASE, SOURCE, MESSAGES, LIST, STREAM, ENTRY, COMPARE, CHARTS, ROUTES].join("\n")
}})();`;
const WHOLE_STYLE = `${STYLE}\n${STYLE_OF_VIEWS}`;

const COMMON_POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(WHOLE_STYLE)}'`,
  "img-src blob: data:",
  "media-src blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
];

/** The content security policy of the page when it is served. */
export const CONTENT_POLICY: string = [...COMMON_POLICY, "connect-src 'self'", "frame-ancestors 'none'"].join("; ");

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** The page that loads entries from its server. */
export function servedPage(): string {
  return htmlOf("", "");
}

/**
 * The page with its entries.
 *
 * @param blocks JSON values by name.
 */
export function reportPage(blocks: Readonly<Record<string, unknown>>): string {
  const policy = `<meta http-equiv="content-security-policy" content="${COMMON_POLICY.join("; ")}">`;
  const data = Object.entries(blocks).map(([name, value]) =>
    `<script type="application/json" data-name="${name}">${jsonInHtml(value)}</script>\n`
  );
  return htmlOf(policy, data.join(""));
}

/** JSON that cannot end its script element, start a comment, or contain a byte that is not ASCII. */
function jsonInHtml(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const ICON = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
  "%3Crect width='16' height='16' rx='4' fill='%230f766e'/%3E" +
  "%3Cpath d='M10.8 5.6a3.4 3.4 0 1 0 0 4.8' fill='none' stroke='white' stroke-width='1.8' stroke-linecap='round'/%3E%3C/svg%3E";

function htmlOf(policy: string, data: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${policy}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="x-dns-prefetch-control" content="off">
<title>cachy</title>
<link rel="icon" href="${ICON}">
<style>${WHOLE_STYLE}</style>
</head>
<body>
<header class="top">
<a class="brand" href="#/">cachy</a><span class="file" id="file"></span>
<nav aria-label="Views">
<a href="#/" id="go-entries">Entries</a><a href="#/charts" id="go-charts">Charts</a><a href="#/misses" id="go-misses" hidden>Misses</a>
</nav>
</header>
<noscript><p class="note">This page needs JavaScript. It runs only its own script and loads nothing from other hosts.</p></noscript>
<main class="panes">
<section class="side" id="side" aria-label="Entries"><h1 class="unseen">Entries</h1></section>
<section class="view" id="view" aria-label="View"></section>
</main>
${data}<script>${SCRIPT}</script>
</body>
</html>
`;
}
