/**
 * Stands for the modules of Node that the package needs, in bundles for browsers and edge runtimes.
 *
 * Such bundles also run where the modules exist: in Jest with jsdom, and in Workers with `nodejs_compat`.
 */
const given = globalThis.process ?? {};

/** The result, or undefined if it throws: the edge runtime of Next has members of `process` that only throw. */
function attempt(get) {
  try {
    return get();
  } catch {
    return undefined;
  }
}

/** A module of the runtime, without its prefix `node:`. It is empty if the runtime does not have it. */
const builtin = (name) => attempt(() => given.getBuiltinModule?.(`node:${name}`)) ?? {};

const noProcess = {
  env: given.env ?? {},
  versions: attempt(() => given.versions) ?? {},
  stderr: attempt(() => given.stderr),
  argv: [],
  cwd: () => "/",
  on() {},
};
// Jest has a `process` of its own.
export default "cwd" in builtin("process") ? given : noProcess;

/** Ends with a synchronous call, which is not enough for `withCachy`. */
class SynchronousStorage {
  static isSynchronous = true;
  #value;
  run(value, call, ...args) {
    const before = this.#value;
    this.#value = value;
    try {
      return call(...args);
    } finally {
      this.#value = before;
    }
  }
  getStore() {
    return this.#value;
  }
}
export const { AsyncLocalStorage = globalThis.AsyncLocalStorage ?? SynchronousStorage } = builtin("async_hooks");
// Without it, Web Crypto hashes.
export const { createHash } = builtin("crypto");
export const { subscribe = () => {} } = builtin("diagnostics_channel");
export const { setImmediate = (call) => setTimeout(call, 0) } = builtin("timers");
export const { Buffer, isUtf8 } = builtin("buffer");
export const { fileURLToPath = (url) => decodeURIComponent(new URL(url).pathname) } = builtin("url");
export const {
  isAbsolute = (path) => path.startsWith("/"),
  join = (...parts) => parts.filter(Boolean).join("/").replace(/\/+/g, "/"),
  relative = (_from, to) => to,
  sep = "/",
  dirname = (path) => path.slice(0, Math.max(path.lastIndexOf("/"), 1)),
} = builtin("path");

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
