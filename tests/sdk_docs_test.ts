/** The page about SDKs says what the tests try. */
import assert from "node:assert/strict";
import { textOf } from "./readme.ts";
import { sdkTables } from "./sdk/table.ts";
import { test } from "./suite.ts";

test("the tables of docs/sdks.md are those that the cases of the tests make, and fit 100 columns", () => {
  const tables = sdkTables();
  const [, found] = /^(### AI SDK\n.*?)\n## /ms.exec(textOf("docs/sdks.md")) ?? [];
  assert.equal(found, tables, `Replace the tables in docs/sdks.md with these:\n\n${tables}`);
  assert.ok(Math.max(...tables.split("\n").map((line) => line.length)) <= 100);
});
