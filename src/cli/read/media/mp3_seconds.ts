import type { Sample } from "./media.ts";

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
