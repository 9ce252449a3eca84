import { decodeBase64 } from "../../../lib/bytes.ts";
import { given, textOf } from "../parts/members.ts";
import { type MediaPart, placeholderLength } from "../parts/parts.ts";
import { audioSeconds, type Sample } from "./audio_seconds.ts";
import { imageSize } from "./image_size.ts";

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

type What = MediaPart["what"];

/** What is known about a file beside its bytes. */
export interface Label {
  readonly type?: unknown;
  readonly name?: unknown;
  /** What it is, if its media type does not tell. */
  readonly what?: What;
}

/** A file that is sent along as base64, which may be replaced by its length. */
export function base64Media(base64: unknown, label: Label = {}): MediaPart {
  const content = textOf(base64) ?? "";
  const length = placeholderLength(content);
  if (length !== undefined) {
    return media(label, { bytes: length.unit === "bytes" ? length.count : lengthOf(length.count) });
  }
  const sample = sampleOf(content);
  return sample ? sampledMedia(sample, label) : media(label, {});
}

/** A file by its first bytes. */
export function sampledMedia(sample: Sample, label: Label = {}): MediaPart {
  const { type, ...measures } = measure(sample);
  const labelled = textOf(label.type);
  const seconds = measures.seconds ?? rawSeconds(labelled, sample.length);
  return media({ ...label, type: labelled ?? type }, { bytes: sample.length, ...measures, seconds });
}

/** A file behind a URL, or inside of one (`data:`). */
export function urlMedia(url: unknown, label: Label = {}): MediaPart {
  const address = textOf(url) ?? "";
  const length = placeholderLength(address);
  if (length !== undefined) return media(label, { bytes: lengthOf(length.count) });
  const [, type, base64] = /^data:([^;,]*)[^,]{0,200}?;base64,/i.exec(address.slice(0, 300)) ?? [];
  if (type !== undefined && base64 === undefined) {
    return base64Media(address.slice(address.indexOf(",") + 1), { ...label, type: textOf(label.type) ?? type });
  }
  return media(label, { url: textOf(url)?.slice(0, MAX_URL) });
}

/** A file that is only named. */
export function namedMedia(name: unknown, label: Label = {}): MediaPart {
  return media({ ...label, name: textOf(label.name) ?? textOf(name) }, {});
}

/** In characters. Other `data:` URLs would be shown as a whole. */
const MAX_URL = 2000;

function media({ type, name, what }: Label, measures: Partial<MediaPart>): MediaPart {
  const known = textOf(type);
  return given({ kind: "media", what: whatOf(known) ?? what ?? "file", type: known, name: textOf(name), ...measures });
}

function whatOf(type: string | undefined): What | undefined {
  const start = type?.slice(0, 6);
  return start === "image/" ? "image" : start === "audio/" ? "audio" : start === "video/" ? "video" : undefined;
}

/** Raw samples of 16 bits, one channel: Gemini speaks so, and says the rate in the type. */
function rawSeconds(type: string | undefined, bytes: number): number | undefined {
  const rate = /^audio\/(?:l16|pcm)\b.*\brate=(\d{4,6})\b/i.exec(type ?? "")?.[1];
  return rate === undefined ? undefined : Math.round(bytes / 2 / Number(rate) * 1000) / 1000;
}

/** How many bytes so many characters of base64 are, padding not known. */
function lengthOf(characters: number): number {
  return Math.floor(characters * 3 / 4);
}

/** In characters, a multiple of four: headers are in what they stand for, 96 kB and 48 kB. */
const HEAD = 1 << 17;
const TAIL = 1 << 16;

/** The beginning and the end of base64, decoded; undefined if it is none. Long ones are never decoded as a whole. */
export function sampleOf(base64: string): Sample | undefined {
  const standard = (text: string) => text.replace(/-/g, "+").replace(/_/g, "/");
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  const characters = base64.length - padding;
  const head = bytesOfBase64(standard(base64.slice(0, HEAD)));
  if (!head) return undefined;
  const from = base64.length - TAIL;
  const tail = base64.length <= HEAD ? head : bytesOfBase64(standard(base64.slice(from - from % 4)));
  return { head, tail, length: lengthOf(characters) };
}

/** Base64 as bytes, also where its end is missing; undefined if it is none. */
export function bytesOfBase64(base64: string): Uint8Array | undefined {
  const text = base64.replace(/={1,2}$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(text)) return undefined;
  const whole = text.length % 4 === 1 ? text.slice(0, -1) : text;
  return decodeBase64(whole.padEnd(Math.ceil(whole.length / 4) * 4, "="));
}
