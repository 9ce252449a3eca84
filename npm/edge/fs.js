/** Stands for node:fs in bundles for browsers and edge runtimes. */
import { builtin } from "./platform.js";

const fail = () => {
  throw Object.assign(
    new Error(
      "this runtime has no file system. Set the option { store }: memoryStore(), or keyValueStore() of @cachy/core/kv",
    ),
    { code: "ENOSYS" },
  );
};

/** The files of a Worker are gone when its response is sent. */
const isWorker = globalThis.navigator?.userAgent === "Cloudflare-Workers";
const fs = isWorker ? {} : builtin("fs");

export const { existsSync = () => false, closeSync = () => {}, appendFileSync = fail } = fs;
export const { fstatSync = fail, mkdirSync = fail, openSync = fail, readFileSync = fail } = fs;
export const { readSync = fail, statSync = fail, writeSync = fail, chmodSync = fail, fsyncSync = fail } = fs;
export const { linkSync = fail, realpathSync = fail, renameSync = fail, rmSync = fail } = fs;
