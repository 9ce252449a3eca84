/** What is at hand of a file. */
export interface Sample {
  /** Its first bytes; headers are looked for in them. */
  readonly head: Uint8Array;
  /** Its last bytes, for formats that tell their length at the end. */
  readonly tail?: Uint8Array;
  /** Length of the whole in bytes. */
  readonly length: number;
}

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

/** In kbit/s by their number in a frame's header: layer III of MPEG 1, and of MPEG 2 and 2.5. */
const RATES_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const RATES_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const SAMPLE_RATES = [44_100, 48_000, 32_000];

/** The first frame with sound, as its header describes it. */
interface Frame {
  /** Where it begins, in bytes. */
  readonly at: number;
  /** In bits per second; 0 where the header does not say it. */
  readonly bitRate: number;
  readonly sampleRate: number;
  readonly samples: number;
  /** From the start of the frame to its sound, or to the table that stands in its place. */
  readonly tableOffset: number;
}

/** How long an MP3 is: by the table of its first frame (Xing, Info, VBRI), else as if all frames were like the first. */
export function mp3Seconds({ head, length }: Sample): number | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const start = tagLength(view);
  const frame = frameAt(view, start);
  if (!frame) return undefined;
  const frames = tabledFrames(view, frame);
  if (frames !== undefined) return frames * frame.samples / frame.sampleRate;
  return (length - frame.at) * 8 / frame.bitRate;
}

/** An ID3 tag has its length in four times seven bits. */
function tagLength(view: DataView): number {
  if (view.byteLength < 10 || view.getUint32(0) >>> 8 !== 0x494433) return 0;
  return 10 + [6, 7, 8, 9].reduce((length, at) => length << 7 | view.getUint8(at) & 0x7f, 0);
}

function frameAt(view: DataView, at: number): Frame | undefined {
  if (at + 4 > view.byteLength) return undefined;
  const header = view.getUint32(at);
  const version = header >>> 19 & 3; // 3 is MPEG 1, 2 is MPEG 2, 0 is MPEG 2.5
  const rate = SAMPLE_RATES[header >>> 10 & 3];
  if (header >>> 21 !== 0x7ff || version === 1 || (header >>> 17 & 3) !== 1 || rate === undefined) return undefined;
  const isFirst = version === 3;
  const isMono = (header >>> 6 & 3) === 3;
  const side = isFirst ? (isMono ? 17 : 32) : (isMono ? 9 : 17);
  return {
    at,
    bitRate: ((isFirst ? RATES_1 : RATES_2)[header >>> 12 & 15] ?? 0) * 1000,
    sampleRate: isFirst ? rate : version === 2 ? rate / 2 : rate / 4,
    samples: isFirst ? 1152 : 576,
    tableOffset: 4 + side,
  };
}

const [XING, INFO, VBRI] = [0x58696e67, 0x496e666f, 0x56425249];

function tabledFrames(view: DataView, { at, tableOffset }: Frame): number | undefined {
  const table = at + tableOffset;
  if (table + 12 <= view.byteLength && [XING, INFO].includes(view.getUint32(table))) {
    return view.getUint32(table + 4) & 1 ? view.getUint32(table + 8) : undefined;
  }
  const fixed = at + 36;
  return fixed + 18 <= view.byteLength && view.getUint32(fixed) === VBRI ? view.getUint32(fixed + 14) : undefined;
}
