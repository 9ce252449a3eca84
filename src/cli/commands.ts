import type { Command } from "./command.ts";
import { compact } from "./commands/compact.ts";
import { diff } from "./commands/diff.ts";
import { list } from "./commands/list.ts";
import { merge } from "./commands/merge.ts";
import { remove } from "./commands/remove.ts";
import { scan } from "./commands/scan.ts";
import { show } from "./commands/show.ts";
import { stats } from "./commands/stats.ts";
import { verify } from "./commands/verify.ts";

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [list, show, diff, stats, verify, scan, compact, remove, merge];
