import { ask } from "../../ask.js";

export async function load() {
  return { text: `Version 1. ${await ask("svelte")}` };
}
