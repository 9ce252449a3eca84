/** Every program. */
import { agentFrameworkPrograms } from "./agents.ts";
import { aiPrograms } from "./ai.ts";
import { gatewayPrograms } from "./gateways.ts";
import { mediaPrograms } from "./media.ts";
import type { SdkProgram } from "./program.ts";

export const sdkPrograms: readonly SdkProgram[] = [
  ...aiPrograms,
  ...agentFrameworkPrograms,
  ...mediaPrograms,
  ...gatewayPrograms,
];
