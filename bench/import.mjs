// @ts-check
/** CPU time of an import. Argument: the module. */
import process from "node:process";
import { pathToFileURL } from "node:url";
import { args, report } from "./measure.mjs";

const [file = ""] = args;
const before = process.cpuUsage();
const started = performance.now();
await import(pathToFileURL(file).href);
const { user, system } = process.cpuUsage(before);
report({ ms: performance.now() - started, cpu: (user + system) / 1000 });
