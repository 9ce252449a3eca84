import type { Sample } from "./media.ts";
import { mp3Seconds } from "./mp3_seconds.ts";

/** How long a sound is, from its first bytes (Ogg: its last); undefined where they do not tell. */
export function audioSeconds(type: string, sample: Sample): number | undefined {
  const seconds = secondsOf(type, sample);
  return seconds !== undefined && Number.isFinite(seconds) && seconds > 0
    ? Math.round(seconds * 1000) / 1000
    : undefined;
}

function secondsOf(type: string, sample: Sample): number | undefined {
  switch (type) {
    case "audio/wav":
      return wavSeconds(sample);
    case "audio/mpeg":
      return mp3Seconds(sample);
    case "audio/flac":
      return flacSeconds(viewOf(sample.head));
    case "audio/ogg":
      return oggSeconds(sample);
    default:
      return undefined;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const FMT = 0x666d7420;
const SAMPLES = 0x64617461;

/** Written while it was made, a file says that its samples have no end, or none: then all that follows are samples. */
function wavSeconds({ head, length }: Sample): number | undefined {
  const view = viewOf(head);
  let bytesPerSecond: number | undefined;
  for (let at = 12; at + 8 <= view.byteLength;) {
    const [name, size] = [view.getUint32(at), view.getUint32(at + 4, true)];
    if (name === FMT && at + 20 <= view.byteLength) bytesPerSecond = view.getUint32(at + 16, true);
    if (name === SAMPLES && bytesPerSecond) {
      const rest = Math.max(0, length - at - 8);
      return (size === 0 ? rest : Math.min(size, rest)) / bytesPerSecond;
    }
    at += 8 + size + size % 2;
  }
  return undefined;
}

/** The first block of every file: sample rate in 20 bits, number of samples in 36. */
function flacSeconds(view: DataView): number | undefined {
  if (view.byteLength < 26) return undefined;
  const rate = view.getUint32(18) >>> 12;
  return ((view.getUint8(21) & 0x0f) * 2 ** 32 + view.getUint32(22)) / rate;
}

/** Opus counts in 48,000 parts of a second, Vorbis in samples; the last page says how many there were. */
function oggSeconds({ head, tail, length }: Sample): number | undefined {
  const view = viewOf(head);
  const start = String.fromCharCode(...head.subarray(28, 36));
  const end = tail ?? (head.byteLength === length ? head : undefined);
  const granules = end && lastGranule(viewOf(end));
  if (granules === undefined) return undefined;
  if (start === "OpusHead" && view.byteLength >= 40) return (granules - view.getUint16(38, true)) / 48_000;
  return start.startsWith("\x01vorbis") && view.byteLength >= 44 ? granules / view.getUint32(40, true) : undefined;
}

const OGGS = 0x4f676753;
const NO_GRANULE = 2n ** 64n - 1n;

function lastGranule(view: DataView): number | undefined {
  for (let at = view.byteLength - 14; at >= 0; at--) {
    if (view.getUint32(at) !== OGGS) continue;
    const granule = view.getBigUint64(at + 6, true);
    if (granule !== NO_GRANULE) return Number(granule);
  }
  return undefined;
}
