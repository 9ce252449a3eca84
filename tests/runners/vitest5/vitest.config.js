export default { test: { setupFiles: ["@cachy/core/auto"] } };
