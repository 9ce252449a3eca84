import assert from "node:assert/strict";
import process from "node:process";
import { columnsOf, isSmartTerminal } from "../src/cli/display/terminal.ts";
import { test } from "./suite.ts";

test("columnsOf() is the width of a terminal, and undefined for a pipe", () => {
  assert.equal(columnsOf({ isTTY: true, columns: 120 }), 120);
  assert.equal(columnsOf({ isTTY: true, columns: 0 }), 80); // one that does not know
  assert.equal(columnsOf({ isTTY: true }), 80);
  assert.equal(columnsOf({ isTTY: false, columns: 120 }), undefined);
  assert.equal(columnsOf({}), undefined);
});

test("isSmartTerminal() is no, when it is a pipe or TERM says that it is dumb", (t) => {
  const before = process.env.TERM;
  t.after(() => {
    if (before === undefined) delete process.env.TERM;
    else process.env.TERM = before;
  });
  process.env.TERM = "xterm-256color";
  assert.equal(isSmartTerminal({ isTTY: true }), true);
  assert.equal(isSmartTerminal({}), false);
  process.env.TERM = "dumb";
  assert.equal(isSmartTerminal({ isTTY: true }), false);
});
