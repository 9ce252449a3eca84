/** Stands for the modules of Node that the package needs beside files, where they do not exist. */
const given = globalThis.process ?? {};

export default {
  env: given.env ?? {},
  versions: given.versions ?? {},
  stderr: given.stderr,
  argv: [],
  cwd: () => "/",
  on() {},
  getBuiltinModule: undefined,
};

// node:async_hooks. Without a global class, a scope covers what its function calls synchronously.
class SynchronousStorage {
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
export const AsyncLocalStorage = globalThis.AsyncLocalStorage ?? SynchronousStorage;

// node:crypto: Web Crypto hashes here.
export const createHash = undefined;

// node:diagnostics_channel
export const subscribe = () => {};

// node:timers
export const setImmediate = (call) => setTimeout(call, 0);

// node:buffer
export const Buffer = undefined;

// node:url
export const fileURLToPath = (url) => decodeURIComponent(new URL(url).pathname);

// node:path
export const isAbsolute = (path) => path.startsWith("/");
export const join = (...parts) => parts.filter(Boolean).join("/").replace(/\/+/g, "/");
export const dirname = (path) => path.slice(0, Math.max(path.lastIndexOf("/"), 1));
