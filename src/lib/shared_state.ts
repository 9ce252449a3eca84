/**
 * The state of the process, shared by all copies of this module. A process has several copies if it loads the package
 * from npm and from JSR, a bundle and the package, or Next's two module graphs. `bun --hot` and `vi.resetModules` also
 * evaluate the module again.
 */
export interface SharedState {
  /** Copies with different protocols cannot share the global fetch. */
  readonly protocol: number;
  /** If the type or meaning of a member changes, rename it, so that copies of earlier versions do not use it. */
  readonly members: Map<string, unknown>;
}

/** The name of the shared state in `globalThis`. */
export const SHARED_STATE: unique symbol = Symbol.for("@cachy/core");

/** Increase this if copies of this version and of earlier ones cannot share the global fetch. */
export const PROTOCOL = 2;

/** The state of this copy. It becomes the shared state, unless `globalThis` already has one. */
const own: SharedState = { protocol: PROTOCOL, members: new Map() };

function globalState(): SharedState | undefined {
  return (globalThis as { [SHARED_STATE]?: SharedState })[SHARED_STATE];
}

/** A member of the shared state; undefined if no copy has made it. */
export function shared<Member>(name: string): Member | undefined;
/**
 * A member of the shared state.
 *
 * @param name Use each name in one file only.
 * @param make Makes the member, if no copy has made it.
 */
export function shared<Member>(name: string, make: () => Member): Member;
export function shared(name: string, make?: () => unknown): unknown {
  // If `globalThis` is frozen, an assignment would throw. `Reflect.set` does not, and each copy keeps its own state.
  if (!globalState()) Reflect.set(globalThis, SHARED_STATE, own);
  const { members } = otherProtocol() === undefined ? globalState() ?? own : own;
  if (make && !members.has(name)) members.set(name, make());
  return members.get(name);
}

/** The protocol of the shared state, if an incompatible version made that state; else undefined. */
export function otherProtocol(): number | undefined {
  const protocol = globalState()?.protocol;
  return protocol === PROTOCOL ? undefined : protocol;
}
