/** The list of entries, its search and its filters. */
export const LIST = String.raw`
const ROW = 88; // the height of a row in CSS pixels
const PAGE = 100; // rows in one request
const MOST_PAGES = 20; // pages that are kept
const HIGHEST = 15e6; // browsers limit the height of elements, in CSS pixels

const list = { choice: {}, total: 0, isComplete: false, pages: new Map(), at: 0, opened: "", version: 0 };
const count = el("p", { class: "count", role: "status" });
const items = el("ul", { class: "rows" });
const scroller = el("div", { class: "scroller" }, items);

function buildList() {
  const search = el("input", { type: "search", id: "search", placeholder: "Search prompts and responses", "aria-label": "Search prompts and responses", "aria-keyshortcuts": "/", autocomplete: "off", spellcheck: "false" });
  const model = el("select", { "aria-label": "Model" }, el("option", { value: "" }, "All models"));
  const since = el("select", { "aria-label": "Time" }, [["", "Any time"], ["24h", "1 day"], ["7d", "7 days"], ["30d", "30 days"]].map(([value, text]) => el("option", { value }, text)));
  const sort = el("select", { "aria-label": "Order" }, [["", "Newest"], ["duration", "Slowest"], ["tokens", "Most tokens"], ["size", "Largest"]].map(([value, text]) => el("option", { value }, text)));
  const apply = () => choose({ grep: search.value.trim(), model: model.value, since: since.value, sort: sort.value });
  let timer;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 200);
  });
  for (const select of [model, since, sort]) select.addEventListener("change", apply);
  const form = el("form", { class: "filters", role: "search", onsubmit: (event) => (event.preventDefault(), apply()) }, search, el("div", { class: "selects" }, model, since, sort));
  side.append(form, count, scroller);
  scroller.addEventListener("scroll", drawSoon, { passive: true });
  scroller.addEventListener("keydown", moveInList);
  new ResizeObserver(drawSoon).observe(scroller);
  source.totals().then((totals) => {
    const models = [...new Set(totals.map((total) => total.model))].filter((name) => !name.startsWith("(")).sort();
    model.append(...models.map((name) => el("option", { value: name }, name)));
  }).catch(() => {});
}

/** Starts a new list. */
async function choose(choice) {
  Object.assign(list, { choice: Object.fromEntries(Object.entries(choice).filter(([, value]) => value)), total: 0, isComplete: false, at: 0 });
  list.pages.clear();
  list.version++;
  scroller.scrollTop = 0;
  count.textContent = "Searching …";
  await loadPage(0);
  followSearch(list.version);
}

/** Loads a page once. */
function loadPage(number) {
  const known = list.pages.get(number);
  if (known) return known;
  const { version } = list;
  const page = { rows: [] };
  page.loading = source.entries(list.choice, number * PAGE, PAGE).then((answer) => {
    if (version !== list.version) return;
    page.rows = answer.rows;
    takeTotal(answer);
    draw();
  }).catch((error) => {
    list.pages.delete(number);
    count.textContent = error.message;
  });
  list.pages.set(number, page);
  if (list.pages.size > MOST_PAGES) list.pages.delete([...list.pages.keys()].find((key) => key !== number));
  return page.loading;
}

/** Asks for the number of matches until the search is complete. */
async function followSearch(version) {
  while (version === list.version && !list.isComplete) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    if (version !== list.version) return;
    const before = list.total;
    takeTotal(await source.entries(list.choice, 0, 0));
    const last = list.pages.get(Math.floor(before / PAGE));
    if (last && last.rows.length < PAGE) list.pages.delete(Math.floor(before / PAGE));
    draw();
  }
}

function takeTotal({ total, isComplete }) {
  Object.assign(list, { total: Math.max(total, list.total), isComplete });
  const isFiltered = list.choice.grep || list.choice.model || list.choice.since;
  count.textContent = total === 0 && isComplete
    ? isFiltered ? "No entries match" : "No entries yet"
    : plural(list.total, "entry", "entries") + (isFiltered ? " found" : "") + (isComplete ? "" : " …");
}

let isDrawing = false;
function drawSoon() {
  if (!isDrawing) requestAnimationFrame(draw);
  isDrawing = true;
}

/** Draws the visible rows and a few around them. */
function draw() {
  isDrawing = false;
  const shown = Math.min(list.total, Math.floor(HIGHEST / ROW));
  items.style.height = shown * ROW + "px";
  const first = Math.max(0, Math.floor(scroller.scrollTop / ROW) - 5);
  const last = Math.min(shown, Math.ceil((scroller.scrollTop + scroller.clientHeight) / ROW) + 5);
  const focused = document.activeElement && items.contains(document.activeElement);
  const known = new Map([...items.children].map((item) => [item.dataset.key, item]));
  const wanted = [];
  for (let at = first; at < last; at++) {
    const number = Math.floor(at / PAGE);
    const page = list.pages.get(number);
    if (!page) loadPage(number);
    const row = page && page.rows[at % PAGE];
    const key = row ? [list.version, at, row.id].join(" ") : "empty " + at;
    const item = known.get(key) || rowItem(row, at, key);
    const link = item.firstChild;
    if (row) {
      item.setAttribute("aria-setsize", list.isComplete ? shown : -1);
      link.tabIndex = at === list.at ? 0 : -1;
      if (row.id === list.opened) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    wanted.push(item);
  }
  const isWanted = new Set(wanted);
  for (const item of [...items.children]) if (!isWanted.has(item)) item.remove();
  for (const [at, item] of wanted.entries()) if (items.children[at] !== item) items.insertBefore(item, items.children[at] || null);
  if (focused) focusRow();
}

function rowItem(row, at, key) {
  const item = el("li", { "data-key": key, "aria-posinset": at + 1 });
  item.style.top = at * ROW + "px";
  if (!row) {
    item.setAttribute("aria-hidden", "true");
    item.append(el("div", { class: "row blank" }));
    return item;
  }
  const { tokens, durationMs } = row;
  const amounts = [tokens && showShort(tokens.input + tokens.output) + " tokens", durationMs !== undefined && showTime(durationMs), row.cost !== undefined && showCost(row.cost)];
  item.append(el(
    "a",
    { class: "row", href: hrefOf(row.id), onclick: () => (list.at = at) },
    el("span", { class: "row-head" }, el("b", {}, row.model || row.provider || row.kind), el("time", {}, showDate(row.recordedAt))),
    el("span", { class: "line" }, row.prompt || row.answer || "(empty)"),
    el("span", { class: "line quiet" }, row.prompt ? row.answer || "(empty response)" : "(no request recorded)"),
    el("span", { class: "row-foot" }, amounts.filter(Boolean).join(" · ") || showBytes(row.bytes), row.isStream && el("i", {}, "stream")),
  ));
  return item;
}

function focusRow() {
  const link = [...items.children].map((item) => item.firstChild).find((link) => link.tabIndex === 0 && link.href);
  if (link && link !== document.activeElement) link.focus({ preventScroll: true });
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5, Home: -Infinity, End: Infinity };

/** Arrow keys move through the rows. */
async function moveInList(event) {
  const step = STEPS[event.key];
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  list.at = Math.max(0, Math.min(list.total - 1, list.at + step));
  const top = list.at * ROW;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  if (top + ROW > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + ROW - scroller.clientHeight;
  await loadPage(Math.floor(list.at / PAGE));
  draw();
  focusRow();
}
`;
