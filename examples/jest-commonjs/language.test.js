const { greet } = require("./greet.js");

// This file may run in another process than the other one; both record into cachy.jsonl.
for (const language of ["French", "German", "Spanish"]) {
  test.concurrent(`greets in ${language}`, async () => {
    expect(await greet("Ada", language)).toContain("Ada");
  });
}
