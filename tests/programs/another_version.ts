/** Simulates a future version of this module that is enabled first. */
import { SHARED_STATE } from "../../src/lib/shared_state.ts";

(globalThis as { [SHARED_STATE]?: unknown })[SHARED_STATE] = { protocol: 99 };
