import { createCachy, memoryStore, withCachy } from "@cachy/core";

const stored = { store: memoryStore() };

/** Answers how many of two identical requests were hits, and the warnings. */
export default {
  async fetch(request, env) {
    const warnings = [];
    const onEvent = (event) => event.kind === "warning" && warnings.push(event.message);
    const common = { domains: ["127.0.0.1"], mode: "auto", onEvent };
    const options = request.url.endsWith("/store") ? { ...common, ...stored } : common;
    const ask = async (fetch) => {
      const body = JSON.stringify({ input: "worker" });
      await (await fetch(`${env.PROVIDER}/v1/responses`, { method: "POST", body })).text();
    };
    if (request.url.endsWith("/scope")) {
      const hits = await withCachy({ ...common, store: memoryStore() }, async (cachy) => {
        await ask(globalThis.fetch);
        await ask(globalThis.fetch);
        return cachy.stats.hits;
      }).catch((error) => error.message);
      return Response.json({ hits, warnings });
    }
    const cachy = createCachy(options);
    await ask(cachy.fetch);
    await ask(cachy.fetch);
    return Response.json({ hits: cachy.stats.hits, warnings });
  },
};
