import { isGranted, readableVariables } from "../../lib/environment.ts";
import { plural } from "../../lib/show.ts";
import { credentialVariables } from "../../request/domains.ts";
import { type Credential, credentialsOf } from "../../secrets/values.ts";
import { bytesAt, type Position } from "../../store/jsonl/file.ts";
import { CommandError, defineCommand, FILE_OPTION, FINE, FOUND, JSON_OPTION } from "../app/command.ts";
import { everyMegabyte, type OnProgress, withProgress } from "../app/progress.ts";
import { shortPath } from "../app/program.ts";
import { printable, printableJson } from "../display/printable.ts";
import { FILE_OPERANDS, fileLines, findFiles, type RecordedFile, withAnyFile } from "../file/recorded_file.ts";
import { type SecretFinding, secretFindings, showSecret } from "../scan/scan.ts";
import { keyIfOne } from "../verify/verify.ts";

const OPTIONS = {
  env: { type: "boolean", short: "e", help: "also search for the values of environment variables (…KEY, …TOKEN …)" },
  ...JSON_OPTION,
  ...FILE_OPTION,
} as const;

/** A secret and its place. */
interface LocatedSecret extends SecretFinding {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly key?: string;
}

/** `scan`: searches for secrets. */
export const scan = defineCommand({
  name: "scan",
  summary: "Searches for secrets",
  operands: FILE_OPERANDS,
  options: OPTIONS,
  isPaged: true,
  examples: ["scan", "scan --env", "scan recordings/*.jsonl"],
  notes: [
    "Finds text that looks like a key (sk-…, AIza…, ghp_…, PEM …), credentials in requests and headers by name, and",
    "with --env the values of environment variables. Prints at most the first four characters of a secret. The exit code",
    "is 1 if there is a secret. On Deno, --env needs --allow-env (-E).",
  ],
  async run({ options, operands, terminal }) {
    const credentials = options.env ? environmentCredentials() : [];
    const paths = findFiles({ options, operands, terminal });
    const secrets: LocatedSecret[] = [];
    for (const path of paths) {
      await withAnyFile(
        path,
        (file) =>
          withProgress("Searching", (onProgress) => {
            for (const secret of secretsIn(file, credentials, onProgress)) secrets.push(secret);
          }),
      );
    }
    if (options.json) terminal.print(printableJson(secrets, 2));
    else {
      for (const { file, line, key, ...finding } of secrets) {
        const place = `${shortPath(file)}:${line}${key === undefined ? "" : ` ${key}`}`;
        terminal.print(`${terminal.paint(printable(place), "yellow")}  ${printable(showSecret(finding))}`);
      }
      printSummary(secrets, paths, terminal.note);
    }
    return secrets.length ? FOUND : FINE;
  },
});

/** @throws {CommandError} If Deno does not grant access to all variables. */
function environmentCredentials(): Credential[] {
  if (isGranted({ name: "env" })) return credentialsOf(readableVariables(credentialVariables));
  throw new CommandError(
    "Cannot search for the values of environment variables: Deno did not grant access. Run with --allow-env.",
  );
}

function* secretsIn(
  file: RecordedFile,
  credentials: readonly Credential[],
  onProgress: OnProgress,
): Generator<LocatedSecret, void> {
  const progress = everyMegabyte(onProgress, file.size);
  for (const line of fileLines(file)) {
    progress(line.position.start + line.position.length);
    const place = { file: file.path, line: line.number };
    const { content } = line;
    if (typeof content === "string") {
      for (const finding of secretsInDamaged(file, line.position, credentials)) {
        yield { ...place, ...finding, where: "a line that is not an entry" };
      }
    } else {
      for (const finding of secretFindings(content, credentials)) {
        yield { ...place, ...finding, key: keyIfOne(content.key) };
      }
    }
  }
}

/** How much of a damaged line is searched at once, in bytes: the line may be longer than a string can be. */
const SEARCHED_LENGTH = 1 << 24;

/** Searches a line as plain text: a torn line may contain half a response. */
function secretsInDamaged(
  { descriptor }: RecordedFile,
  { start, length }: Position,
  credentials: readonly Credential[],
): SecretFinding[] {
  for (let at = 0; at < length; at += SEARCHED_LENGTH - LONGEST_SECRET) {
    const bytes = bytesAt(descriptor, { start: start + at, length: Math.min(SEARCHED_LENGTH, length - at) });
    const found = secretFindings({ key: "", response: new TextDecoder().decode(bytes) }, credentials);
    if (found.length) return found;
  }
  return [];
}

/** The overlap of two pieces, in bytes, so that a secret at their border is in one of them. */
const LONGEST_SECRET = 1 << 16;

function printSummary(secrets: readonly LocatedSecret[], paths: readonly string[], note: (line: string) => void): void {
  if (secrets.length === 0) return note(`No secrets found in ${printable(paths.map(shortPath).join(", "))}.`);
  note(
    `${plural(secrets.length, "secret")} found. Revoke each real secret, because git keeps it, and remove its entry.`,
  );
}
