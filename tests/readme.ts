/** The snippets of the README, as separate programs. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Exit, runProgram } from "./processes.ts";
import type { Provider } from "./provider/provider.ts";

export const readme: string = readFileSync(new URL("../README.md", import.meta.url), "utf8");
export const snippets: readonly string[] = snippetsOf(readme);

/** The programs in a page. */
export function snippetsOf(page: string): string[] {
  return [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] ?? "");
}

export interface Surroundings {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of the runtime. By default they allow everything. */
  readonly flags?: readonly string[];
}

/** The programs in a separate folder, with a loopback provider in place of the paid ones. */
export interface ReadmePrograms {
  /** Runs a program by its index, and fails if the program does. */
  run(index: number, surroundings: Surroundings): Promise<Exit>;
  remove(): void;
}

/** The variables that the README sets for CI. */
const AWS_KEYS = { AWS_ACCESS_KEY_ID: "none", AWS_SECRET_ACCESS_KEY: "none" };

export function writePrograms({ url }: Provider, programs: readonly string[] = snippets): ReadmePrograms {
  const name = `readme_${crypto.randomUUID()}`;
  // Among the programs, so that imports find the packages.
  const folder = fileURLToPath(new URL(`programs/${name}`, import.meta.url));
  mkdirSync(folder);
  for (const [index, snippet] of programs.entries()) {
    const program = snippet.replaceAll(`"@cachy/core"`, `"../../../mod.ts"`)
      .replaceAll(`"@cachy/core/kv"`, `"../../../src/store/key_value.ts"`);
    writeFileSync(join(folder, `${index}.ts`), `import "../paid_network.ts";\n${program}`);
  }
  return {
    async run(index, { cwd, env, flags }) {
      const keys = { OPENAI_API_KEY: "dummy", ANTHROPIC_API_KEY: "dummy", ...AWS_KEYS };
      const exit = await runProgram(join(folder, `${index}.ts`), [], {
        cwd,
        flags,
        env: { ...keys, PROVIDER: url, ...env },
      });
      assert.equal(exit.code, 0, exit.stderr + exit.stdout);
      return exit;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
