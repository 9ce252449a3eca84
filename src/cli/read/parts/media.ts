import { decodeBase64 } from "../../../lib/bytes.ts";
import { placeholderLength } from "../../../store/entry_request.ts";
import { given, textOf } from "./json_members.ts";
import type { MediaPart } from "./message.ts";

/** The start of a file. */
export interface Sample {
  /** The first bytes. */
  readonly head: Uint8Array;
  /** Length of the whole file in bytes. */
  readonly length: number;
  /** The whole file, also as `base64url`. */
  readonly base64?: string;
}

/** The media type and the size in pixels, if known. */
export type Measures = Pick<MediaPart, "type" | "width" | "height">;

/** Reads the media type from the first bytes of a file, and the size of a PNG, GIF or JPEG. */
export function measure(head: Uint8Array): Measures {
  const type = typeOfBytes(head);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  switch (type) {
    case undefined:
      return {};
    case "image/png":
      return head.length < 24 ? { type } : { type, width: view.getUint32(16), height: view.getUint32(20) };
    case "image/gif":
      return head.length < 10 ? { type } : { type, width: view.getUint16(6, true), height: view.getUint16(8, true) };
    case "image/jpeg":
      return { type, ...jpegSize(view) };
    default:
      return { type };
  }
}

/** Reads the size from the frame header: SOF0 to SOF15, except the markers DHT, JPG and DAC between them. */
function jpegSize(view: DataView): Pick<Measures, "width" | "height"> {
  for (let at = 2; at + 9 <= view.byteLength;) {
    if (view.getUint8(at) !== 0xff) return {};
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) { // a fill byte
      at++;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return {};
}

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

/** The media type by the first bytes. */
function typeOfBytes(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  const known = STARTS.find(([magic]) => start.startsWith(magic))?.[1];
  if (known !== undefined) return known;
  if (start.startsWith("RIFF")) return RIFF[start.slice(8, 12)];
  return isMpegAudio(bytes) ? "audio/mpeg" : undefined;
}

/** Checks for eleven set bits, a valid version, layer III, a valid bit rate and a valid sample rate. */
function isMpegAudio([first = 0, second = 0, third = 0]: Uint8Array): boolean {
  return first === 0xff && (second & 0xe6) === 0xe2 && (second & 0x18) !== 0x08 && (third & 0xf0) !== 0xf0 &&
    (third & 0x0c) !== 0x0c;
}

type What = MediaPart["what"];

/** What the request or response says about a file. */
export interface Label {
  readonly type?: unknown;
  readonly name?: unknown;
  /** The kind, if the media type does not tell. */
  readonly what?: What;
}

/** A file as base64. In a recording, a placeholder with the length may replace it. */
export function base64Media(base64: unknown, label: Label = {}): MediaPart {
  const content = textOf(base64) ?? "";
  const length = placeholderLength(content);
  if (length !== undefined) {
    return media(label, { bytes: length.unit === "bytes" ? length.count : lengthOf(length.count) });
  }
  const sample = sampleOf(content);
  return sample ? sampledMedia(sample, label) : media(label, {});
}

/** A file, measured by its first bytes. */
export function sampledMedia(sample: Sample, label: Label = {}): MediaPart {
  const { type, ...size } = measure(sample.head);
  const part = media({ ...label, type: textOf(label.type) ?? type }, { bytes: sample.length, ...size });
  if (sample.base64 !== undefined) contents.set(part, sample.base64);
  return part;
}

/** The files of parts, as base64. They are no members of the parts, because lists and JSON output would contain them. */
const contents = new WeakMap<MediaPart, string>();

/** The file of a part; undefined if the recording does not contain it. */
export function fileOfPart(part: MediaPart): Uint8Array | undefined {
  const base64 = contents.get(part);
  return base64 === undefined ? undefined : bytesOfBase64(plainBase64(base64));
}

/** A file at a URL, or in a `data:` URL. */
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

/** A file with only a name or an id. */
export function namedMedia(name: unknown, label: Label = {}): MediaPart {
  return media({ ...label, name: textOf(label.name) ?? textOf(name) }, {});
}

/** The longest URL that is shown, in characters. `data:` URLs without base64 may be longer. */
const MAX_URL = 2000;

function media({ type, name, what }: Label, measures: Partial<MediaPart>): MediaPart {
  const known = textOf(type);
  return given({ kind: "media", what: whatOf(known) ?? what ?? "file", type: known, name: textOf(name), ...measures });
}

function whatOf(type: string | undefined): What | undefined {
  const start = type?.slice(0, 6);
  return start === "image/" ? "image" : start === "audio/" ? "audio" : start === "video/" ? "video" : undefined;
}

/** The number of bytes of unpadded base64. */
function lengthOf(characters: number): number {
  return Math.floor(characters * 3 / 4);
}

/** In characters, a multiple of four: 96 KiB, enough for the headers. */
const HEAD = 1 << 17;

/** Decodes the start of base64; undefined if it is not base64. Long base64 is never decoded as a whole. */
export function sampleOf(base64: string): Sample | undefined {
  const head = bytesOfBase64(plainBase64(base64.slice(0, HEAD)));
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return head && { head, length: lengthOf(base64.length - padding), base64 };
}

/** `base64url` as `base64`. */
function plainBase64(base64: string): string {
  return base64.replace(/-/g, "+").replace(/_/g, "/");
}

/** Decodes base64, whose end may be missing; undefined if it is not base64. */
export function bytesOfBase64(base64: string): Uint8Array | undefined {
  const text = base64.replace(/={1,2}$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(text)) return undefined;
  const whole = text.length % 4 === 1 ? text.slice(0, -1) : text;
  return decodeBase64(whole.padEnd(Math.ceil(whole.length / 4) * 4, "="));
}
