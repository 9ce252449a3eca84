test("in another worker", () => {});
