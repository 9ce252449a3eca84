import type { Command } from "../app/command.ts";
import { compact } from "./compact.ts";
import { diff } from "./diff.ts";
import { drift } from "./drift.ts";
import { gitSetup, mergeDriver, textconv } from "./git.ts";
import { list } from "./list.ts";
import { merge } from "./merge.ts";
import { proxy } from "./proxy.ts";
import { refresh } from "./refresh.ts";
import { rekey } from "./rekey.ts";
import { remove } from "./remove.ts";
import { run } from "./run.ts";
import { scan } from "./scan.ts";
import { show } from "./show.ts";
import { stats } from "./stats.ts";
import { unused } from "./unused.ts";
import { verify } from "./verify.ts";
import { view } from "./view.ts";

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  ...[list, show, view, diff, stats, verify, scan, unused, compact, remove, merge, rekey, refresh, drift],
  ...[run, proxy, gitSetup, mergeDriver, textconv],
];
