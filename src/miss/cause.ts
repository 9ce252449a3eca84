import { parseJson } from "../lib/json.ts";
import { escaped, showText, unique, unseenDifference, type Wording } from "../lib/show.ts";
import { parseOmitPath } from "../request/body_identity.ts";
import { type CanonicalOptions, canonicalRequest, type Normalization, normalizeParts } from "../request/canonical.ts";
import { modelOfUrl } from "../request/domains.ts";
import { digestRequest } from "../request/identify.ts";
import type { RecordedRequest } from "../store/entry.ts";
import { areRecordedParts, hiddenPlaces, placeholderLength } from "../store/entry_request.ts";
import { canOmit, changeAt, changingValues, isOpaque } from "./changing.ts";
import type { Change, Comparison, Cure, Difference } from "./comparison.ts";
import { isTextChange } from "./difference.ts";

/** The likely cause of a miss, in one or more lines, if it is known. An option is offered only if it prevents the miss. */
export async function likelyCause(comparison: Comparison): Promise<string | undefined> {
  const { recorded, asked, differences, wording } = comparison;
  if (differences.length === 0) return hiddenCause(recorded, wording);
  return otherHost(recorded, asked) ?? await unseen(comparison) ?? await olderThanOptions(comparison) ??
    otherSetting(recorded, asked, differences) ?? await changingOnEachRun(comparison) ??
    earlierResponse(differences) ?? otherContent(differences, wording) ?? otherMembers(differences);
}

function otherHost(recorded: RecordedRequest, asked: RecordedRequest): string | undefined {
  const [a, b] = [new URL(recorded.url), new URL(asked.url)];
  if (a.host !== b.host) return `another base URL or domain: it was recorded at ${a.host}, and is asked at ${b.host}.`;
  const isStreamed = (url: URL) => /:stream|-stream$/.test(url.pathname);
  if (isStreamed(a) !== isStreamed(b)) return STREAM;
  const [recordedModel, askedModel] = [modelOfUrl(a), modelOfUrl(b)];
  return recordedModel === askedModel ? undefined : `another model: ${recordedModel} → ${askedModel}.`;
}

const STREAM = "one of the two is streamed, the other is not.";

function otherSetting(
  recorded: RecordedRequest,
  asked: RecordedRequest,
  differences: readonly Difference[],
): string | undefined {
  const at = (path: string) => differences.find((difference) => difference.path === path);
  const model = at("model");
  if (model?.kind === "changed") return `another model: ${String(model.recorded)} → ${String(model.asked)}.`;
  if (at("stream")) return STREAM;
  if (at("namespace")) return "another namespace, which keeps responses to the same request apart.";
  const header = differences.find(({ path }) => /^headers[[.]/.test(path));
  if (header) return `another value of a header that changes the response (${header.path}).`;
  return otherVersion(new URL(recorded.url), new URL(asked.url));
}

function otherVersion(recorded: URL, asked: URL): string | undefined {
  for (const [name, value] of recorded.searchParams) {
    const other = asked.searchParams.get(name) ?? "none";
    if (/version/i.test(name) && other !== value) return `another API version (${name}: ${value} → ${other}).`;
  }
  const [a, b] = [recorded, asked].map(({ pathname }) => pathname.match(/(?<=\/)v\d+\w*(?=\/)/)?.[0]);
  return a && b && a !== b ? `another API version (${a} → ${b}).` : undefined;
}

/** Texts or names that look alike. */
async function unseen(comparison: Comparison): Promise<string | undefined> {
  const { differences } = comparison;
  const texts = differences.filter(isTextChange).slice(0, MOST_CHANGES).map(({ path, recorded, asked }) => ({
    path,
    recorded,
    asked,
  }));
  const missing = differences.find(({ kind }) => kind === "missing");
  const added = differences.find(({ kind }) => kind === "added");
  if (missing && added) texts.push({ path: "a name", recorded: missing.path, asked: added.path });
  for (const { path, recorded, asked } of texts) {
    const what = unseenDifference(recorded, asked);
    if (!what) continue;
    let at = 0;
    while (recorded[at] === asked[at]) at++;
    const [from, to] = [recorded, asked].map((text) => showText(text.slice(at, at + 4), true));
    const cause = `the texts look alike, but differ in ${what} (${path}, character ${at + 1}: ${from} → ${to}).`;
    const cure = { normalize: [["\r\n", "\n"]] as const, omit: [] };
    return what.startsWith("line ends") && await cures(comparison, cure)
      ? `${cause} ${OFFER}${written(cure, comparison.wording)}`
      : cause;
  }
  return undefined;
}

/** Whether an option leaves out what differs, which the recorded request still has. */
async function olderThanOptions(comparison: Comparison): Promise<string | undefined> {
  return await cures(comparison, { normalize: [], omit: [] })
    ? "the options normalize and omit leave out what differs, but the recorded request is older. Run cachy rekey with them, or record it once more."
    : undefined;
}

/** In characters. Longer bodies are not hashed again to explain a miss. */
const LONGEST_BODY = 1 << 20;

/** Whether both requests have the same digest with these options. */
async function cures(
  { identified, options, recorded, asked }: Comparison,
  { normalize, omit }: Cure,
): Promise<boolean> {
  if (recorded.body.length + asked.body.length > LONGEST_BODY) return false;
  const cured = {
    ...options,
    normalize: [...options.normalize, ...normalize],
    omit: [...options.omit ?? [], ...omit.map((path) => parseOmitPath(path) ?? [])],
  };
  const { request, extras, canonical } = identified;
  const expected = await digestOfRecorded(recorded, request.contentType, cured);
  if (await digestOfRecorded(asked, request.contentType, cured) !== expected) return false;
  if (!recorded.exact || canonical.parts) return true;
  return (await digestRequest(await canonicalRequest(request, cured), extras)).sha256 === expected;
}

async function digestOfRecorded(
  { method, url, headers = {}, body, n, namespace }: RecordedRequest,
  contentType: string,
  options: CanonicalOptions,
): Promise<string> {
  const parts = parseJson(body);
  const isForm = areRecordedParts(parts, body);
  const canonical = await canonicalRequest({
    method,
    url: new URL(url),
    headers: new Headers(headers),
    contentType: isForm ? "" : contentType,
    body: isForm ? "" : body,
    signal: undefined,
    redirect: "follow",
    isTooLong: false,
    call: [url],
  }, options);
  const text = isForm ? JSON.stringify(normalizeParts(parts, options)) : canonical.body;
  return (await digestRequest({ ...canonical, body: text }, { n, namespace })).sha256;
}

/** Names of URL segments before the id of a project or an account. */
const OWNER = /^(?:projects|accounts|organizations|workspaces|tenants|subscriptions|resourceGroups)$/i;

function changeInUrl(recorded: URL, asked: URL): Change | undefined {
  const normalize: Normalization[] = [];
  const whats: string[] = [];
  const [a, b] = [recorded.pathname.split("/"), asked.pathname.split("/")];
  if (a.length !== b.length) return undefined;
  for (const [at, segment] of a.entries()) {
    if (segment === b[at]) continue;
    const [before = "", values] = [a[at - 1], changingValues(`/${segment}`, `/${b[at]}`)];
    if (!OWNER.test(before) && !values?.length) return undefined;
    normalize.push([new RegExp(`(?<=/${escaped(before)}/)[^/]+`), "ID"]);
    whats.push(values?.[0]?.what ?? "another project or account");
  }
  const [first, second] = [[...recorded.searchParams], [...asked.searchParams]];
  if (first.length !== second.length) return undefined;
  for (const [at, [name, value]] of first.entries()) {
    const [otherName, other = ""] = second[at] ?? [];
    if (name !== otherName) return undefined;
    if (value === other) continue;
    const values = changingValues(value, other);
    // The pattern of an id alone would match other ids, too.
    if (!values?.length || values.some(({ what, isWhole }) => isWhole && what.startsWith("an id"))) return undefined;
    normalize.push(...values.map(({ normalization }) => normalization));
    whats.push(...values.map(({ what }) => what));
  }
  return { what: unique(whats, String).join(", "), path: "url", normalize };
}

const OFFER = "If this means nothing to the model, leave it out of the key, and run cachy rekey or record once more:\n";

function written({ normalize, omit }: Cure, wording: Wording): string {
  const options = [normalize.length ? wording.normalize(normalize) : [], omit.length ? wording.omit(omit) : []].flat();
  return options.map((option) => `  ${option}`).join("\n");
}

async function changingOnEachRun(comparison: Comparison): Promise<string | undefined> {
  const { differences, recorded, asked } = comparison;
  const byPlace = differences.map((difference) => {
    return difference.path === "url"
      ? changeInUrl(new URL(recorded.url), new URL(asked.url))
      : changeAt(difference, asked);
  });
  // Without the content type of JSON, a body is hashed as a text.
  const body = { kind: "changed", path: "", recorded: recorded.body, asked: asked.body } as const;
  const byText = differences.every(({ path }) => path !== "url") ? [changeAt(body, asked)] : [];
  return await offer(comparison, byPlace) ?? await offer(comparison, byText);
}

/** With more differences, a request is another one. */
const MOST_CHANGES = 20;

/** Offers to leave values out of the key, if this prevents the miss. */
async function offer(comparison: Comparison, found: readonly (Change | undefined)[]): Promise<string | undefined> {
  if (found.length === 0 || found.length > MOST_CHANGES || found.includes(undefined)) return undefined;
  const changes = found as Change[];
  const cure = {
    normalize: unique(changes.flatMap(({ normalize = [] }) => normalize), ([pattern]) => String(pattern)),
    omit: unique(changes.flatMap(({ omit = [] }) => omit), String),
  };
  if (!await cures(comparison, cure)) return undefined;
  const places = changes.map(({ what, path }) => `${what} (${path || "body"})`);
  const more = places.length > 3 ? ` and ${places.length - 3} more` : "";
  return `${places.slice(0, 3).join(", ")}${more}. ${OFFER}${written(cure, comparison.wording)}`;
}

/** Members with ids that an earlier response gave. */
const GIVEN =
  /(?:^|[.\]])(?:previous_response_id|conversation|tool_?call_?id|call_id|tool_?use_?id|file_?ids?|container|thread_id|vector_store_ids|encrypted_content|thought_?signature|signature|cachedContent)(?:\[\d+\])?$/i;

function earlierResponse(differences: readonly Difference[]): string | undefined {
  const given = differences.find(({ kind, path }) => kind === "changed" && GIVEN.test(path));
  return given &&
    `another value from an earlier response (${given.path}): that response was recorded again, or came from ` +
      "the network. Record all requests of the conversation together.";
}

function otherContent(differences: readonly Difference[], wording: Wording): string | undefined {
  const urls = differences.find(isTextChange);
  if (urls?.path === "url") {
    const [a, b] = [new URL(urls.recorded), new URL(urls.asked)];
    const name = [...a.searchParams.keys()].find((name) => a.searchParams.get(name) !== b.searchParams.get(name));
    if (name !== undefined) return `another value of a parameter of the URL (${name}).`;
  }
  const file = differences.find(({ kind, path }) => kind === "changed" && /^form.*\.content$/.test(path));
  if (file) return `another content of a form field (${file.path}).`;
  for (const { path, recorded, asked } of differences.filter(isTextChange)) {
    if (placeholderLength(recorded) || placeholderLength(asked)) {
      const cause = `another long text or file (${path || "body"}): only its hash is recorded.`;
      const whole = wording.option("keepRequest", "whole");
      return whole ? `${cause} With ${whole}, the next miss can show the difference.` : cause;
    }
    if (isOpaque(recorded) || isOpaque(asked)) return `another picture, sound or file (${path}).`;
  }
  return undefined;
}

/** Members that come and go without any other change are mostly those of a new version. */
function otherMembers(differences: readonly Difference[]): string | undefined {
  if (differences.length === 0 || differences.some(({ kind, path }) => kind === "changed" || /\]$/.test(path))) {
    return undefined;
  }
  const names = differences.map(({ path }) => path).slice(0, 3).join(", ");
  return `other members are sent (${names}), by another version of the SDK or another option.`;
}

function hiddenCause(recorded: RecordedRequest, wording: Wording): string | undefined {
  const places = hiddenPlaces(recorded);
  if (!places.length || !places.every((path) => canOmit(path))) return undefined;
  return `another secret (${places.join(", ")}). ${OFFER}${written({ normalize: [], omit: places }, wording)}`;
}
