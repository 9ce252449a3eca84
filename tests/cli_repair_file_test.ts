import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import fc from "fast-check";
import { compactFile, type Entry, jsonlStore } from "../mod.ts";
import { type DamagedParts, repairFile } from "../src/cli/edit/repair.ts";
import { formatEntry } from "../src/store/entry.ts";
import { changeWhileRecording, killWhileChanging, namesBeside, wholeLinesOf } from "./changed_file.ts";
import { fileOf, line, one, other, textOf, twin } from "./entry_lines.ts";
import { mount, noDisk, smallDisk } from "./small_disk.ts";
import { digestOf, entryOf, legacyEntry } from "./store_contract.ts";
import { after, slowTest, test } from "./suite.ts";
import { temporaryFolder } from "./testing.ts";

const torn = line("torn").slice(0, 40);

const reasonsOf = ({ first }: DamagedParts) => first.map(({ line, reason }) => `${line}: ${reason}`);

test("repairFile() removes invalid lines, says where they were, and keeps the original", (t) => {
  const parts = [line("a"), "\n", "<<<<<<< HEAD\n", line("b", other), "=======\n", "{}\n", torn];
  const file = fileOf(t, ...parts);
  const { kept, stripped, salvaged, dropped, backup, bytesBefore, bytesAfter } = repairFile(file);
  assert.equal(textOf(file), line("a") + line("b", other));
  assert.deepEqual([kept, stripped, salvaged], [2, 0, { first: [], count: 0 }]);
  assert.deepEqual(reasonsOf(dropped), [
    "2: blank line",
    "3: git conflict marker",
    "5: git conflict marker",
    `6: "key" is missing`,
    "7: not JSON",
  ]);
  assert.equal(dropped.count, 5);
  assert.deepEqual(
    dropped.first.map(({ start, length }) => parts.join("").slice(start, start + length)),
    ["", "<<<<<<< HEAD", "=======", "{}", torn],
  );
  assert.equal(backup, `${file}.bak`);
  assert.equal(textOf(`${file}.bak`), parts.join(""));
  assert.deepEqual([bytesBefore, bytesAfter], [parts.join("").length, textOf(file).length]);
  assert.deepEqual(namesBeside(file), ["cachy.jsonl", "cachy.jsonl.bak"]);
});

test("repairFile() keeps replaced entries, and lines that other programs answer from", (t) => {
  const newer = `{"key":"${one.key}","sha256":"${one.sha256}","v":2,"answer":[]}\n`;
  const failure = `{"key": "${one.key}", "response": "busy", "status_code": 500}\n`;
  const legacy = formatEntry(legacyEntry("by pycachy"));
  const precise = line("a").replace("}\n", `,"recorded_at":9007199254740993, "x" : 1.0 }\n`);
  const kept = [line("old"), newer, failure, legacy, legacy, precise, line("new")];
  const file = fileOf(t, ...kept, "bad\n");
  assert.equal(repairFile(file).kept, 7);
  assert.equal(textOf(file), kept.join(""));
});

test("repairFile() removes byte order marks and carriage returns", (t) => {
  const file = fileOf(
    t,
    "\uFEFF",
    line("a").replace("\n", "\r\n"),
    line("b", other).replace("\n", "\r\r\n"),
    line("c", twin),
  );
  const { kept, stripped, dropped, backup } = repairFile(file);
  assert.deepEqual([kept, stripped, dropped.count, backup], [3, 2, 0, `${file}.bak`]);
  assert.equal(textOf(file), line("a") + line("b", other) + line("c", twin));
});

/** Lines that contain entries → the result. */
const SALVAGED: Readonly<Record<string, readonly [string | Buffer, readonly string[]]>> = {
  "behind a torn one": [torn + line("a", other), [line("a", other)]],
  "behind one that is torn after its key": [`{"key":"5ece2360","resp${line("a", other)}`, [line("a", other)]],
  "behind one that is torn in a list": [`{"key":"5ece2360","chunks":[[1,2],${line("a", other)}`, [line("a", other)]],
  "behind one that is torn in an escape": [`{"key":"5ece2360","response":"\\${line("a", other)}`, [line("a", other)]],
  "behind several torn ones": [torn + torn + line("a", other).trimEnd() + torn + line("b", twin), [
    line("a", other),
    line("b", twin),
  ]],
  "in a row": [line("a").trimEnd() + line("old", other).trimEnd() + line("b", other), [
    line("a"),
    line("old", other),
    line("b", other),
  ]],
  "in a JSON list": [`[${line("a").trimEnd()}, ${line("b", other).trimEnd()}]\n`, [line("a"), line("b", other)]],
  "behind a conflict marker": [`<<<<<<< HEAD${line("a")}`, [line("a")]],
  "before a conflict marker": [`${line("a").trimEnd()}>>>>>>> branch\n`, [line("a")]],
  "behind NULs": [`\0\0\0\0${line("a")}`, [line("a")]],
  "between bytes that are no text": [
    Buffer.concat([Buffer.from([0xff, 0xc3]), Buffer.from(line("Hé").trimEnd()), Buffer.from([0x80, 0x0a])]),
    [line("Hé")],
  ],
  "between carriage returns": [`${line("a").trimEnd()}\r${line("b", other)}`, [line("a"), line("b", other)]],
  "behind two byte order marks": [`\uFEFF\uFEFF${line("a")}`, [line("a")]],
  "with a brace in its answer": [torn + line(`"}{"key":"0badcafe"}\\`, other), [line(`"}{"key":"0badcafe"}\\`, other)]],
  "of pycachy": [torn + `{"key": "0badcafe", "response": "x"}\n`, [`{"key": "0badcafe", "response": "x"}\n`]],
  "of a newer version": [`${torn}{"key":"0badcafe","v":2,"answer":{}}\n`, [`{"key":"0badcafe","v":2,"answer":{}}\n`]],
  "with another first member": [`${torn}{"response":"x","key":"0badcafe"}\n`, [`{"response":"x","key":"0badcafe"}\n`]],
};

for (const [where, [damaged, entries]] of Object.entries(SALVAGED)) {
  test(`repairFile() salvages a complete entry ${where}`, (t) => {
    const file = fileOf(t, line("first", twin), damaged, line("last", twin));
    const { kept, salvaged } = repairFile(file);
    assert.equal(textOf(file), [line("first", twin), ...entries, line("last", twin)].join(""));
    assert.deepEqual([kept, salvaged.count], [2, entries.length]);
    const original = readFileSync(`${file}.bak`);
    const found = salvaged.first.map(({ start, length }) => `${original.subarray(start, start + length)}\n`);
    assert.deepEqual(found, entries);
    assert.ok(salvaged.first.every(({ line }) => line === 2));
  });
}

test("repairFile() reports what stood beside a salvaged entry, except white space", (t) => {
  const file = fileOf(t, `\0\0${line("a").trimEnd()} \r${torn}${line("b", other).trimEnd()}<<<<<<<\n`);
  const { dropped, salvaged } = repairFile(file);
  const original = textOf(`${file}.bak`);
  const parts = dropped.first.map(({ start, length }) => original.slice(start, start + length).trim());
  assert.deepEqual([parts, salvaged.count], [["\0\0", torn, "<<<<<<<"], 2]);
  assert.deepEqual(reasonsOf(dropped), ["1: not JSON", "1: not JSON", "1: git conflict marker"]);
});

test("repairFile() does not touch a file if every line is intact", (t) => {
  for (const parts of [[line("old"), line("new")], [line("a"), line("b", other).trimEnd()], []]) {
    const file = fileOf(t, ...parts);
    const { ino, size } = statSync(file);
    const { kept, backup, bytesBefore, bytesAfter } = repairFile(file);
    assert.deepEqual([kept, backup, bytesBefore, bytesAfter], [parts.length, undefined, size, size]);
    assert.deepEqual([statSync(file).ino, textOf(file), namesBeside(file)], [ino, parts.join(""), ["cachy.jsonl"]]);
  }
});

test("repairFile() never overwrites an earlier original", (t) => {
  const file = fileOf(t, line("a"), "bad 1\n");
  const backups = [2, 3, 4].map((next) => {
    const { backup } = repairFile(file);
    writeFileSync(file, `${line("a")}bad ${next}\n`);
    return backup;
  });
  assert.deepEqual(backups, ["", ".2", ".3"].map((ending) => `${file}.bak${ending}`));
  assert.deepEqual(backups.map((backup) => textOf(backup ?? "")), [1, 2, 3].map((n) => `${line("a")}bad ${n}\n`));
});

test("repairFile() keeps the mode of the file, and keeps a link a link", {
  skip: process.platform === "win32" ? "Windows has neither modes nor links." : undefined,
}, (t) => {
  const file = fileOf(t, line("a"), "bad\n");
  chmodSync(file, 0o640);
  symlinkSync(file, `${file}.link`);
  assert.equal(repairFile(`${file}.link`).backup, `${file}.bak`);
  assert.deepEqual([file, `${file}.bak`].map((path) => statSync(path).mode & 0o777), [0o640, 0o640]);
  assert.ok(lstatSync(`${file}.link`).isSymbolicLink());
  assert.equal(textOf(file), line("a"));
});

test("repairFile() lists the first thousand damaged lines, and counts all of them", (t) => {
  const file = fileOf(t, "\n".repeat(1500), line("a"));
  const { dropped } = repairFile(file);
  assert.deepEqual([dropped.first.length, dropped.count, dropped.first.at(-1)?.line], [1000, 1500, 1000]);
});

slowTest("repairFile() reads a line of braces in seconds", (t) => {
  const garbage = [`{"a":`.repeat(100_000), `{"key":"5ece2360",`.repeat(20_000), "{".repeat(500_000)];
  const file = fileOf(t, ...garbage.map((text) => `${text}\n`), line("a"));
  assert.equal(repairFile(file).dropped.count, 3);
  assert.equal(textOf(file), line("a"));
});

test("repairFile() keeps what others append while it copies", (t) => {
  const file = fileOf(t, line("a"), "bad\n", torn);
  let calls = 0;
  repairFile(file, {
    onProgress: () => {
      if (calls++ === 0) jsonlStore(file).append(entryOf("meanwhile", other));
    },
  });
  assert.deepEqual([calls, textOf(file)], [1, line("a") + line("meanwhile", other)]);
});

test("repairFile() keeps a last line that is completed after it was read", (t) => {
  const file = fileOf(t, "bad\n", torn);
  repairFile(file, { onProgress: () => writeFileSync(file, line("torn").slice(40), { flag: "a" }) });
  assert.equal(textOf(file), line("torn"));
});

test("repairFile() starts again if the file is replaced while it copies", (t) => {
  const file = fileOf(t, line("a"), "bad\n");
  let calls = 0;
  const { backup } = repairFile(file, {
    onProgress: () => {
      if (calls++ > 0) return;
      writeFileSync(`${file}.new`, line("by another program", twin) + "bad, too\n");
      renameSync(`${file}.new`, file);
    },
  });
  assert.deepEqual([calls, textOf(file)], [2, line("by another program", twin)]);
  assert.equal(textOf(backup ?? ""), line("by another program", twin) + "bad, too\n");
});

test("repairFile() copies what a killed repair left behind, and keeps the original of that repair", (t) => {
  const file = fileOf(t, line("a"), "bad\n");
  writeFileSync(`${file}.compact-old`, line("older") + line("last moment", other));
  writeFileSync(`${file}.bak`, "");
  repairFile(file);
  assert.equal(textOf(file), line("a") + line("last moment", other));
  assert.deepEqual(namesBeside(file), ["cachy.jsonl", "cachy.jsonl.bak", "cachy.jsonl.bak.2"]);
});

test("repairFile() throws and says what to do if another process rewrites the file", (t) => {
  const file = fileOf(t, line("a"), "bad\n");
  writeFileSync(`${file}.compact`, "unfinished");
  const message = /^Cannot repair \S+cachy\.jsonl: another process is rewriting it, .* delete \S+\.compact, which/;
  assert.throws(() => repairFile(file), { code: "cannot_compact", message });
  assert.equal(textOf(file), line("a") + "bad\n");
  assert.deepEqual(namesBeside(file), ["cachy.jsonl", "cachy.jsonl.compact"]);
});

test("repairFile() throws and changes nothing if the file is missing or a folder", (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "folder"));
  for (const name of ["missing.jsonl", "folder"]) {
    assert.throws(() => repairFile(join(folder, name)), { code: "cannot_compact", message: /^Cannot repair \S+: / });
  }
  assert.deepEqual(namesBeside(join(folder, "x")), ["folder"]);
});

test("repairFile() leaves the file unchanged if the disk is full or read-only", { skip: noDisk() }, (t) => {
  const folder = smallDisk(t);
  const file = join(folder, "cachy.jsonl");
  const content = `bad\n${line("x".repeat(20_000), other)}`;
  writeFileSync(file, content);
  writeFileSync(join(folder, "ballast"), new Uint8Array(30_000));
  assert.throws(() => repairFile(file), /Cannot repair \S+: .*(?:ENOSPC|no space)[^]*Free disk space/i);
  assert.equal(mount("-o", "remount,ro", folder).status, 0);
  assert.throws(() => repairFile(file), /Cannot repair \S+: .*(?:EROFS|read-only)[^]*Make the file system writable/i);
  assert.deepEqual([textOf(file), namesBeside(file)], [content, ["ballast", "cachy.jsonl"]]);
  assert.equal(mount("-o", "remount,rw", folder).status, 0);
  rmSync(join(folder, "ballast"));
  assert.equal(repairFile(file).dropped.count, 1);
});

slowTest("repairFile() loses no recording of other processes when it runs repeatedly", async (t) => {
  const file = fileOf(t);
  const rounds = await changeWhileRecording(file, "repair");
  assert.ok(rounds > 1, `${rounds} rounds`);
});

slowTest("repairFile() leaves the old file or the new one if it is killed", async (t) => {
  const kept = Array.from({ length: 2000 }, (_, n) => line("x".repeat(500), digestOf(n.toString(16).padStart(8, "0"))));
  const file = fileOf(t, ...kept);
  await killWhileChanging(file, "repair", () => {
    const lines = wholeLinesOf(file).map((text) => `${text}\n`);
    assert.ok(lines.filter((text) => text !== "<<<<<<< HEAD\n").join("") === kept.join(""));
  });
  repairFile(file);
  assert.ok(textOf(file) === kept.join(""));
  await compactFile(file);
  assert.ok(namesBeside(file).every((name) => /^cachy\.jsonl(?:\.bak(?:\.\d+)?)?$/.test(name)));
});

// Random damage

const folder = mkdtempSync(join(tmpdir(), "cachy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const DIGESTS = ["5ece2360", "0badcafe", "ffffffff"].flatMap((key) => [digestOf(key), digestOf(key, "1")]);
const TEXTS = [
  "",
  "x",
  "Hé €",
  "👩‍🚀\u2028\n",
  `"}\n{"key": "5ece2360"`,
  "\\",
  `\\"`,
  "<<<<<<< HEAD",
  "\0\r",
  "}{",
  "][",
];

const entries: fc.Arbitrary<string> = fc.tuple(
  fc.constantFrom(...DIGESTS),
  fc.constantFrom(...TEXTS),
  fc.nat(3),
  fc.nat(),
)
  .map(([digest, text, kind, at]) => {
    const response = `${at} ${text}`;
    if (kind === 0) return JSON.stringify(legacyEntry(response, digest.key));
    if (kind === 1) return `{"key": "${digest.key}", "response": ${JSON.stringify(response)}, "headers": {}}`;
    if (kind === 2) return `{"response":${JSON.stringify(response)},"chunks":[[0,1]],"key":"${digest.key}"}`;
    return formatEntry(entryOf(response, digest)).trimEnd();
  });

const piece = fc.constantFrom(
  ...["\n", "\r\n", "\r", " ", "\0\0", "\uFEFF", "{", "}", "[", "]", ",", ":", `"`, "\\", "{}", "7", "null", "{}\n"],
  ...["<<<<<<< HEAD\n", "=======", ">>>>>>> branch\n", `{"key":"`, `{"key":"5ece2360"`, `"response":"x"}`, `{"a":`],
);
/** The start of a line whose writer was killed. */
const tornEntry = fc.tuple(entries, fc.nat()).map(([entry, at]) => entry.slice(0, at % entry.length));
const damage: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(Buffer.from("\n")) },
  {
    weight: 3,
    arbitrary: fc.array(fc.oneof(piece, tornEntry), { maxLength: 4 }).map((parts) => Buffer.from(parts.join(""))),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }) },
);

/**
 * The entries that have no line of their own. An entry inside another line is not lost: a torn start and a brace may
 * form one readable entry around it.
 */
function lostIn(lines: readonly string[], entries: readonly string[]): string[] {
  const rest = [...lines];
  return entries.filter((entry) => {
    const at = rest.findIndex((line) => line.trim() === entry);
    if (at !== -1) rest.splice(at, 1);
    return at === -1 && !lines.some((line) => line !== entry && line.includes(entry));
  });
}

slowTest("repairFile() never loses an entry, whatever is inserted between entries", (t) => {
  // No other process writes into the file, so nothing changes while the store waits for the rest of a torn line.
  const { mock } = t.mock.method(Atomics, "wait", () => "timed-out");
  t.after(() => mock.restore());
  const file = join(folder, "cachy.jsonl");
  fc.assert(
    fc.property(fc.array(fc.tuple(damage, entries), { minLength: 1, maxLength: 6 }), damage, (parts, last) => {
      for (const path of [file, `${file}.bak`]) rmSync(path, { force: true });
      const bytes = Buffer.concat([...parts.flatMap(([damage, entry]) => [damage, Buffer.from(entry)]), last]);
      writeFileSync(file, bytes);
      const { kept, salvaged, bytesAfter, backup } = repairFile(file);
      const lines = textOf(file).split("\n").filter((text, at, all) => text !== "" || at < all.length - 1);
      assert.deepEqual(lostIn(lines, parts.map(([, entry]) => entry)), []);
      assert.deepEqual([lines.length, bytesAfter], [kept + salvaged.count, statSync(file).size]);
      for (const text of lines) assert.equal(typeof (JSON.parse(text) as Entry).key, "string");
      if (backup !== undefined) assert.ok(readFileSync(backup).equals(bytes));
      assert.equal(repairFile(file).backup, undefined, "nothing is left to be repaired");
    }),
    { numRuns: 300 },
  );
});
