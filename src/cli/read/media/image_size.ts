/** In pixels. */
export interface ImageSize {
  readonly width?: number;
  readonly height?: number;
}

/** Width and height of an image, from its first bytes; nothing where they do not tell. */
export function imageSize(type: string, bytes: Uint8Array): ImageSize {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case "image/png":
      return bytes.length < 24 ? {} : { width: view.getUint32(16), height: view.getUint32(20) };
    case "image/gif":
      return bytes.length < 10 ? {} : { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    case "image/jpeg":
      return jpegSize(view);
    case "image/webp":
      return webpSize(view);
    case "image/avif":
      return avifSize(view);
    default:
      return {};
  }
}

/** The frame header (SOF0 … SOF15, without DHT, JPG and DAC, which have numbers among them) has the size. */
function jpegSize(view: DataView): ImageSize {
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

/** Three ways to write the size: lossy, lossless, and extended. */
function webpSize(view: DataView): ImageSize {
  if (view.byteLength < 30) return {};
  const chunk = String.fromCharCode(...[12, 13, 14, 15].map((at) => view.getUint8(at)));
  if (chunk === "VP8 ") {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (chunk === "VP8L") {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (chunk !== "VP8X") return {};
  const uint24 = (at: number) => view.getUint16(at, true) | view.getUint8(at + 2) << 16;
  return { width: uint24(24) + 1, height: uint24(27) + 1 };
}

const ISPE = 0x69737065;

/** The property `ispe` of the image; the first one is the image itself, unless it is made of tiles. */
function avifSize(view: DataView): ImageSize {
  for (let at = 0; at + 16 <= view.byteLength; at++) {
    if (view.getUint32(at) === ISPE) return { width: view.getUint32(at + 8), height: view.getUint32(at + 12) };
  }
  return {};
}
