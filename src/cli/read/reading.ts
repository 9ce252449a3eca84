import type { Entry } from "../../store/entry.ts";
import { type Kind, kindOfPath } from "./parts/kind.ts";
import { given, objectOf } from "./parts/members.ts";
import type { Message } from "./parts/message.ts";
import { modelOf } from "./model.ts";
import { guessProvider, providerOf } from "./providers.ts";
import { readAnswer } from "./read_answer.ts";
import { readRequest } from "./read_request.ts";

export type { Kind } from "./parts/kind.ts";
export type { MediaPart, Message, Part } from "./parts/message.ts";

/** What a person reads of an entry. */
export interface Reading {
  /** The provider's name, for unknown ones the host with its port; undefined if nothing tells it. */
  readonly provider?: string;
  /** As the request names it, else the path, else the answer. */
  readonly model?: string;
  readonly kind: Kind;
  /** Whether the answer is a stream of events. */
  readonly isStream: boolean;
  /** Instructions first, then the turns; empty where nothing was kept of the request. */
  readonly asked: readonly Message[];
  /** What came back; several messages if several answers were asked for. */
  readonly answered: readonly Message[];
  /** Why the answer ended, as the provider spells it: `stop`, `length`, `tool_use` … */
  readonly finish?: string;
  /** What else the request asks for, in few words: `["temperature", "0.2"]`. */
  readonly settings: readonly (readonly [name: string, value: string])[];
}

/**
 * Reads an entry. Whatever its bodies hold, it never throws: what nobody knows is shown as it is.
 *
 * Each body is parsed once. A stream, also one that is cut, is folded into the whole answer first.
 */
export function readEntry(entry: Entry): Reading {
  const url = urlOf(entry);
  const path = url?.pathname ?? "";
  const pathKind = kindOfPath(entry.request?.method ?? "GET", path);
  const { kind, format, isStream, messages: answered, finish, value: answer } = readAnswer(entry, pathKind);
  const { asked, settings, value: request } = readRequest(entry.request, { path, pathKind, format });
  const provider = url ? providerOf(url) : guessProvider(kind, answer);
  const model = modelOf({ request, headers: objectOf(entry.request?.headers), path, answer });
  return given({ provider, model, kind, isStream, asked, answered, finish, settings });
}

function urlOf({ request }: Entry): URL | undefined {
  const url: unknown = request?.url;
  return typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
}
