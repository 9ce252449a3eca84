const { greet } = require("./greet.js");

// Jest may run this file and greet.test.js in two processes. Both record into cachy.jsonl.
for (const language of ["French", "German", "Spanish"]) {
  test.concurrent(`greets in ${language}`, async () => {
    expect(await greet("Ada", language)).toContain("Ada");
  });
}
