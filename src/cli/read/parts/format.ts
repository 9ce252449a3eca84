import type { StreamEvent } from "../../../lib/framing.ts";
import type { Kind } from "./kind.ts";
import type { Json } from "./members.ts";
import type { Message } from "./message.ts";

/** What an answer says. */
export interface Answered {
  readonly messages: readonly Message[];
  readonly finish?: string;
}

/** How one family of APIs writes its requests and answers. */
export interface Format {
  /** What it is called, when nothing else tells the kind. */
  readonly kind: Kind;
  /** Whether a whole answer is written like this. */
  fits(answer: Json): boolean;
  /** What a request says. */
  asked(request: Json): readonly Message[];
  /** What a whole answer says. */
  answered(answer: Json): Answered;
  /** Whether an event of a stream is one of this family. */
  streams?(event: StreamEvent): boolean;
  /** Folds a stream, whole or cut, into the whole answer that the family would have given. */
  assemble?(events: readonly StreamEvent[]): Json;
}
