import assert from "node:assert/strict";
import fc from "fast-check";
import { base64Media, measure, type Measures, sampleOf, urlMedia } from "../src/cli/read/media/media.ts";
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

/** A number in so many bytes, the highest first. */
function big(value: number, length: number): number[] {
  return Array.from({ length }, (_, at) => Math.floor(value / 256 ** (length - 1 - at)) % 256);
}

const little = (value: number, length: number) => big(value, length).reverse();
const zeros = (length: number) => new Uint8Array(length);
const measured = (...pieces: readonly Piece[]): Measures => {
  const head = bytes(...pieces);
  return measure({ head, length: head.length });
};

/** Files that are as small as their headers allow. */
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
  [
    "WebP, lossy",
    bytes("RIFF", little(30, 4), "WEBPVP8 ", little(10, 4), 0, 0, 0, 0x9d, 1, 0x2a, little(100, 2), little(50, 2)),
    { type: "image/webp", width: 100, height: 50 },
  ],
  [
    "WebP, lossless",
    bytes("RIFF", little(30, 4), "WEBPVP8L", little(10, 4), 0x2f, little(99 + 49 * 2 ** 14, 4), zeros(5)),
    { type: "image/webp", width: 100, height: 50 },
  ],
  [
    "WebP, extended",
    bytes("RIFF", little(30, 4), "WEBPVP8X", little(10, 4), 0, 0, 0, 0, little(99_999, 3), little(49, 3)),
    { type: "image/webp", width: 100_000, height: 50 },
  ],
  [
    "AVIF",
    bytes(big(20, 4), "ftypavif", zeros(8), big(20, 4), "ispe", zeros(4), big(64, 4), big(32, 4)),
    { type: "image/avif", width: 64, height: 32 },
  ],
  [
    "WAV",
    bytes(
      "RIFF",
      little(0, 4),
      "WAVEfmt ",
      little(16, 4),
      little(1, 2),
      little(1, 2),
      little(8000, 4),
      little(16_000, 4),
      little(2, 2),
      little(16, 2),
      "LIST",
      little(3, 4),
      "abc",
      0,
      "data",
      little(8000, 4),
      zeros(8000),
    ),
    { type: "audio/wav", seconds: 0.5 },
  ],
  [
    "WAV that was streamed, without a length",
    bytes(
      "RIFF",
      little(2 ** 32 - 1, 4),
      "WAVEfmt ",
      little(16, 4),
      little(1, 2),
      little(1, 2),
      little(8000, 4),
      little(16_000, 4),
      little(2, 2),
      little(16, 2),
      "data",
      little(2 ** 32 - 1, 4),
      zeros(4000),
    ),
    { type: "audio/wav", seconds: 0.25 },
  ],
  ["MP3, 128 kbit/s", bytes(0xff, 0xfb, 0x90, 0x00, zeros(15_996)), { type: "audio/mpeg", seconds: 1 }],
  ["MP3 of MPEG 2, 64 kbit/s", bytes(0xff, 0xf3, 0x84, 0xc4, zeros(7996)), { type: "audio/mpeg", seconds: 1 }],
  [
    "MP3 behind a tag",
    bytes("ID3", 4, 0, 0, [0, 0, 1, 2], zeros(130), 0xff, 0xfb, 0x90, 0x00, zeros(15_996)),
    { type: "audio/mpeg", seconds: 1 },
  ],
  [
    "MP3 with a table of frames",
    bytes(0xff, 0xfb, 0x90, 0x00, zeros(32), "Xing", big(1, 4), big(1000, 4), zeros(400)),
    { type: "audio/mpeg", seconds: 26.122 },
  ],
  [
    "FLAC",
    bytes("fLaC", 0x80, big(34, 3), zeros(10), big(44_100 * 16, 3), 0xf0, big(88_200, 4), zeros(16)),
    { type: "audio/flac", seconds: 2 },
  ],
  [
    "Ogg Opus",
    bytes(
      "OggS",
      0,
      2,
      zeros(20),
      1,
      19,
      "OpusHead",
      1,
      1,
      little(312, 2),
      little(24_000, 4),
      zeros(3),
      "OggS",
      0,
      4,
      little(48_312, 8),
      zeros(13),
    ),
    { type: "audio/ogg", seconds: 1 },
  ],
  [
    "Ogg Vorbis",
    bytes(
      "OggS",
      0,
      2,
      zeros(20),
      1,
      30,
      "\x01vorbis",
      zeros(4),
      2,
      little(44_100, 4),
      zeros(14),
      "OggS",
      0,
      4,
      little(22_050, 8),
      zeros(13),
    ),
    { type: "audio/ogg", seconds: 0.5 },
  ],
  ["PDF", bytes("%PDF-1.7"), { type: "application/pdf" }],
];

for (const [name, file, measures] of FILES) {
  test(`measure() reads the header of ${name}`, () => {
    assert.deepEqual(measure({ head: file, length: file.length }), measures);
    const { type, ...rest } = measures;
    const { kind, what: _, bytes, ...part } = base64Media(encodeBase64(file));
    assert.deepEqual([kind, bytes, part], ["media", file.length, { type, ...rest }]);
  });

  test(`measure() says less, but no nonsense, when ${name} is cut`, () => {
    for (let length = 0; length < Math.min(file.length, 100); length++) {
      const { width, height, type } = measure({ head: file.subarray(0, length), length });
      assert.ok([undefined, measures.type].includes(type), `after ${length} bytes`);
      assert.ok(width === undefined || width === measures.width, `after ${length} bytes`);
      assert.ok(height === undefined || height === measures.height, `after ${length} bytes`);
    }
  });
}

test("measure() throws for no bytes, whatever stands behind the first of a format", () => {
  const starts = FILES.map(([, file]) => file);
  const any = fc.tuple(fc.constantFrom(...starts), fc.nat(60), fc.uint8Array({ maxLength: 200 }));
  fc.assert(fc.property(any, ([file, kept, rest]) => {
    const head = bytes(file.subarray(0, kept), rest);
    const { width, height, seconds } = measure({ head, length: head.length });
    for (const value of [width, height, seconds]) {
      assert.ok(value === undefined || value >= 0 && Number.isFinite(value));
    }
  }));
});

test("measure() tells nothing, when the bytes are of no known format", () => {
  assert.deepEqual(measured("Hello."), {});
  assert.deepEqual(measured(), {});
  assert.deepEqual(measured(0xff, 0xff, 0xff, 0xff), {});
});

test("sampleOf() decodes the two ends of long base64, and tells its whole length", () => {
  const file = new Uint8Array(1_000_001).fill(7);
  file[file.length - 1] = 9;
  const sample = sampleOf(encodeBase64(file));
  assert.equal(sample?.length, file.length);
  assert.deepEqual([sample?.head[0], sample?.tail?.at(-1)], [7, 9]);
  assert.ok((sample?.head.length ?? 0) + (sample?.tail?.length ?? 0) < 200_000);
  assert.equal(sampleOf("no base64"), undefined);
  assert.deepEqual(sampleOf("-_8="), { head: bytes(0xfb, 0xff), tail: bytes(0xfb, 0xff), length: 2 });
});

test("base64Media() takes the length from what stands in place of long strings", () => {
  const hash = "a".repeat(64);
  const media = base64Media(`[80000 characters, sha256 ${hash}]`, { type: "image/png", name: "a.png" });
  assert.deepEqual(media, { kind: "media", what: "image", type: "image/png", name: "a.png", bytes: 60_000 });
  assert.deepEqual(base64Media(`[7 bytes, sha256 ${hash}]`), { kind: "media", what: "file", bytes: 7 });
});

test("base64Media() tells the length of raw samples by their rate", () => {
  const media = base64Media(encodeBase64(zeros(24_000)), { type: "audio/L16;codec=pcm;rate=24000" });
  assert.deepEqual([media.what, media.seconds], ["audio", 0.5]);
});

test("urlMedia() looks into data URLs, and only names others", () => {
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
