/** Stands for a version of this module to come that is enabled first. */
import { PATCH } from "../../src/global_fetch.ts";

(globalThis as { [PATCH]?: unknown })[PATCH] = { protocol: 99 };
