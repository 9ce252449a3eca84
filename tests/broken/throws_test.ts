import { test } from "../suite.ts";

test("a test that passes", () => {});
throw new Error("thrown while the file is loaded");
