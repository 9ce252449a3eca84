import { enableCachy } from "@cachy/core";
import { ask } from "./ask.js";

enableCachy();
console.log(await ask("bundle"));
