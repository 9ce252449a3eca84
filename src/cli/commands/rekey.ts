import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "../../lib/errors.ts";
import { asRecord, parseJson } from "../../lib/json.ts";
import { plural } from "../../lib/show.ts";
import { checkOptions } from "../../options/check.ts";
import type { CachyOptions } from "../../options/options.ts";
import type { OmitPath } from "../../request/body_identity.ts";
import type { Entry } from "../../store/entry.ts";
import {
  type Call,
  CommandError,
  confirmed,
  defineCommand,
  FILE_OPTION,
  FINE,
  FOUND,
  UsageError,
  YES_OPTION,
} from "../app/command.ts";
import { KEY_OPTIONS, normalizationOf, pairOf, pathOf } from "../app/key_options.ts";
import { withProgress } from "../app/progress.ts";
import { printable } from "../display/printable.ts";
import { contradicts, rekeyed, type RekeyRules, writeRekeyed } from "../edit/rekey.ts";
import { contentsOf, digestOf, findFile, type RecordedFile, withFile } from "../file/recorded_file.ts";

const OPTIONS = {
  config: { type: "string", value: "FILE", help: "a module whose default export has the options normalize and omit" },
  ...KEY_OPTIONS,
  "drop-member": { type: "list", value: "PATH", help: "a member that requests no longer have" },
  "set-member": { type: "list", value: "PATH=JSON", help: "a member that requests have now" },
  "rename-model": {
    type: "list",
    value: "OLD=NEW",
    help: "use the recordings of a model for another one; needs --yes",
  },
  ...YES_OPTION,
  ...FILE_OPTION,
} as const;

type Options = Call<typeof OPTIONS>["options"];

/** `rekey`: computes the digests anew. */
export const rekey = defineCommand({
  name: "rekey",
  summary: "Computes keys anew after a change of options or of an SDK",
  options: OPTIONS,
  examples: [
    "rekey",
    "rekey --config cachy.config.js",
    "rekey --omit metadata.run_id --normalize '/\\d{4}-\\d\\d-\\d\\d/=DATE'",
    "rekey --set-member store=false --drop-member user",
  ],
  notes: [
    "The network is not called. Give all normalize and omit options that the program has now. Without any, the rules of this version apply.",
    "The command lists what would change and asks first; without a terminal, it needs --yes. Options may be repeated.",
    "Exit code 1: some requests cannot be hashed again, because the file does not contain them completely.",
  ],
  async run({ options, terminal }) {
    const path = findFile(options.file, terminal);
    const rules = await rulesOf(options);
    const plan = await withFile(path, (file) => planOf(file, rules));
    await terminal.printAll(planLines(plan));
    terminal.note(
      `${plural(plan.changed.size, "key changes", "keys change")}, ${plan.same} stay, ${plan.unknown.length} unknown.`,
    );
    const code = plan.unknown.length ? FOUND : FINE;
    if (plan.changed.size === 0) return code;
    const what = `Write ${plural(plan.changed.size, "new key")} into ${printable(path)}?`;
    if (!await confirmed(what, options.yes, terminal)) {
      terminal.note("Nothing was changed.");
      return code;
    }
    const count = await withProgress("Writing", (onProgress) => writeRekeyed(path, plan.changed, onProgress));
    terminal.note(`Changed ${plural(count, "line")}.`);
    return code;
  },
});

interface Plan {
  /** Old digest → new entry. */
  readonly changed: ReadonlyMap<string, Entry>;
  readonly same: number;
  readonly unknown: readonly (readonly [key: string, reason: string])[];
  /** Entries that get one digest: the newest one answers. */
  readonly folded: readonly (readonly string[])[];
}

async function planOf(file: RecordedFile, rules: RekeyRules): Promise<Plan> {
  const changed = new Map<string, Entry>();
  const unknown: [string, string][] = [];
  const keysBySha = new Map<string, string[]>();
  let same = 0;
  for (const { entry } of contentsOf(file).newest()) {
    const result = await rekeyed(entry, rules);
    if (typeof result === "string") unknown.push([entry.key, result]);
    else if (result.isChanged) changed.set(digestOf(entry), result.entry);
    else same++;
    const digest = digestOf(typeof result === "string" ? entry : result.entry);
    keysBySha.set(digest, [...keysBySha.get(digest) ?? [], entry.key]);
  }
  return { changed, same, unknown, folded: [...keysBySha.values()].filter((keys) => keys.length > 1) };
}

function* planLines({ changed, unknown, folded }: Plan): Generator<string, void> {
  for (const [digest, { key }] of changed) yield `${printable(digest.slice(0, 8))} → ${key}`;
  for (const [key, reason] of unknown) yield `${printable(key)} stays: ${reason}`;
  for (const keys of folded) yield `${printable(keys.join(", "))} get one key: only the newest recording answers then`;
}

async function rulesOf(options: Options): Promise<RekeyRules> {
  if (options["rename-model"] && !options.yes) {
    throw new UsageError(
      "Cannot use --rename-model without --yes: another model would answer differently. Add --yes if that is fine.",
    );
  }
  const config = options.config === undefined ? {} : await configOf(options.config);
  const dropped = [...options.omit ?? [], ...options["drop-member"] ?? []].map((path) => pathOf("--omit", path));
  const rules: RekeyRules = {
    normalize: [...config.normalize ?? [], ...(options.normalize ?? []).map(normalizationOf)],
    omit: [...(config.omit ?? []).map((path) => pathOf("omit", path)), ...dropped],
    set: (options["set-member"] ?? []).map(memberOf),
    models: new Map((options["rename-model"] ?? []).map((text) => pairOf("--rename-model", text, "OLD=NEW"))),
  };
  if (contradicts(rules)) {
    throw new UsageError("Cannot set a member that --omit leaves out. Remove one of the options.");
  }
  return rules;
}

async function configOf(path: string): Promise<CachyOptions> {
  let options: unknown;
  try {
    options = (await import(pathToFileURL(resolve(path)).href)).default;
  } catch (error) {
    throw new CommandError(`Cannot load ${path}: ${messageOf(error)}`, { cause: error });
  }
  if (!asRecord(options)) {
    throw new CommandError(
      `Cannot use ${path}: it has no default export with options. Write: export default { omit: [] }.`,
    );
  }
  checkOptions(options as CachyOptions);
  return options as CachyOptions;
}

function memberOf(text: string): [OmitPath, unknown] {
  const [path, value] = pairOf("--set-member", text, "PATH=JSON");
  return [pathOf("--set-member", path), parseJson(value) ?? value];
}
