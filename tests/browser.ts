/// <reference lib="dom" />
/** A real browser for tests: the Chromium of the system, without a window. Only Node drives it. */
import { spawnSync } from "node:child_process";
import process from "node:process";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { thisRuntime } from "./sdk/case.ts";

export type { Page };

const CHROMIUM = process.env.CHROMIUM ?? "chromium";

/** Why tests that need a browser are skipped; otherwise undefined. */
export const browserIsMissing: string | undefined = thisRuntime().name !== "node"
  ? "Only Node drives the browser."
  : spawnSync(CHROMIUM, ["--version"]).status === 0
  ? undefined
  : `${CHROMIUM} is missing.`;

/** What a page did besides showing itself. */
export interface Traces {
  /** The addresses of all requests, without those of blobs. */
  readonly requests: string[];
  /** Violations of the content security policy, errors of the script, and dialogs. */
  readonly faults: string[];
}

/** Starts the browser. */
export async function startBrowser(): Promise<Browser> {
  const { chromium } = await import("playwright-core");
  const path = spawnSync("which", [CHROMIUM], { encoding: "utf8" }).stdout.trim();
  // The sandbox needs rights that containers do not have.
  return await chromium.launch({ executablePath: path, args: ["--no-sandbox"] });
}

/** Opens a page, and records what it does. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page } & Traces> {
  const context = await browser.newContext(options);
  const [requests, faults]: string[][] = [[], []];
  const page = await context.newPage();
  page.on("request", (request) => /^(?:blob|data):/.test(request.url()) || requests?.push(request.url()));
  page.on("pageerror", (error) => faults?.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && faults?.push(`console: ${message.text()}`));
  page.on("dialog", (dialog) => {
    faults?.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", (popup) => faults?.push(`popup: ${popup.url()}`));
  await page.exposeFunction("reportViolation", (text: string) => faults?.push(`violation: ${text}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      const { reportViolation } = globalThis as unknown as { reportViolation(text: string): void };
      reportViolation(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return { page, requests: requests ?? [], faults: faults ?? [] };
}
