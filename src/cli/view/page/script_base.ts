/** Building elements, and formatting amounts. */
export const BASE = String.raw`
/** Creates an element. Texts become text nodes, so no recorded text is read as HTML. */
function el(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === false) continue;
    if (attribute.startsWith("on")) element.addEventListener(attribute.slice(2), value);
    else element.setAttribute(attribute, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

function svg(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children);
  return element;
}

/** Parts in one line, with a dot between them. A part is not broken, and no line begins with a dot. */
const dotted = (parts) => parts.flatMap((part, at) => [el("span", { class: "together" }, part, at < parts.length - 1 && " ·"), " "]);

const byId = (id) => document.getElementById(id);
const main = byId("view");
const side = byId("side");

/** Shows another view. Images and sounds of the old one are released. */
function fill(view) {
  for (const shown of main.querySelectorAll("img, audio")) {
    const url = shown.src;
    shown.removeAttribute("src"); // ends the loading, which would fail without the URL
    if (shown.load) shown.load();
    URL.revokeObjectURL(url);
  }
  main.replaceChildren(view);
  main.scrollTop = 0;
}

function inUnits(value, units) {
  let [name, size] = units[0];
  for (const unit of units) if (value >= unit[1] * 0.9995) [name, size] = unit;
  const amount = value / size;
  const digits = size === 1 && amount >= 10 || amount >= 99.95 ? 0 : 1;
  return amount.toFixed(digits).replace(/\.0$/, "") + (name ? " " + name : "");
}
const showBytes = (bytes) => inUnits(bytes, [["B", 1], ["kB", 1e3], ["MB", 1e6], ["GB", 1e9]]);
const showTime = (ms) => inUnits(ms, [["ms", 1], ["s", 1e3], ["min", 6e4], ["h", 36e5]]);
const showShort = (count) => inUnits(count, [["", 1], ["k", 1e3], ["M", 1e6], ["G", 1e9]]).replace(" ", "");
const showCount = (count) => count.toLocaleString("en");
const showCost = (dollars) => dollars > 0 && dollars < 1e-6 ? "< $0.000001" : "$" + (dollars >= 100 ? dollars.toFixed(0) : dollars >= 0.1 ? dollars.toFixed(2) : dollars.toPrecision(2));
const plural = (count, one, many) => showCount(count) + " " + (count === 1 ? one : many || one + "s");

/** The time of a recording in the user's zone: a time today, otherwise a date. */
function showDate(iso, isWhole) {
  const date = new Date(iso || NaN);
  if (Number.isNaN(date.getTime())) return "";
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const isToday = date.toDateString() === new Date().toDateString();
  if (isToday && !isWhole) return time;
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: isThisYear && !isWhole ? undefined : "numeric" });
  return isWhole ? day + ", " + time : day;
}

/** Shows a failure where the content would be. */
function failed(error) {
  return el("p", { class: "note", role: "alert" }, String(error && error.message || error));
}
`;
