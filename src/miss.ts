import type { EventRequest } from "./events.ts";
import type { ModeSource } from "./options.ts";
import { labelled } from "./response.ts";

/** A request that mode `replay` could not answer. */
export interface Miss extends EventRequest {
  /** What the caller was told. */
  readonly message: string;
}

/** Why the mode is `replay`, and how to record from there. */
const CURES: Readonly<
  Record<ModeSource, readonly [because: string, cure: string]>
> = {
  option: [`by the option { mode: "replay" }`, `run once with { mode: "auto" }`],
  CACHY_MODE: ["by the environment variable CACHY_MODE", "run once with CACHY_MODE=auto"],
  CI: ["because the environment variable CI is set", "run once on your machine, or with CACHY_MODE=auto"],
  default: ["by default", "run once with CACHY_MODE=auto"],
};

/** Says which request is missing, why the network was not asked, and what to do. */
export function explainMiss(
  request: EventRequest,
  { storeName, modeSource, problem }: {
    readonly storeName: string;
    readonly modeSource: ModeSource;
    /** Why the store could not be read, if that is the reason. */
    readonly problem?: string;
  },
): string {
  const [because, cure] = CURES[modeSource];
  const { method, url, key } = request;
  return [
    `Cannot replay ${method} ${url}: ${problem ?? `no answer is recorded for it in ${storeName}`} (key ${key}).`,
    `The network was not asked: mode "replay" ${because}.`,
    ...(problem === undefined ? [`To record the answer, ${cure}, and commit the file.`] : []),
  ].join("\n");
}

/**
 * The answer to a request that is not recorded.
 *
 * Status 412, because SDKs neither retry it nor hide its message, while a rejected fetch is retried for seconds and then
 * shown as a connection error.
 */
export function missResponse(message: string, url: URL): Response {
  const body = JSON.stringify({ error: { type: "cachy_miss", code: "cachy_miss", message } });
  const headers = { "content-type": "application/json", "x-should-retry": "false" };
  return labelled(new Response(body, { status: 412, headers }), { url: url.href, statusText: "Precondition Failed" });
}
