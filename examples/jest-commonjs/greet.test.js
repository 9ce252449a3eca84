const { greet } = require("./greet.js");

test("greets by name", async () => {
  expect(await greet("Ada")).toContain("Ada");
});
