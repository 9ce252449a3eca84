/** The clients of key-value stores that the tests share entries through, set up as in the README. */
import type { KeyValue } from "../src/store/key_value.ts";
import { redisIsMissing } from "./redis.ts";
import { thisRuntime } from "./sdk/case.ts";

/** A connected client. */
export interface Connected {
  readonly kv: KeyValue;
  close(): unknown;
}

/** A client of Redis. */
export interface RedisClient {
  readonly name: string;
  /** Why it cannot run here. */
  readonly skip: string | undefined;
  connect(url: string): Promise<Connected>;
}

/** keyv 6 uses features that older versions of Node do not have. */
export const noKeyv6: string | undefined = isOldNode() ? "keyv 6 needs Node 22.19." : undefined;

/** Each imports its package here, so that a broken package fails only its own tests. */
export const redisClients: readonly RedisClient[] = [
  {
    name: "keyv 5",
    skip: redisIsMissing,
    async connect(url) {
      const { Keyv } = await import("keyv");
      const { default: KeyvRedis } = await import("@keyv/redis");
      const redis = new KeyvRedis(url, { throwOnErrors: true });
      const keyv = new Keyv({ store: redis, throwOnErrors: true });
      keyv.on("error", () => {});
      return { kv: keyv, close: () => redis.disconnect(true) };
    },
  },
  {
    name: "keyv 6",
    skip: redisIsMissing ?? noKeyv6,
    async connect(url) {
      const { Keyv } = await import("keyv6");
      const { default: KeyvRedis } = await import("@keyv/redis");
      const redis = new KeyvRedis(url, { throwOnErrors: true });
      const keyv = new Keyv({ store: redis });
      keyv.on("error", () => {});
      return { kv: keyv, close: () => redis.disconnect(true) };
    },
  },
  {
    name: "ioredis",
    skip: redisIsMissing,
    async connect(url) {
      const { Redis } = await import("ioredis");
      const redis = new Redis(url);
      redis.on("error", () => {});
      return { kv: redis, close: () => redis.disconnect() };
    },
  },
  {
    name: "node-redis",
    skip: redisIsMissing,
    async connect(url) {
      const { createClient } = await import("redis");
      const redis = createClient({ url });
      redis.on("error", () => {});
      await redis.connect();
      return { kv: redis, close: () => redis.destroy() };
    },
  },
  {
    name: "unstorage",
    skip: redisIsMissing,
    async connect(url) {
      const { createStorage } = await import("unstorage");
      const { default: redisDriver } = await import("unstorage/drivers/redis");
      const driver = redisDriver({ url });
      driver.getInstance?.().on("error", () => {});
      const storage = createStorage({ driver });
      return { kv: storage, close: () => storage.dispose() };
    },
  },
];

function isOldNode(): boolean {
  const { name, version } = thisRuntime();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return name === "node" && (major < 22 || (major === 22 && minor < 19));
}
