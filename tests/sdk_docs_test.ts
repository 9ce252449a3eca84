/** The page about SDKs says what the tests try. */
import assert from "node:assert/strict";
import { textOf } from "./readme.ts";
import { sdkTable } from "./sdk/table.ts";
import { test } from "./suite.ts";

test("the table of docs/sdks.md is the one that the cases of the tests make", () => {
  const [, table] = /^(\| package .*?)\n\n/ms.exec(textOf("docs/sdks.md")) ?? [];
  assert.equal(table, sdkTable(), `Replace the table in docs/sdks.md with this one:\n\n${sdkTable()}\n`);
});
