/** Charts by model and by day, and the misses. */
export const CHARTS = String.raw`
const METRICS = [
  ["tokens", "Tokens", showShort],
  ["entries", "Entries", showCount],
  ["milliseconds", "Time", showTime],
  ["bytes", "Size", showBytes],
  ["cost", "Cost", showCost],
];
const MOST_SERIES = 6;

function sumsBy(totals, member, metric) {
  const sums = new Map();
  for (const total of totals) sums.set(total[member], (sums.get(total[member]) || 0) + (total[metric] || 0));
  return sums;
}

/** A table whose bars show the values. */
function modelChart(totals, metric, format, seriesOf) {
  const sums = [...sumsBy(totals, "model", metric)].filter(([, value]) => value > 0).sort(([, a], [, b]) => b - a);
  const most = Math.max(...sums.map(([, value]) => value));
  const rows = sums.map(([model, value]) => {
    const bar = el("span", { class: "bar s" + seriesOf(model) });
    bar.style.width = Math.max(0.5, 100 * value / most) + "%";
    return el("tr", {}, el("th", { scope: "row" }, model), el("td", { class: "bar-cell" }, bar), el("td", { class: "number" }, format(value)));
  });
  return el("table", { class: "bars" }, el("caption", {}, "By model"), el("tbody", {}, rows));
}

const DAY = 864e5;
/** More days are joined to weeks, then to months. */
function periodOf(days) {
  const span = (Date.parse(days.at(-1)) - Date.parse(days[0])) / DAY;
  if (span <= 60) return { name: "day", of: (day) => day, next: (day) => new Date(Date.parse(day) + DAY).toISOString().slice(0, 10) };
  if (span <= 400) {
    const of = (day) => new Date(Date.parse(day) - (new Date(day).getUTCDay() + 6) % 7 * DAY).toISOString().slice(0, 10);
    return { name: "week", of, next: (day) => new Date(Date.parse(day) + 7 * DAY).toISOString().slice(0, 10) };
  }
  return { name: "month", of: (day) => day.slice(0, 7), next: (month) => new Date(Date.UTC(+month.slice(0, 4), +month.slice(5, 7), 1)).toISOString().slice(0, 7) };
}

const MOST_PERIODS = 150;

function dayChart(totals, metric, format, seriesOf) {
  const dated = totals.filter(({ day }) => day);
  const days = [...new Set(dated.map(({ day }) => day))].sort();
  if (!days.length) return el("p", { class: "quiet" }, "The entries have no dates.");
  const period = periodOf(days);
  const columns = new Map();
  for (let at = period.of(days[0]); at <= period.of(days.at(-1)); at = period.next(at)) columns.set(at, new Map());
  for (const total of dated) {
    const column = columns.get(period.of(total.day));
    if (column) column.set(seriesOf(total.model), (column.get(seriesOf(total.model)) || 0) + (total[metric] || 0));
  }
  const shown = [...columns].slice(-MOST_PERIODS).map(([at, series]) => ({ at, series, sum: [...series.values()].reduce((a, b) => a + b, 0) }));
  const most = Math.max(...shown.map(({ sum }) => sum), 1e-9);
  const width = 100 / Math.max(shown.length, 8);
  const bars = shown.map(({ series, at, sum }, index) => {
    let top = 100;
    const parts = [...series].sort(([a], [b]) => a - b).map(([number, value]) => {
      const height = 96 * value / most;
      top -= height;
      return svg("rect", { class: "s" + number, x: index * width + width * 0.12, width: width * 0.76, y: top, height });
    });
    return svg("g", {}, svg("title", {}, at + ": " + format(sum)), ...parts);
  });
  const picture = svg("svg", { class: "columns", viewBox: "0 0 100 100", preserveAspectRatio: "none", role: "img", "aria-label": "Chart by " + period.name + ", most " + format(most) }, ...bars);
  const axis = el("div", { class: "axis" }, el("span", {}, shown[0].at), shown.length > 1 && shown.length * width > 60 && el("span", {}, shown.at(-1).at));
  const table = el("table", { class: "plain" }, el("thead", {}, el("tr", {}, [period.name[0].toUpperCase() + period.name.slice(1), "Sum"].map((title) => el("th", { scope: "col" }, title)))), el("tbody", {}, shown.filter(({ sum }) => sum).reverse().map(({ at, sum }) => el("tr", {}, el("td", {}, at), el("td", { class: "number" }, format(sum))))));
  return el("figure", { class: "by-day" }, el("figcaption", {}, "By " + period.name, el("small", {}, "most " + format(most))), picture, axis, el("details", {}, el("summary", {}, "As a table"), table));
}

async function showCharts() {
  const totals = await source.totals();
  const sum = (metric) => totals.reduce((all, total) => all + (total[metric] || 0), 0);
  const known = METRICS.filter(([metric]) => sum(metric) > 0);
  if (!known.length) return { title: "Charts", view: el("div", { class: "entry" }, el("h1", { tabindex: "-1" }, "Charts"), el("p", { class: "quiet" }, "The file has no entries.")) };
  const byEntries = [...sumsBy(totals, "model", "entries")].sort(([, a], [, b]) => b - a).map(([model]) => model);
  const seriesOf = (model) => Math.min(byEntries.indexOf(model), MOST_SERIES - 1);
  const charts = el("div", { class: "charts", id: "charts" });
  const tabs = known.map(([metric, name, format], at) => el("button", { type: "button", class: "tile", "aria-pressed": "false", onclick: () => select(at) }, el("span", {}, name), el("b", {}, format(sum(metric)))));
  const select = (at) => {
    const [metric, , format] = known[at];
    for (const [index, tab] of tabs.entries()) tab.setAttribute("aria-pressed", String(index === at));
    const unpriced = metric === "cost" ? [...new Set(totals.filter(({ cost, tokens }) => tokens && cost === undefined).map(({ model }) => model))] : [];
    const note = unpriced.length ? [el("p", { class: "sub" }, "Not counted, because they have no price: " + unpriced.join(", ") + ".")] : [];
    charts.replaceChildren(...note, dayChart(totals, metric, format, seriesOf), modelChart(totals, metric, format, seriesOf));
  };
  select(0);
  const view = el("div", { class: "entry" }, el("h1", { tabindex: "-1" }, "Charts"), el("p", { class: "sub" }, "All entries, as they were recorded. Days are in UTC."), el("div", { class: "tiles", role: "group", "aria-label": "Measure" }, tabs), charts);
  return { title: "Charts", view };
}

async function showMisses() {
  const { misses } = await source.file();
  const view = el("div", { class: "entry" }, el("h1", { tabindex: "-1" }, "Misses"), el("p", { class: "sub" }, misses.length ? "Requests of the last run that had no recorded response." : "The last run had no misses."),
    misses.map(({ request, explanation, time, test }) => el("article", { class: "miss" }, el("h2", {}, test || request), test && el("p", { class: "url" }, request), time && el("p", { class: "sub" }, showDate(time, true)), el("pre", { class: "code", tabindex: "0", "aria-label": "Explanation" }, explanation))));
  return { title: "Misses", view };
}
`;
