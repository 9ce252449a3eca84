import { after, test } from "../suite.ts";

test("a test that passes", () => {});
after(() => {
  throw new Error("thrown after the last test");
});
