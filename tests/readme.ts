/** The programs in the README and the documentation. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Exit, runProgram } from "./processes.ts";
import type { Provider } from "./provider/provider.ts";
import { thisRuntime } from "./sdk/case.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The pages, as paths from the root of the repository. */
export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`).sort(),
];

export function textOf(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** The TypeScript programs of a page. Indented ones are examples inside of a list. */
export function programsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
}

export interface Surroundings {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Programs in a separate folder, with a loopback provider in place of the paid ones. */
export interface PagePrograms {
  /** Runs a program by its index, and fails if the program does. */
  run(index: number, surroundings: Surroundings): Promise<Exit>;
  remove(): void;
}

/** The variables that the pages set for CI. */
const AWS_KEYS = { AWS_ACCESS_KEY_ID: "none", AWS_SECRET_ACCESS_KEY: "none" };

/** How each runtime runs a test file. */
const TEST_FLAGS = {
  deno: ["test", "-A", "--no-check", "--config", join(root, "deno.json")],
  bun: ["test"],
  node: undefined,
};

const isTest = (program: string) => program.includes(`from "node:test"`);

export function writePrograms(page: string, { url }: Provider): PagePrograms {
  const programs = programsOf(page);
  // Among the programs, so that imports find the packages.
  const folder = fileURLToPath(new URL(`programs/page_${crypto.randomUUID()}`, import.meta.url));
  mkdirSync(folder);
  for (const [index, text] of programs.entries()) {
    const program = text.replaceAll(`"@cachy/core"`, `"../../../mod.ts"`)
      .replaceAll(`"@cachy/core/kv"`, `"../../../src/store/key_value.ts"`);
    writeFileSync(join(folder, `${index}.ts`), `import "../paid_network.ts";\n${program}`);
  }
  return {
    async run(index, { cwd, env }) {
      const keys = { OPENAI_API_KEY: "dummy", ANTHROPIC_API_KEY: "dummy", ...AWS_KEYS };
      const exit = await runProgram(join(folder, `${index}.ts`), [], {
        cwd,
        flags: isTest(programs[index] ?? "") ? TEST_FLAGS[thisRuntime().name] : undefined,
        env: { ...keys, PROVIDER: url, ...env },
      });
      assert.equal(exit.code, 0, `${page}, program ${index}: ${exit.stderr}${exit.stdout}`);
      return exit;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
