/** Programs that use an SDK as its users do: its own hosts, its own retries, the global `fetch`. */
import type { Runtime } from "../case.ts";

export interface SdkProgram {
  /** The packages, of which the first one is the SDK. They are dependencies in tests/package.json. */
  readonly packages: readonly [string, ...string[]];
  /** As in "tool loop". */
  readonly name: string;
  /** Network requests of one run, without telemetry. */
  readonly requests: number;
  /** Replayed responses, if they are fewer: unfinished jobs are not recorded. @default {requests} */
  readonly hits?: number;
  /** Why it does not run on a runtime. */
  skip?(runtime: Runtime): string | undefined;
  /** @returns What the caller sees, as JSON values. It must be the same if the responses are the same. */
  run(): Promise<unknown>;
}

/** Packages whose `engines` exclude Node 20 and that fail there. */
export function needsNode22(runtime: Runtime): string | undefined {
  return runtime.name === "node" && runtime.major < 22 ? "The SDK needs Node 22." : undefined;
}
