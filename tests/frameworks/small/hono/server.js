import { enableCachy } from "@cachy/core";
import { Hono } from "hono";
import { ask } from "./ask.js";

enableCachy();
const app = new Hono();
app.get("/", async (context) => context.text(`Version 1. ${await ask("hono")}`));

const port = Number(process.env.PORT);
if ("Deno" in globalThis) Deno.serve({ port, hostname: "127.0.0.1" }, app.fetch);
export default { port, hostname: "127.0.0.1", fetch: app.fetch };
