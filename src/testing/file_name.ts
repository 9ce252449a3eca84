import { createHash } from "node:crypto";
import { utf8Length } from "../lib/bytes.ts";

/** The longest name before ".jsonl", in bytes. File systems allow 255, encrypted ones 143, Windows 260 for a whole path. */
const MOST_BYTES = 100;

/** Characters that every file system, shell and archive keeps as they are, on file systems without case, too. */
const PLAIN = /^[a-z0-9_](?:[a-z0-9 _.,()'+=@-]*[a-z0-9_)'+=@-])?$/;

/** Names that Windows reserves for devices, with any extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$) *(?:\.|$)/i;

/** The ends that {@linkcode fileName} adds itself, the text that separates suites, and runs of spaces. */
const OWN_FORMS = /-[0-9a-f]{8}$| \(\d+\)$| - | {2}/;

/**
 * The name of a file for a test: `greets - says hello`. It is valid on every file system. Different tests have different
 * names, even if the file system ignores case: if a character must be replaced, or is not plain lowercase ASCII, the name
 * ends with a hash of the original.
 *
 * @param names The suites and the title.
 * @param ordinal The position among tests with equal names, from 1.
 */
export function fileName(names: readonly string[], ordinal = 1): string {
  const original = names.map((name) => name.normalize("NFC")).join(" > ");
  const number = ordinal > 1 ? ` (${ordinal})` : "";
  const isKept = PLAIN.test(original.replaceAll(" > ", " - ")) && !OWN_FORMS.test(original) &&
    !RESERVED.test(original) && utf8Length(original) <= MOST_BYTES;
  if (isKept) return original.replaceAll(" > ", " - ") + number;
  const hash = createHash("sha256").update(original).digest("hex").slice(0, 8);
  return `${readable(original)}-${hash}${number}`;
}

/** The part of a name that every file system accepts, shortened. */
function readable(text: string): string {
  const safe = text.replaceAll(" > ", " - ").replace(/[^\p{L}\p{M}\p{N} .,()'+=@_-]+/gu, "_").replace(/\s+/g, " ")
    .replace(/^[ .-]+|[ .]+$/g, "");
  let [short, bytes] = ["", 0];
  for (const character of safe) {
    bytes += utf8Length(character);
    if (bytes > MOST_BYTES) break;
    short += character;
  }
  return `${RESERVED.test(short) ? "_" : ""}${short.trimEnd() || "test"}`;
}

/** The end of a test file, and of its folder of recordings. Node's test runner takes a folder `x.test.js` for a test. */
const [OF_FILE, OF_FOLDER] = [/\.([cm]?[jt]sx?)$/, /_([cm]?[jt]sx?)$/];

/** The folder of recordings for a test file; both are relative paths. */
export function folderOfTestFile(path: string): string {
  return path.replace(OF_FILE, "_$1");
}

/** The test file for a folder of recordings. */
export function testFileOfFolder(path: string): string {
  return path.replace(OF_FOLDER, ".$1");
}

/** A folder's or file's name of the project, changed only if some file system does not accept it. */
export function folderName(name: string): string {
  // deno-lint-ignore no-control-regex -- Windows rejects control characters.
  const isKept = !/[<>:"|?*\\\u0000-\u001f]|[ .]$/.test(name) && !RESERVED.test(name) && utf8Length(name) <= 200;
  return isKept ? name : fileName([name]);
}
