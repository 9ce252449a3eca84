import process from "node:process";
import { test } from "../suite.ts";

test("a test that passes", () => {});
test("a test that ends the process", () => process.exit(0));
test("a test behind it", () => {});
