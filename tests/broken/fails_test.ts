import assert from "node:assert/strict";
import { test } from "../suite.ts";

test("a test that fails", () => assert.equal(1, 2));
test("a test that passes", () => {});
