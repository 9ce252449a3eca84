import { defineConfig } from "vitest/config";

export default defineConfig({ test: { setupFiles: ["@cachy/core/auto"] } });
