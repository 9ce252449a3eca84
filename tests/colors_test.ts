import assert from "node:assert/strict";
import { paint, wantsColors } from "../src/lib/show.ts";
import { test } from "./suite.ts";

test("paint() colors a text, and then restores the previous color", () => {
  assert.equal(paint("HIT", "green", true), "\x1b[32mHIT\x1b[39m");
  assert.equal(paint("DROPPED", "red", true), "\x1b[31mDROPPED\x1b[39m");
});

test("paint() makes a text bold or dim inside a color, and keeps the color", () => {
  assert.equal(paint(paint("key", "bold", true), "blue", true), "\x1b[34m\x1b[1mkey\x1b[22m\x1b[39m");
  assert.equal(paint("old", "dim", true), "\x1b[2mold\x1b[22m");
});

test("paint() does not change a text that is not printed to a terminal", () => {
  assert.equal(paint("HIT", "green", false), "HIT");
});

test("wantsColors() is false if the stream is not a terminal", () => {
  assert.equal(wantsColors(false), false);
});
