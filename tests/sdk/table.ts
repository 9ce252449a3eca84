/** The tables of docs/sdks.md: what the tests try with each SDK. */
import { readFileSync } from "node:fs";
import { sdkCases } from "./all.ts";
import type { Runtime } from "./case.ts";
import { missCases } from "./misses.ts";
import { sdkPrograms } from "./programs/all.ts";

interface Tried {
  /** A name of tests/package.json. */
  readonly dependency: string;
  readonly what: string;
  readonly isSkipped: (runtime: Runtime) => boolean;
}

/** The package of each driver and of each miss, if its name is another one: driver → dependency. */
const DEPENDENCIES: Readonly<Record<string, string>> = {
  "openai 7": "openai",
  "openai 6": "openai6",
  "anthropic 1": "@anthropic-ai/sdk",
  "genai 2": "genai2",
  "genai 3": "@google/genai",
  "langchain openai 1": "@langchain/openai",
  "mistral 2": "@mistralai/mistralai",
  "groq 1": "groq-sdk",
  "together": "together-ai",
  "cohere 8": "cohere-ai",
  "ollama 0.6": "ollama",
  "huggingface 4": "@huggingface/inference",
  "axios 1": "axios",
  "bedrock 3": "@aws-sdk/client-bedrock-runtime",
  "openrouter 1": "@openrouter/sdk",
  "replicate 1": "replicate",
  "elevenlabs": "@elevenlabs/elevenlabs-js",
  "qdrant 1": "@qdrant/js-client-rest",
};

function dependencyOf(driver: string): string {
  const [, major, provider] = /^ai ([67]) (.+)$/.exec(driver) ?? [];
  if (provider) return major === "6" ? `ai6-${provider}` : `@ai-sdk/${provider}`;
  return DEPENDENCIES[driver] ?? driver;
}

/** MCP has tests of its own, in mcp_test.ts and mcp_server_test.ts. */
const MCP = ["sessions", "streams", "notifications"].flatMap((what) =>
  ["@modelcontextprotocol/sdk", "@ai-sdk/mcp"].map((dependency) => ({ dependency, what, isSkipped: () => false }))
);

/** Packages that are tried together with those of providers. */
const FRAMEWORKS: ReadonlySet<string> = new Set(["ai", "@langchain/langgraph"]);

const tried: readonly Tried[] = [
  ...sdkCases.flatMap(({ sdk, name, skip }) => {
    const framework = /^ai 6/.test(sdk) ? ["ai6"] : /^ai 7/.test(sdk) ? ["ai"] : [];
    const isSkipped = (runtime: Runtime) => skip(runtime) !== undefined;
    return [dependencyOf(sdk), ...framework].map((dependency) => {
      return { dependency, what: name.slice(sdk.length + 2), isSkipped };
    });
  }),
  ...sdkPrograms.flatMap(({ packages: [sdk, ...others], name, skip }) => {
    const isSkipped = (runtime: Runtime) => skip?.(runtime) !== undefined;
    const dependencies = [sdk, ...others.filter((other) => FRAMEWORKS.has(other))];
    return dependencies.flatMap((dependency) => [name, "a miss"].map((what) => ({ dependency, what, isSkipped })));
  }),
  ...MCP,
  ...missCases.map(({ name }) => ({
    dependency: dependencyOf(name.replace(/, streamed$/, "")),
    what: "a miss",
    isSkipped: () => false,
  })),
];

/** What a program must do so that the SDK works: package → link. */
const RECIPES: Readonly<Record<string, string>> = {
  "axios": "clients.md",
  "@aws-sdk/client-bedrock-runtime": "clients.md",
  "ollama": "clients.md",
  "ai-sdk-ollama": "clients.md",
  "ollama-ai-provider-v2": "clients.md",
  "@langchain/ollama": "clients.md",
  "@anthropic-ai/vertex-sdk": "#vertex-ai",
  "@google/genai": "#vertex-ai",
  "@fal-ai/client": "#fal",
  "@modelcontextprotocol/sdk": "#mcp",
  "@ai-sdk/mcp": "#mcp",
};

const RUNTIMES: readonly (readonly [name: string, runtime: Runtime])[] = [
  ["Deno", { name: "deno", version: "2.9", major: 2 }],
  ["Bun", { name: "bun", version: "1.4", major: 1 }],
  ["Node 20+", { name: "node", version: "20.20", major: 20 }],
  ["Node 22+", { name: "node", version: "22.23", major: 22 }],
];

/** A case that has none of the other features. */
const CALLS = "calls";

/** What a case tries, by its name. */
const FEATURES: Readonly<Record<string, RegExp>> = {
  [CALLS]: /(?!)/,
  "streams": /(?<!Read)stream/i,
  "tools": /tool|agent|hand-off/i,
  "files": /upload|of a file|createReadStream|transcribeFile/,
  "audio": /speech|transcri|speak/i,
  "regions": /in the|in a region|global/,
  "polling": /poll|subscribe/,
  "sessions": /session|notification/,
};

const MISS = "a miss";

function featuresOf(what: string): string[] {
  if (what === MISS) return [MISS];
  const features = Object.keys(FEATURES).filter((feature) => FEATURES[feature]?.test(what));
  return features.length ? features : [CALLS];
}

/** The tables, by heading. A package belongs to the first one whose pattern matches its name. */
const TABLES: Readonly<Record<string, RegExp>> = {
  "AI SDK": /^ai$|ai-sdk|ai-provider/,
  "Agents and frameworks": /langchain|mastra|agents|modelcontext/,
  "SDKs of providers": /(?:)/,
};

interface Row {
  readonly versions: Set<string>;
  readonly features: Set<string>;
  readonly runtimes: Set<string>;
}

/** The tables in Markdown, as `deno fmt` aligns them. */
export function sdkTables(): string {
  const rows = [...readRows()].sort(([a], [b]) => a < b ? -1 : 1);
  const tableOf = (name: string) => Object.keys(TABLES).find((heading) => TABLES[heading]?.test(name));
  return Object.keys(TABLES).map((heading) => {
    const lines = rows.filter(([name]) => tableOf(name) === heading).map(([name, row]) => lineOf(name, row));
    return `### ${heading}\n\n${aligned([["package", "tested", "needs"], ...lines])}\n`;
  }).join("\n");
}

function readRows(): Map<string, Row> {
  const { dependencies } = readJson("package.json") as { dependencies: Record<string, string> };
  const { packages } = readJson("package-lock.json") as { packages: Record<string, { version: string }> };
  const rows = new Map<string, Row>();
  for (const { dependency, what, isSkipped } of tried) {
    const range = dependencies[dependency];
    const version = packages[`node_modules/${dependency}`]?.version;
    if (!range || !version) throw new Error(`tests/package.json has no dependency ${dependency}`);
    const name = /^npm:(.+)@/.exec(range)?.[1] ?? dependency;
    const row = rows.get(name) ?? { versions: new Set(), features: new Set(), runtimes: new Set() };
    rows.set(name, row);
    row.versions.add(majorOf(version));
    for (const feature of featuresOf(what)) row.features.add(feature);
    for (const [runtime, facts] of RUNTIMES) if (!isSkipped(facts)) row.runtimes.add(runtime);
  }
  return rows;
}

function lineOf(name: string, { versions, features, runtimes }: Row): string[] {
  const recipe = RECIPES[name];
  if (!["Deno", "Bun", "Node 22+"].every((runtime) => runtimes.has(runtime))) {
    throw new Error(`Cannot list ${name}: it is not tested on every runtime. Say so in the column "needs".`);
  }
  // The page says this of all packages except MCP clients.
  if (!features.delete(MISS) && !/mcp|modelcontext/.test(name)) {
    throw new Error(`Cannot list ${name}: it is not tested with a miss. Add it to tests/sdk/misses.ts.`);
  }
  const order = Object.keys(FEATURES).filter((feature) => features.has(feature));
  const needs = [recipe ? `[recipe](${recipe})` : "", runtimes.has("Node 20+") ? "" : "Node 22+"].filter(Boolean);
  return [`\`${name}\` ${[...versions].sort().join(", ")}`, order.join(", ") || "misses only", needs.join(", ")];
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), "utf8"));
}

/** Releases of version 0 may break with each minor version. */
function majorOf(version: string): string {
  return /^0\.\d+|^\d+/.exec(version)?.[0] ?? version;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
