import assert from "node:assert/strict";
import fc from "fast-check";
import { base64Media, measure, type Measures, sampleOf, urlMedia } from "../src/cli/read/parts/media.ts";
import { encodeBase64 } from "../src/lib/bytes.ts";
import { test } from "./suite.ts";

type Piece = string | number | readonly number[] | Uint8Array;

/** Texts as Latin-1, numbers as single bytes. */
function bytes(...pieces: readonly Piece[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => {
    if (typeof piece === "number") return [piece];
    return typeof piece === "string" ? Array.from(piece, (letter) => letter.charCodeAt(0)) : [...piece];
  }));
}

/** A big-endian number of this many bytes. */
function big(value: number, length: number): number[] {
  return Array.from({ length }, (_, at) => Math.floor(value / 256 ** (length - 1 - at)) % 256);
}

const little = (value: number, length: number) => big(value, length).reverse();
const zeros = (length: number) => new Uint8Array(length);
const measured = (...pieces: readonly Piece[]): Measures => measure(bytes(...pieces));

/** The smallest files that their headers allow. */
const FILES: readonly (readonly [name: string, file: Uint8Array, measures: Measures])[] = [
  [
    "PNG",
    bytes("\x89PNG\r\n\x1a\n", big(13, 4), "IHDR", big(640, 4), big(480, 4), 8, 2, 0, 0, 0),
    { type: "image/png", width: 640, height: 480 },
  ],
  ["GIF", bytes("GIF89a", little(320, 2), little(200, 2), 0, 0, 0, 0, 0, 0), {
    type: "image/gif",
    width: 320,
    height: 200,
  }],
  [
    "JPEG, behind a table and with a fill byte",
    bytes(
      0xff,
      0xd8,
      0xff,
      0xe0,
      big(6, 2),
      "JFIF",
      0xff,
      0xc4,
      big(4, 2),
      1,
      2,
      0xff,
      0xff,
      0xc2,
      big(17, 2),
      8,
      big(600, 2),
      big(800, 2),
      zeros(8),
    ),
    { type: "image/jpeg", width: 800, height: 600 },
  ],
  ["WebP", bytes("RIFF", little(30, 4), "WEBPVP8 "), { type: "image/webp" }],
  ["WAV", bytes("RIFF", little(36, 4), "WAVEfmt "), { type: "audio/wav" }],
  ["MP3", bytes(0xff, 0xfb, 0x90, 0x00), { type: "audio/mpeg" }],
  ["MP3 of MPEG 2", bytes(0xff, 0xf3, 0x84, 0xc4), { type: "audio/mpeg" }],
  ["MP3 behind a tag", bytes("ID3", 4, 0, 0, [0, 0, 1, 2]), { type: "audio/mpeg" }],
  ["FLAC", bytes("fLaC", 0x80), { type: "audio/flac" }],
  ["Ogg", bytes("OggS", 0, 2), { type: "audio/ogg" }],
  ["PDF", bytes("%PDF-1.7"), { type: "application/pdf" }],
];

for (const [name, file, measures] of FILES) {
  test(`measure() reads the header of ${name}`, () => {
    assert.deepEqual(measure(file), measures);
    const { type, ...rest } = measures;
    const { kind, what: _, bytes, ...part } = base64Media(encodeBase64(file));
    assert.deepEqual([kind, bytes, part], ["media", file.length, { type, ...rest }]);
  });

  test(`measure() reports less, and nothing wrong, if ${name} is truncated`, () => {
    for (let length = 0; length < Math.min(file.length, 100); length++) {
      const { width, height, type } = measure(file.subarray(0, length));
      assert.ok([undefined, measures.type].includes(type), `after ${length} bytes`);
      assert.ok(width === undefined || width === measures.width, `after ${length} bytes`);
      assert.ok(height === undefined || height === measures.height, `after ${length} bytes`);
    }
  });
}

test("measure() does not throw, whatever follows the first bytes of a format", () => {
  const starts = FILES.map(([, file]) => file);
  const any = fc.tuple(fc.constantFrom(...starts), fc.nat(60), fc.uint8Array({ maxLength: 200 }));
  fc.assert(fc.property(any, ([file, kept, rest]) => {
    const { width = 0, height = 0 } = measured(file.subarray(0, kept), rest);
    assert.ok(width >= 0 && height >= 0);
  }));
});

test("measure() reports nothing for an unknown format", () => {
  assert.deepEqual(measured("Hello."), {});
  assert.deepEqual(measured(), {});
  assert.deepEqual(measured(0xff, 0xff, 0xff, 0xff), {});
});

test("sampleOf() decodes the start of long base64, and reports its full length", () => {
  const file = new Uint8Array(1_000_001).fill(7);
  const sample = sampleOf(encodeBase64(file));
  assert.equal(sample?.length, file.length);
  assert.deepEqual(sample?.head, file.subarray(0, 98_304));
  assert.equal(sampleOf("no base64"), undefined);
  assert.deepEqual(sampleOf("-_8="), { head: bytes(0xfb, 0xff), length: 2, base64: "-_8=" });
});

test("base64Media() takes the length from the placeholder of a long string", () => {
  const hash = "a".repeat(64);
  const media = base64Media(`[80000 characters, sha256 ${hash}]`, { type: "image/png", name: "a.png" });
  assert.deepEqual(media, { kind: "media", what: "image", type: "image/png", name: "a.png", bytes: 60_000 });
  assert.deepEqual(base64Media(`[7 bytes, sha256 ${hash}]`), { kind: "media", what: "file", bytes: 7 });
});

test("urlMedia() reads data URLs, and only names others", () => {
  const png = FILES[0]?.[1] ?? assert.fail();
  assert.deepEqual(urlMedia(`data:image/png;base64,${encodeBase64(png)}`), {
    kind: "media",
    what: "image",
    type: "image/png",
    bytes: png.length,
    width: 640,
    height: 480,
  });
  const url = "https://a.example/cat";
  assert.deepEqual(urlMedia(url, { what: "image" }), { kind: "media", what: "image", url });
});
