/**
 * The state of the process. All copies of this module share it: a package from npm and one from JSR, a bundle and the
 * package, Next's two module graphs, and what `bun --hot` and `vi.resetModules` evaluate again.
 */
export interface SharedState {
  /** Copies that speak another protocol cannot share a global fetch. */
  readonly protocol: number;
  /** A member whose type or meaning changes gets another name, so that no copy uses one that it does not know. */
  readonly members: Map<string, unknown>;
}

/** The place of the shared state in `globalThis`. */
export const SHARED_STATE: unique symbol = Symbol.for("@cachy/core");

/** Grows when copies of this version and of earlier ones cannot share a global fetch. */
export const PROTOCOL = 2;

/** The state of this copy: shared, unless another version has put its own into `globalThis`. */
const own: SharedState = { protocol: PROTOCOL, members: new Map() };

function stateInPlace(): SharedState | undefined {
  return (globalThis as { [SHARED_STATE]?: SharedState })[SHARED_STATE];
}

/** A member of the shared state; undefined if it was never made. */
export function shared<Member>(name: string): Member | undefined;
/**
 * A member of the shared state. The file that calls this is the only one that knows the name.
 *
 * @param make Makes the member. The first copy that needs it calls this.
 */
export function shared<Member>(name: string, make: () => Member): Member;
export function shared(name: string, make?: () => unknown): unknown {
  // Reflect, because a frozen `globalThis` must not break a call: each copy then has a state of its own.
  if (!stateInPlace()) Reflect.set(globalThis, SHARED_STATE, own);
  const { members } = otherProtocol() === undefined ? stateInPlace() ?? own : own;
  if (make && !members.has(name)) members.set(name, make());
  return members.get(name);
}

/** The protocol of another version whose state is in the place of ours; undefined if there is none. */
export function otherProtocol(): number | undefined {
  const protocol = stateInPlace()?.protocol;
  return protocol === PROTOCOL ? undefined : protocol;
}
