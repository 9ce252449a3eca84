/** Where the page reads entries: from its server, or from its own elements. */
export const SOURCE = String.raw`
const blocks = new Map([...document.querySelectorAll("script[data-name]")].map((block) => [block.dataset.name, block]));
const isReport = blocks.size > 0;
const blockOf = (name) => JSON.parse(blocks.get(name) ? blocks.get(name).textContent : "null");

async function ask(name, parameters) {
  let response;
  try {
    response = await fetch(name + "?" + new URLSearchParams(parameters || {}));
  } catch {
    throw new Error("The server does not answer. Run cachy view again, and open the address that it prints.");
  }
  if (!response.ok) throw new Error(await response.text());
  return response;
}
const askJson = async (name, parameters) => (await ask(name, parameters)).json();

const served = {
  file: () => askJson("file"),
  entries: (choice, from, most) => askJson("entries", { ...choice, from, most }),
  entry: (id) => askJson("entry", { id }),
  text: (id, place, from) => askJson("text", { id, ...place, from }),
  events: (id, from) => askJson("events", { id, from }),
  differences: (a, b) => askJson("differences", { a, b }),
  totals: () => askJson("totals"),
  media: async (id, place) => (await ask("media", { id, ...place })).blob(),
};

/** The columns by which rows can be sorted, as on the server. */
const ORDERS = {
  size: (row) => row.bytes,
  tokens: (row) => row.tokens ? row.tokens.input + row.tokens.output : -1,
  duration: (row) => row.durationMs === undefined ? -1 : row.durationMs,
};
const UNITS = { h: 36e5, d: 864e5 };
let allRows;

/** The texts of an entry, for the search. */
function wordsOf(row) {
  const { asked, answered } = blockOf("entry " + row.id);
  const texts = [...asked, ...answered].flatMap(({ parts }) => parts).flatMap((part) => [part.text, part.name, part.id, part.url]);
  return [row.model, ...texts].join("\n").toLowerCase();
}

const embedded = {
  file: async () => blockOf("file"),
  async entries({ model, grep, since, sort }, from, most) {
    if (!allRows) allRows = blockOf("rows");
    const [, count, unit] = /^(\d+)([hd])$/.exec(since || "") || [];
    const least = count ? Date.now() - count * UNITS[unit] : -Infinity;
    const sought = (grep || "").toLowerCase();
    const rows = allRows.filter((row) =>
      (!model || row.model === model) && (!count || Date.parse(row.recordedAt) >= least) && (!sought || wordsOf(row).includes(sought))
    );
    if (sort) rows.sort((a, b) => ORDERS[sort](b) - ORDERS[sort](a));
    return { rows: rows.slice(from, from + most), total: rows.length, isComplete: true };
  },
  async entry(id) {
    const found = blockOf("entry " + id);
    if (!found) throw new Error("This report does not contain the entry.");
    return found;
  },
  events: async () => [],
  differences: async () => undefined,
  totals: async () => blockOf("totals"),
  async media(id, { message, part }) {
    const base64 = blockOf("entry " + id).media[message + " " + part];
    if (base64 === undefined) throw new Error("The file is too large for a report.");
    return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))]);
  },
};

const source = isReport ? embedded : served;
`;
