/** A small or read-only disk: a tmpfs, if one can be mounted. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";

/** Runs `mount`. */
export function mount(...args: readonly string[]): ReturnType<typeof spawnSync> {
  return spawnSync("mount", args, { encoding: "utf8" });
}

/** The reason why no small disk can be mounted; undefined if one can be. */
export function noDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "cachy-disk-"));
  const { status, error, stderr } = mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder);
  if (status === 0) spawnSync("umount", [folder]);
  rmdirSync(folder);
  return status === 0 ? undefined : `Cannot mount a tmpfs: ${String(error ?? stderr).trim()}`;
}

/** A folder on a separate disk of 64 KiB. */
export function smallDisk(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "cachy-disk-"));
  assert.equal(mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder).status, 0);
  t.after(async () => {
    // The store keeps a file open for a moment after a hit.
    while (spawnSync("umount", [folder]).status !== 0) await setTimeout(50);
    rmdirSync(folder);
  });
  return folder;
}
