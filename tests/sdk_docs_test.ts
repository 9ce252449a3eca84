/** The page about SDKs: its table says what the tests try. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { sdkTable } from "./sdk/table.ts";
import { test } from "./suite.ts";

const page = readFileSync(new URL("../docs/sdks.md", import.meta.url), "utf8");

test("the table of docs/sdks.md is the one that the cases of the tests make", () => {
  const [, table] = /^(\| package .*?)\n\n/ms.exec(page) ?? [];
  assert.equal(table, sdkTable(), `Replace the table in docs/sdks.md with this one:\n\n${sdkTable()}\n`);
});

test("each recipe in the table of docs/sdks.md is a section of the page", () => {
  const links = [...page.matchAll(/\[recipe\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
  const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, title = ""]) => title.toLowerCase().replaceAll(" ", "-"));
  assert.ok(links.length > 5);
  assert.deepEqual(links.filter((anchor) => !headings.includes(anchor ?? "")), []);
});
