import { fileOfPart, measure } from "../read/parts/media.ts";
import type { MediaPart, Reading } from "../read/reading.ts";

/** The formats that the page shows or plays. All are raster images or sound: none can contain a script or a link. */
const SHOWN = /^(?:image\/(?:png|jpeg|gif|webp)|audio\/(?:flac|ogg|mpeg|wav))$/;

/** A recorded image or sound. */
export interface Media {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** The file of a part, if the page may show it. Its first bytes decide, not the recorded media type. */
export function mediaOf(part: MediaPart | undefined): Media | undefined {
  const bytes = part && fileOfPart(part);
  if (!bytes) return undefined;
  const { type = "" } = measure(bytes.subarray(0, 1 << 17));
  return SHOWN.test(type) ? { type, bytes } : undefined;
}

/** A part of a reading: the number of its message among those of the request and the response, then its own number. */
export type Place = readonly [message: number, part: number];

/** The part at a place; undefined if the place has no part. */
export function partAt({ asked, answered }: Reading, [message, part]: Place) {
  return [...asked, ...answered][message]?.parts[part];
}
