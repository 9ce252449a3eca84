/** One entry: its facts, its conversation, its stream. */
export const ENTRY = String.raw`
const hrefOf = (id) => (compared ? "#/compare/" + compared + "/" : "#/entry/") + id;

/** The entry that was chosen to be compared, until the other one is chosen. */
let compared = "";

function factsOf({ row, facts, line, finish }) {
  const known = new Map(facts);
  const { tokens } = row;
  const list = [
    ["Recorded", showDate(row.recordedAt, true)],
    ["Took", row.durationMs !== undefined && showTime(row.durationMs)],
    ["Tokens", tokens && showCount(tokens.input) + " in, " + showCount(tokens.output) + " out"],
    ["Cost", row.cost !== undefined && showCost(row.cost)],
    ["Size", showBytes(row.bytes)],
    ["Status", known.get("status") && known.get("status") !== "200" && known.get("status")],
    ["Ended", finish],
    ["Error", known.get("error") && "no. " + known.get("error")],
    ["Namespace", known.get("namespace")],
    ["Repeat", known.get("number")],
    ["Line", line && showCount(line)],
  ];
  return el("dl", { class: "facts" }, list.filter(([, value]) => value).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function settingsOf({ settings }) {
  if (!settings.length) return undefined;
  return el("ul", { class: "settings", "aria-label": "Parameters" }, settings.map(([name, value]) => el("li", {}, el("span", {}, name), " ", value)));
}

function titleOf({ row }) {
  const kind = [row.provider, row.kind, row.isStream && "stream"].filter(Boolean);
  return [
    el("h1", { tabindex: "-1" }, row.model || row.provider || "Entry " + row.key),
    el("p", { class: "sub" }, dotted([...kind, el("code", {}, row.key)])),
  ];
}

function compareButton(id) {
  return el("button", { type: "button", onclick: () => (location.hash = "#/compare/" + id) }, "Compare");
}

/** What was asked and answered. */
function bodyOf(details, id) {
  const { asked, answered, timeline } = details;
  const noteOf = answered.length > 1 ? (at) => "choice " + (at + 1) + " of " + answered.length : undefined;
  const [, requested] = details.facts.find(([name]) => name === "request") || [];
  const whole = messagesOf(answered, id, asked.length, noteOf);
  const answer = el("div", { class: "answer" }, whole);
  return [
    requested && el("p", { class: "url" }, requested),
    factsOf(details),
    settingsOf(details),
    el("section", { "aria-label": "Request" }, el("h2", {}, "Request"), asked.length ? messagesOf(asked, id, 0) : el("p", { class: "quiet" }, "The file does not contain the request.")),
    el("section", { "aria-label": "Response" }, el("h2", {}, "Response"), timeline && playerOf(details, answer, whole, asked.length), answered.length ? answer : el("p", { class: "quiet" }, "The response is empty."), eventsOf(details)),
  ];
}

/** Loads an entry, with its id. */
async function entryOf(id) {
  const details = await source.entry(id);
  return { ...details, row: { ...details.row, id } };
}

async function showEntry(id) {
  const details = await entryOf(id);
  const { row } = details;
  const head = el("header", { class: "entry-head" }, el("a", { class: "back", href: "#/" }, "‹ Entries"), el("div", { class: "titles" }, titleOf(details)), compareButton(id));
  return { title: row.model || row.key, view: el("div", { class: "entry" }, head, bodyOf(details, id)), opened: id };
}
`;
