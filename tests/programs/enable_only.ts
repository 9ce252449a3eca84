/** Enables caching and makes no request. Argument: options as JSON. */
import process from "node:process";
import { enableCachy } from "../../mod.ts";

enableCachy(JSON.parse(process.argv[2] ?? "{}"));
