/** Two entries side by side. */
export const COMPARE = String.raw`
/** A text, with the part that differs from the other text marked: what lies between the common start and end. */
function markedOf(text, other) {
  const most = Math.min(text.length, other.length);
  let [start, end] = [0, 0];
  while (start < most && text[start] === other[start]) start++;
  while (end < most - start && text[text.length - 1 - end] === other[other.length - 1 - end]) end++;
  const middle = text.slice(start, text.length - end);
  return [text.slice(0, start), middle && el("mark", {}, middle), end ? text.slice(text.length - end) : ""];
}

const textsOf = (message) => message ? message.parts.filter((part) => part.kind === "text").map(({ text }) => text).join("\n\n") : "";

/** A message beside the one of the other entry, without its role. The difference of its texts is marked. */
function sideOf(message, other, where, key) {
  const which = el("code", { class: "which" }, key);
  if (!message) return el("div", { class: "side-of" }, which, el("p", { class: "none" }, "no message"));
  const texts = textsOf(message);
  const prose = texts && el("div", { class: "prose", dir: "auto" }, other ? markedOf(texts, textsOf(other)) : texts);
  const rest = message.parts.map((part, at) => part.kind === "text" ? undefined : partOf(part, { ...where, part: at }));
  return el("div", { class: "side-of" }, which, el("div", { class: "parts" }, prose, rest));
}

/** The role of two messages, or both roles. */
function rolesOf(a, b) {
  const roles = [...new Set([a, b].flatMap((message) => message ? [message.role] : []))];
  const known = roles.length === 1 && ROLES[roles[0].toLowerCase()] || "other";
  return el("div", { class: "message role-only " + known }, el("h3", { class: "role" }, roles.join(" / ")));
}

function isEqual(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

function pairsOf(title, [messages, others], ids, from, keys) {
  const rows = [];
  for (let at = 0; at < Math.max(messages.length, others.length); at++) {
    const [a, b] = [messages[at], others[at]];
    if (isEqual(a, b)) {
      const start = a.parts.map((part) => part.text).join(" ").slice(0, 80);
      rows.push(el("details", { class: "same" }, el("summary", {}, el("b", {}, "Same " + a.role + " message"), " ", start), messageOf(a, { id: ids[0], message: from[0] + at })));
    } else rows.push(el("div", { class: "pair" }, rolesOf(a, b), sideOf(a, b, { id: ids[0], message: from[0] + at }, keys[0]), sideOf(b, a, { id: ids[1], message: from[1] + at }, keys[1])));
  }
  return el("section", { "aria-label": title }, el("h2", {}, title), rows.length ? rows : el("p", { class: "quiet" }, "Nothing to compare."));
}

/** Equal facts are not repeated: the table lists what differs. */
function factPairs(a, b) {
  const rows = [
    ["Model", (row) => row.model], ["Recorded", (row) => showDate(row.recordedAt, true)], ["Took", (row) => row.durationMs === undefined ? "" : showTime(row.durationMs)],
    ["Tokens in", (row) => row.tokens ? showCount(row.tokens.input) : ""], ["Tokens out", (row) => row.tokens ? showCount(row.tokens.output) : ""],
    ["Cost", (row) => row.cost === undefined ? "" : showCost(row.cost)], ["Size", (row) => showBytes(row.bytes)],
  ].map(([name, of]) => [name, of(a.row) || "", of(b.row) || ""]);
  const settings = [...new Set([...a.settings, ...b.settings].map(([name]) => name))].map((name) => [name, ...[a, b].map(({ settings }) => (settings.find(([other]) => other === name) || ["", ""])[1])]);
  const all = [...rows, ...settings.filter(([, left, right]) => left !== right)].filter(([, left, right]) => left || right);
  return el("table", { class: "versus" }, el("thead", {}, el("tr", {}, el("td"), [a, b].map(({ row }) => el("th", { scope: "col" }, el("a", { href: "#/entry/" + row.id }, row.key))))),
    el("tbody", {}, all.map(([name, left, right]) => el("tr", { class: left === right ? "equal" : "" }, el("th", { scope: "row" }, name), el("td", {}, left), el("td", {}, right)))));
}

async function showPair(idA, idB) {
  const [a, b] = await Promise.all([entryOf(idA), entryOf(idB)]);
  const keys = [a.row.key, b.row.key];
  const lines = await source.differences(idA, idB).catch(() => undefined); // values that are nested too deeply
  const differences = lines && el("details", { class: "same" }, el("summary", {}, el("b", {}, lines.length ? plural(lines.length, "difference") : "No differences"), " by JSON path"), el("ul", { class: "differences" }, lines.map((line) => el("li", {}, el("code", {}, line)))));
  const view = el("div", { class: "entry compare" },
    el("header", { class: "entry-head" }, el("a", { class: "back", href: "#/" }, "‹ Entries"), el("div", { class: "titles" }, el("h1", { tabindex: "-1" }, "Two entries"), el("p", { class: "sub" }, "Only differences are shown side by side."))),
    factPairs(a, b), differences,
    pairsOf("Request", [a.asked, b.asked], [idA, idB], [0, 0], keys),
    pairsOf("Response", [a.answered, b.answered], [idA, idB], [a.asked.length, b.asked.length], keys),
  );
  return { title: "Two entries", view, opened: idB };
}

/** Asks for the second entry. On a wide screen, the first one stays beside the list. */
async function choosePair(id) {
  const details = await entryOf(id);
  const title = el("h1", { tabindex: "-1" }, "Compare " + details.row.key + " with …");
  const titles = el("div", { class: "titles" }, title, el("p", { class: "sub" }, "Choose the other entry in the list."));
  const cancel = el("button", { type: "button", onclick: () => (location.hash = "#/entry/" + id) }, "Cancel");
  const head = el("header", { class: "entry-head" }, titles, cancel);
  return { title: "Compare", view: el("div", { class: "entry" }, head, isWide() && bodyOf(details, id)), opened: id };
}
`;
