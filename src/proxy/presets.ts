import type { CachyOptions } from "../options/options.ts";

/** Options for programs whose requests differ on every run, by the name of the preset. */
export const PRESETS: Readonly<Record<string, Pick<CachyOptions, "omit" | "normalize">>> = {
  // Claude Code and the Claude Agent SDK: the session, the date, the version of the operating system and of the program.
  "claude-agent": {
    omit: ["metadata.user_id"],
    normalize: [
      [/Today's date is \d{4}-\d\d-\d\d/, "Today's date is [date]"],
      [/OS Version: [^\n]+/, "OS Version: [version]"],
      [/cc_version=[^;]+/, "cc_version=[version]"],
    ],
  },
};
