import type { StreamEvent } from "../../../lib/framing.ts";
import { objectOf, textOf } from "./members.ts";

/** The type of an event: named by its `type` member, else (also where the event is cut) by its `event:` line. */
export function eventType(event: StreamEvent): string {
  return textOf(objectOf(event.data).type) ?? event.name;
}
