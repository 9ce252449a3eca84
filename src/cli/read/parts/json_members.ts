import type { StreamEvent } from "../../../lib/framing.ts";
import { asRecord } from "../../../lib/json.ts";

/** A read-only JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** A value as an object; an empty one for anything else. */
export function objectOf(value: unknown): Json {
  return asRecord(value) ?? {};
}

/** A value as a list; an empty one for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that is not empty; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A number; undefined for anything else. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** Compact JSON text. */
export function compactJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch {
    return `"[nested too deeply]"`; // JSON.parse allows any depth, JSON.stringify only that of the stack
  }
}

/** A text as it is, anything else as JSON text. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : compactJson(value);
}

/** Removes undefined members. */
export function given<T extends object>(members: T): T {
  const present: Partial<T> = {};
  for (const name in members) if (members[name] !== undefined) present[name] = members[name];
  return present as T;
}

/** Appends to a text member. Any other value is replaced. */
export function appendText(members: Record<string, unknown>, name: string, piece: string): void {
  const text = members[name];
  members[name] = typeof text === "string" ? text + piece : piece;
}

/** Appends to a list member in place: a stream has too many events for copies. */
export function append(members: Record<string, unknown>, name: string, items: readonly unknown[]): void {
  const list = members[name];
  if (Array.isArray(list)) { for (const item of items) list.push(item); }
  else members[name] = [...items];
}

/** The items, sorted by index. */
export function inOrder<T>(items: ReadonlyMap<number, T>): T[] {
  return [...items].sort(([a], [b]) => a - b).map(([, item]) => item);
}

/** The item with an index (default: 0). A missing item is made. */
export function itemAt<T>(items: Map<number, T>, index: unknown, make: () => T): T {
  const key = numberOf(index) ?? 0;
  const known = items.get(key);
  if (known !== undefined) return known;
  const item = make();
  items.set(key, item);
  return item;
}

/** The type of an event: its `type` member; if that is missing, for example in a truncated event, its `event:` line. */
export function eventType(event: StreamEvent): string {
  return textOf(objectOf(event.data).type) ?? event.name;
}
