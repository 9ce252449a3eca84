// @ts-check
/**
 * Finds the imports of a TypeScript module, and its writes to `globalThis`.
 *
 * TypeScript 7 has no stable parser API, so this module parses the text. It replaces comments, strings, templates and
 * regular expressions. In the remaining code, simple patterns find the imports reliably.
 */

/**
 * An import, `export … from`, or call of `import()`, `require()` or `getBuiltinModule()`.
 *
 * @typedef {object} Import
 * @property {string | undefined} from The module; undefined if it is not a literal.
 * @property {boolean} typeOnly Whether the import is erased at run time.
 * @property {boolean} isLazy Whether it is a call, which loads the module only when it runs.
 * @property {number} line From 1.
 */

/**
 * @param {string} text A module.
 * @returns {{ imports: Import[], globalWrites: number[] }} The writes as line numbers.
 */
export function readModule(text) {
  const { code, strings } = setAside(text);
  const lineAt = (/** @type {number} */ index) => code.slice(0, index).split("\n").length;
  const importsOf = (/** @type {RegExp} */ pattern, /** @type {boolean} */ isLazy) =>
    [...code.matchAll(pattern)].map((match) => {
      const { type, string } = match.groups ?? {};
      const from = string === undefined ? undefined : strings[Number(string)];
      return { from, typeOnly: type !== undefined, isLazy, line: lineAt(match.index) };
    });
  const imports = [...importsOf(STATEMENT, false), ...importsOf(CALL, true)];
  const writes = globalWritePatterns(code).flatMap((pattern) => [...code.matchAll(pattern)]);
  return { imports, globalWrites: writes.map((match) => lineAt(match.index)) };
}

// `import type { … }` is erased; `import { type … }` remains a side-effect import (verbatimModuleSyntax).
const STATEMENT =
  /(?<![.\w$])(?:import|export)\b\s*(?<type>type\b(?!\s*(?:from\b|,)))?\s*(?:[\w$]+\s*,?\s*)?(?:\{[^{}]*\}|\*(?:\s*as\s+[\w$]+)?)?\s*(?:\bfrom\s*)?"(?<string>\d+)"/g;

const CALL =
  /(?<type>\btypeof\s+)?(?:(?<![.\w$])(?:import|require)\s*\(|\bgetBuiltinModule\b[^(]{0,3}\(?)\s*(?:"(?<string>\d+)"\s*[,)])?/g;

const ASSIGNMENT = String.raw`\s*(?:(?:[-+*/%&|^]|\*\*|<<|>>>?|&&|\|\||\?\?)?=(?![=>])|\+\+|--)`;
const MEMBER = String.raw`\s*(?:!\s*)?(?:\.\s*[\w$]+|\[[^\]]*\])`;

/**
 * @param {string} code
 * @returns {RegExp[]}
 */
function globalWritePatterns(code) {
  const names = ["globalThis", "global", "window"];
  // `const g = globalThis` and `const g = globalThis as Something`, but not `const { fetch } = globalThis`.
  for (
    const match of code.matchAll(/\b(?:const|let|var)\s+([\w$]+)\s*(?::[^=;]*)?=\s*\(?\s*globalThis\b(?!\s*[.[?])/g)
  ) {
    names.push(match[1] ?? "");
  }
  const object = String.raw`(?<![.\w$])(?:${names.join("|").replaceAll("$", String.raw`\$`)})\b`;
  const cast = String.raw`\(\s*${object}\s+(?:as|satisfies)\b(?:[^();]|\([^()]*\))*\)`;
  return [
    new RegExp(`(?:${object}|${cast})${MEMBER}${ASSIGNMENT}`, "g"),
    new RegExp(String.raw`\bdelete\s+(?:${object}|${cast})${MEMBER}`, "g"),
    new RegExp(
      String
        .raw`\b(?:Object|Reflect)\s*\.\s*(?:assign|define\w+|set\w*|deleteProperty)\s*\(\s*\(?\s*${object}(?!\s*[.[])`,
      "g",
    ),
  ];
}

/**
 * Replaces strings with their number in quotes, and comments, the text of templates, and regular expressions with
 * spaces. Line breaks remain, so line numbers are right.
 *
 * @param {string} text
 */
function setAside(text) {
  /** @type {string[]} */
  const strings = [];
  /** Depth of braces at which each open template goes on. @type {number[]} */
  const templates = [];
  let code = "";
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const rest = text[at] === "}" && templates.at(-1) === depth ? TEMPLATE : isOperand(code) ? TOKEN : TOKEN_OR_REGEX;
    rest.lastIndex = at;
    const token = rest.exec(text)?.[0] ?? text[at] ?? "";
    at += token.length;
    if (rest === TEMPLATE) templates.pop();
    if (/^["']/.test(token) && token.length > 1) code += `"${strings.push(unquote(token)) - 1}"`;
    else if (rest === TEMPLATE || /^(?:\/.|`)/s.test(token)) code += token.replace(/[^\n]/g, " ");
    else code += token;
    if ((rest === TEMPLATE || token[0] === "`") && token.endsWith("${")) templates.push(depth);
    else if (token === "{") depth++;
    else if (token === "}" && rest !== TEMPLATE) depth--;
  }
  return { code, strings };
}

const TOKEN =
  /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|`(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{)|[\w$]+|\s+/y;
const TOKEN_OR_REGEX = new RegExp(
  TOKEN.source + String.raw`|\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*`,
  "y",
);
/** From the `}` that ends an expression inside a template to the next expression or the end. */
const TEMPLATE = /\}(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y;

/**
 * Whether a slash after this code is a division, and not the start of a regular expression.
 *
 * @param {string} code
 */
function isOperand(code) {
  const last = /(?:([\w$]+)|([^\s]))\s*$/.exec(code.slice(-200));
  if (last?.[1]) return !/^(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/.test(last[1]);
  return /[)\]"]/.test(last?.[2] ?? "");
}

/** @param {string} literal */
function unquote(literal) {
  return literal.slice(1, -1).replace(/\\(?:x([0-9a-f]{2})|u\{?([0-9a-f]{1,6})\}?|([^]))/gi, (_all, x, u, other) => {
    return x || u ? String.fromCodePoint(parseInt(x ?? u, 16)) : other;
  });
}
