/** A stream, replayed at its recorded pace. */
export const STREAM = String.raw`
const SPEEDS = [["0.5", "½×"], ["1", "1×"], ["2", "2×"], ["4", "4×"]];

/** The messages as far as they had arrived. */
function messagesAt(answered, lengths) {
  return answered.slice(0, lengths.length).map(({ role, parts }, message) => ({
    role,
    parts: parts.slice(0, lengths[message].length).map((part, at) => {
      const isGrowing = part.kind === "text" || part.kind === "thinking" || part.kind === "call";
      return isGrowing ? { ...part, text: part.text.slice(0, lengths[message][at]), length: undefined } : part;
    }).filter((part) => part.kind !== "text" || part.text),
  })).filter(({ parts }) => parts.length);
}

/** The bars of the chunks. Their heights are logarithmic, because sizes differ widely. */
function chunkChart({ chunks, count }, end) {
  const most = Math.log2(1 + Math.max(...chunks.map(([, bytes]) => bytes)));
  const bars = chunks.map(([ms, bytes]) => {
    const height = Math.max(3, 40 * Math.log2(1 + bytes) / (most || 1));
    return svg("line", { x1: 1000 * ms / end, x2: 1000 * ms / end, y1: 44, y2: 44 - height, "vector-effect": "non-scaling-stroke" });
  });
  const label = plural(count, "chunk") + " in " + showTime(end);
  return svg("svg", { class: "chunks", viewBox: "0 0 1000 44", preserveAspectRatio: "none", role: "img", "aria-label": label }, ...bars);
}

function longestPause(chunks) {
  let [longest, before] = [0, 0];
  for (const [ms] of chunks) {
    longest = Math.max(longest, ms - before);
    before = ms;
  }
  return longest;
}

/** The player of a stream. box: the element with the response. whole: its complete content. */
function playerOf({ timeline, answered, row }, box, whole, from) {
  const { chunks, frames, count } = timeline;
  const end = Math.max(1, chunks.at(-1)[0]);
  const range = el("input", { type: "range", min: 0, max: 1000, value: 1000, step: 1, "aria-label": "Time in the stream" });
  const clock = el("output", { class: "clock" }, showTime(end));
  const speed = el("select", { "aria-label": "Speed" }, SPEEDS.map(([value, text]) => el("option", { value, selected: value === "1" }, text)));
  const head = el("div", { class: "playhead" });
  const track = el("div", { class: "track" }, chunkChart(timeline, end), head, range);
  const button = el("button", { type: "button", class: "primary", onclick: () => (isPlaying ? pause() : play()) }, "Replay");
  let [isPlaying, ms, last, shown] = [false, end, 0, -1];

  function show(time) {
    ms = Math.min(end, time);
    range.value = 1000 * ms / end;
    range.setAttribute("aria-valuetext", showTime(ms));
    head.style.left = 100 * ms / end + "%";
    clock.textContent = showTime(ms);
    const at = frames.findLastIndex((frame) => frame.ms <= ms);
    const isWhole = ms >= end || !frames.length;
    if (shown === (isWhole ? "whole" : at)) return;
    shown = isWhole ? "whole" : at;
    if (isWhole) box.replaceChildren(whole);
    else {
      const messages = at === -1 ? [] : messagesAt(answered, frames[at].lengths);
      const live = messages.map((message, number) => messageOf(message, { id: row.id, message: from + number, isLive: true }));
      box.replaceChildren(...(live.length ? [el("div", { class: "messages" }, live)] : [el("p", { class: "quiet waiting" }, "Waiting for the first text …")]));
    }
  }
  function step(now) {
    if (!isPlaying || !track.isConnected) return;
    const passed = (now - last) * Number(speed.value);
    last = now;
    show(ms + passed);
    if (ms >= end) pause();
    else requestAnimationFrame(step);
  }
  function play() {
    if (ms >= end) show(0);
    isPlaying = true;
    button.textContent = "Pause";
    requestAnimationFrame((now) => {
      last = now;
      step(now);
    });
  }
  function pause() {
    isPlaying = false;
    button.textContent = ms >= end ? "Replay" : "Continue";
  }
  range.addEventListener("input", () => {
    pause();
    show(end * range.value / 1000);
    button.textContent = ms >= end ? "Replay" : "Continue";
  });
  show(end);
  const first = chunks[0][0];
  const facts = [plural(count, "chunk"), "first after " + showTime(first), "longest pause " + showTime(longestPause(chunks))];
  return el("section", { class: "player", "aria-label": "Stream" }, el("div", { class: "controls" }, button, clock, speed, el("p", { class: "quiet" }, dotted(facts))), track, el("div", { class: "axis" }, el("span", {}, "headers"), el("span", {}, showTime(end))));
}

/** The events of a stream, the first ones at once. */
function eventsOf({ events, eventCount, row }) {
  if (!eventCount) return undefined;
  const body = el("tbody");
  const add = (more) => body.append(...more.map(({ ms, name, text }) => el("tr", {}, el("td", {}, ms === undefined ? "" : showTime(ms)), el("td", {}, name), el("td", {}, el("code", {}, text)))));
  add(events);
  let shown = events.length;
  const left = () => plural(eventCount - shown, "more event");
  const more = shown >= eventCount
    ? undefined
    : isReport
    ? el("p", { class: "quiet" }, left() + " left out of this report")
    : el("button", {
      type: "button",
      class: "more",
      async onclick() {
        const next = await source.events(row.id, shown);
        add(next);
        shown += next.length;
        more.textContent = "Show " + left();
        if (shown >= eventCount || !next.length) more.remove();
      },
    }, "Show " + left());
  const titles = el("thead", {}, el("tr", {}, ["Time", "Event", "Data"].map((title) => el("th", { scope: "col" }, title))));
  return el("details", { class: "events" }, el("summary", {}, plural(eventCount, "event")), el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Events" }, el("table", {}, titles, body)), more);
}
`;
