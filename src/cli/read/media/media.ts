import { imageSize } from "./image_size.ts";
import { audioSeconds } from "./audio_seconds.ts";

/** What is at hand of a file. */
export interface Sample {
  /** Its first bytes; headers are looked for in them. */
  readonly head: Uint8Array;
  /** Its last bytes, for formats that tell their length at the end. */
  readonly tail?: Uint8Array;
  /** Length of the whole in bytes. */
  readonly length: number;
}

/** What the header of an image or a sound tells; nothing where it does not. */
export interface Measures {
  /** The media type that the first bytes show. */
  readonly type?: string;
  /** In pixels. */
  readonly width?: number;
  /** In pixels. */
  readonly height?: number;
  readonly seconds?: number;
}

/** Looks into the first bytes of a file. Whatever they hold, it only says less. */
export function measure(sample: Sample): Measures {
  const type = typeOfBytes(sample.head);
  if (type === undefined) return {};
  if (type.startsWith("image/")) return { type, ...imageSize(type, sample.head) };
  const seconds = audioSeconds(type, sample);
  return seconds === undefined ? { type } : { type, seconds };
}

const latin1 = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));

const STARTS: readonly (readonly [start: string, type: string])[] = [
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  ["GIF8", "image/gif"],
  ["fLaC", "audio/flac"],
  ["OggS", "audio/ogg"],
  ["ID3", "audio/mpeg"],
  ["%PDF-", "application/pdf"],
];
const RIFF: Readonly<Record<string, string>> = { WEBP: "image/webp", WAVE: "audio/wav" };

/** The media type that the first bytes of a file show. */
export function typeOfBytes(bytes: Uint8Array): string | undefined {
  const start = latin1(bytes, 0, 16);
  const known = STARTS.find(([magic]) => start.startsWith(magic))?.[1];
  if (known !== undefined) return known;
  if (start.startsWith("RIFF")) return RIFF[start.slice(8, 12)];
  if (start.slice(4, 8) === "ftyp") return /^avi[fs]$/.test(start.slice(8, 12)) ? "image/avif" : undefined;
  return isMpegAudio(bytes) ? "audio/mpeg" : undefined;
}

/** Eleven set bits, then a version, layer III, a bit rate and a sample rate that exist. */
function isMpegAudio([first = 0, second = 0, third = 0]: Uint8Array): boolean {
  return first === 0xff && (second & 0xe6) === 0xe2 && (second & 0x18) !== 0x08 && (third & 0xf0) !== 0xf0 &&
    (third & 0x0c) !== 0x0c;
}
