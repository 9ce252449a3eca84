// @ts-check
/**
 * Reads the JUnit reports of `deno test`, `bun test` and `node --test`.
 *
 * Only test cases without children are counted. The runners show nesting differently: Node and Bun nest suites, Deno
 * writes a flat list with names joined by " > ", and Bun leaves subtests out.
 */

/**
 * One test case.
 *
 * @typedef {object} TestCase
 * @property {string} name The name, with the names of its suites before it on Deno.
 * @property {string | undefined} file The file, if the report says it.
 * @property {number | undefined} line The line, from 1, if the report says it.
 * @property {"passed" | "failed" | "skipped"} result A test that is yet to be done counts as skipped.
 * @property {string} reason Why it was skipped, if the report says it.
 */

/**
 * @param {string} xml A JUnit report.
 * @returns {TestCase[]} The test cases without children.
 */
export function testCases(xml) {
  /** @type {TestCase[]} */
  const cases = [];
  // Node does not escape ">" in attributes, so a tag ends at the first ">" outside quotes.
  const tags = /<(testcase|skipped|failure|error)\b((?:\s+[\w:-]+="[^"]*")*)\s*\/?>/g;
  // Comments are Node's diagnostics, which may quote anything.
  for (const [, tag, text] of xml.replace(/<!--[^]*?-->/g, "").matchAll(tags)) {
    const values = attributes(text ?? "");
    const current = cases.at(-1);
    if (tag === "testcase") cases.push(newCase(values));
    else if (!current) continue;
    else if (tag === "skipped") {
      current.result = "skipped";
      current.reason = /^(true|TODO)$/.test(values.message ?? "") ? "" : values.message ?? "";
    } else if (current.result === "passed") current.result = "failed"; // a failing "todo" test stays skipped
  }
  return leaves(cases);
}

/**
 * @param {Record<string, string>} values
 * @returns {TestCase}
 */
function newCase(values) {
  const file = values.file ?? (/\.ts$/.test(values.classname ?? "") ? values.classname : undefined);
  const line = values.line === undefined ? undefined : Number(values.line);
  return { name: values.name ?? "", file, line, result: "passed", reason: "" };
}

/**
 * Leaves out the parents in Deno's flat list. A parent that failed by itself, not through a child, stays.
 *
 * @param {TestCase[]} cases
 */
function leaves(cases) {
  /** @type {Map<string, TestCase[]>} */
  const children = new Map();
  for (const test of cases) {
    for (let end = test.name.indexOf(" > "); end >= 0; end = test.name.indexOf(" > ", end + 1)) {
      const parent = test.name.slice(0, end);
      children.set(parent, [...children.get(parent) ?? [], test]);
    }
  }
  return cases.filter((test) => {
    const below = children.get(test.name);
    return !below || (test.result === "failed" && !below.some((child) => child.result === "failed"));
  });
}

/** @param {string} text */
function attributes(text) {
  /** @type {Record<string, string>} */
  const values = {};
  for (const [, name, value] of text.matchAll(/([\w:-]+)="([^"]*)"/g)) values[name ?? ""] = unescape(value ?? "");
  return values;
}

/**
 * Node escapes twice, hence the second round; no name needs the difference.
 *
 * @param {string} text
 */
function unescape(text) {
  /** @type {Record<string, string>} */
  const characters = { lt: "<", gt: ">", quot: '"', apos: "'", "#10": "\n", "#9": "\t", amp: "&" };
  const once = (/** @type {string} */ value) =>
    value.replace(/&([a-z]+|#\d+);/g, (all, name) => characters[name] ?? all);
  return once(once(text));
}
