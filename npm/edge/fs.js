/** Stands for node:fs where there is no file system. */
const fail = () => {
  throw Object.assign(
    new Error(
      "this runtime has no file system. Set the option { store }: memoryStore(), or keyValueStore() of @cachy/core/kv",
    ),
    { code: "ENOSYS" },
  );
};

export const existsSync = () => false;
export const closeSync = () => {};
export const [fstatSync, mkdirSync, openSync, readFileSync, readSync, statSync, writeSync] = Array(7).fill(fail);
export const [chmodSync, fsyncSync, linkSync, realpathSync, renameSync, rmSync] = Array(6).fill(fail);
