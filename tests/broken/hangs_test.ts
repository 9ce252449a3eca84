import { test } from "../suite.ts";

test("a test that passes", () => {});
test("a test that hangs", () => new Promise((resolve) => setTimeout(resolve, 3_600_000)));
