import type { StreamEvent } from "../../../lib/framing.ts";
import { asRecord } from "../../../lib/json.ts";

/** A JSON object that is only read. */
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
    return `"[nested too deeply]"`; // parsers take any depth, writers only what the stack bears
  }
}

/** A text as it is, anything else as JSON text. */
export function asText(value: unknown): string {
  return typeof value === "string" ? value : compactJson(value);
}

/** Leaves out the members that are undefined. */
export function given<T extends object>(members: T): T {
  const present: Partial<T> = {};
  for (const name in members) if (members[name] !== undefined) present[name] = members[name];
  return present as T;
}

/** Appends to a text among the members of what grows. What stands there and is no text goes. */
export function appendText(members: Record<string, unknown>, name: string, piece: string): void {
  const text = members[name];
  members[name] = typeof text === "string" ? text + piece : piece;
}

/** Appends to a list among the members of what grows; streams bring many, so it is not copied each time. */
export function append(members: Record<string, unknown>, name: string, items: readonly unknown[]): void {
  const list = members[name];
  if (Array.isArray(list)) { for (const item of items) list.push(item); }
  else members[name] = [...items];
}

/** The items of a stream that are numbered, in the order of their numbers; what has no number is number 0. */
export function inOrder<T>(items: ReadonlyMap<number, T>): T[] {
  return [...items].sort(([a], [b]) => a - b).map(([, item]) => item);
}

/** The item with a number, made when it is first asked for. */
export function itemAt<T>(items: Map<number, T>, index: unknown, make: () => T): T {
  const key = numberOf(index) ?? 0;
  const known = items.get(key);
  if (known !== undefined) return known;
  const item = make();
  items.set(key, item);
  return item;
}

/** The type of an event: named by its `type` member, else (also where the event is cut) by its `event:` line. */
export function eventType(event: StreamEvent): string {
  return textOf(objectOf(event.data).type) ?? event.name;
}
