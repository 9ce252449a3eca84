import assert from "node:assert/strict";
import { test } from "node:test";
import { paint } from "../src/colors.ts";

test("paint() colors a text, and goes back to the color of before", () => {
  assert.equal(paint("HIT", "green", true), "\x1b[32mHIT\x1b[39m");
  assert.equal(paint("DROPPED", "red", true), "\x1b[31mDROPPED\x1b[39m");
});

test("paint() leaves a text alone, when it is not printed to a terminal", () => {
  assert.equal(paint("HIT", "green", false), "HIT");
});
