/** Which view the address asks for. */
export const ROUTES = String.raw`
let isFirst = true;

/** The rows link to another view while an entry is compared. */
function redraw() {
  items.replaceChildren();
  draw();
}

/** The views, by the first word of the address. A view returns the title of the document. */
const VIEWS = {
  entry: ([id]) => showEntry(id),
  compare: ([a, b]) => b ? showPair(a, b) : choosePair(a),
  charts: showCharts,
  misses: showMisses,
};

const isWide = () => matchMedia("(min-width: 60em)").matches;

/** On a wide screen, the newest entry is shown beside the list. */
async function showNewest() {
  const page = list.pages.get(0);
  if (page) await page.loading;
  const row = page && page.rows[0];
  if (isWide() && row) return showEntry(row.id);
  const isEmpty = !row && list.isComplete;
  return {
    title: "Entries",
    view: el("div", { class: "entry" }, el("h1", { tabindex: "-1" }, isEmpty ? "No entries" : "Entries"), isEmpty && el("p", { class: "sub" }, "Record a call, then load this page again.")),
  };
}

let asked = 0;

async function route() {
  const current = ++asked;
  const [name = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  const show = Object.hasOwn(VIEWS, name) ? VIEWS[name] : undefined;
  mark(name, rest, show !== undefined);
  main.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => current === asked && fill(el("p", { class: "entry quiet", role: "status" }, "Reading …")), 300);
  const found = await (show ? show(rest) : showNewest()).catch((error) => ({
    title: "Error",
    view: el("div", { class: "entry" }, el("h1", { tabindex: "-1" }, "Cannot show this"), failed(error)),
  }));
  clearTimeout(slow);
  if (current !== asked) return;
  fill(found.view);
  list.opened = found.opened || "";
  redraw();
  main.removeAttribute("aria-busy");
  document.title = found.title + " · cachy";
  // The focus on its title announces a new view.
  const heading = main.querySelector("h1");
  if (!isFirst && heading && show) heading.focus({ preventScroll: true });
  if (!isFirst && !show && !isWide()) focusRow(); // back in the list, at the entry that was read
  isFirst = false;
}

/** Marks the current view for the style and for screen readers. */
function mark(name, rest, isKnown) {
  const isSingle = name === "charts" || name === "misses";
  const isChoosing = name === "compare" && !rest[1];
  compared = isChoosing ? rest[0] : "";
  Object.assign(document.body.dataset, { pane: !isKnown ? "list" : isChoosing ? "choose" : "detail", view: isSingle ? "single" : "panes" });
  for (const view of ["entries", "charts", "misses"]) {
    if (view === (isSingle ? name : "entries")) byId("go-" + view).setAttribute("aria-current", "page");
    else byId("go-" + view).removeAttribute("aria-current");
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || /^(?:INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  event.preventDefault();
  if (document.body.dataset.pane !== "list" && !isWide()) location.hash = "#/";
  byId("search").focus();
});

async function begin() {
  buildList();
  source.file().then(({ name, bytes, misses }) => {
    byId("file").replaceChildren(name, el("span", { class: "wide-only" }, " · " + showBytes(bytes)));
    byId("go-misses").hidden = !misses.length;
    byId("go-misses").append(misses.length ? " " + misses.length : "");
  }).catch(() => {});
  await choose({});
  addEventListener("hashchange", route);
  await route();
}
begin();
`;
