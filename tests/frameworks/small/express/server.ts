import { enableCachy } from "@cachy/core";
import express from "express";
import { ask } from "./ask.js";

enableCachy();
const app = express();
app.get("/", async (_request: unknown, response: { send(text: string): void }) => {
  response.send(`Version 1. ${await ask("express")}`);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
