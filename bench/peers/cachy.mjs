// @ts-check
/** @cachy/core as users of npm install it: the package in the folder `BENCH_PACKAGE`. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** @typedef {import("./peer.mjs").Place} Place */
/** @typedef {import("./peer.mjs").Recording} Recording */
/** @typedef {import("../../mod.ts").Mode} Mode */

const { href } = pathToFileURL(join(process.env.BENCH_PACKAGE ?? "", "dist", "index.js"));
/** @type {typeof import("../../mod.ts")} */
const { createCachy } = await import(href);

/** @param {Place} place */
export const record = (place) => open(place, "auto");

/** @param {Place} place */
export const replay = (place) => open(place, "replay");

/**
 * @param {Place} place
 * @param {Mode} mode
 * @returns {Recording}
 */
function open({ folder, server }, mode) {
  const cachy = createCachy({ file: join(folder, "cachy.jsonl"), domains: [new URL(server).host], mode });
  return { fetch: cachy.fetch, close: () => cachy.flush() };
}
