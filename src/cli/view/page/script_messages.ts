/** A conversation as a person reads it. */
export const MESSAGES = String.raw`
const ROLES = { user: "user", human: "user", assistant: "assistant", model: "assistant", chatbot: "assistant", system: "system", developer: "system", tool: "tool", function: "tool" };

/** Text with its fenced code in boxes. Other Markdown stays as it is. */
function proseOf(text) {
  const pieces = text.split(/^[ \t]*(?:~~~|\x60\x60\x60)([^\n\x60]*)$/m);
  const nodes = [];
  for (let at = 0; at < pieces.length; at += 2) {
    const isCode = at % 4 === 2;
    const start = at === 0 ? pieces[at] : pieces[at].replace(isCode ? /^\n/ : /^\n+/, "");
    const piece = at + 2 < pieces.length ? start.trimEnd() : start;
    if (isCode) nodes.push(el("pre", { class: "code", tabindex: "0", "aria-label": "Code " + (pieces[at - 1] || "").trim() }, piece));
    else if (piece.trim()) nodes.push(el("div", { class: "prose", dir: "auto" }, piece));
  }
  return nodes;
}

/** JSON with indents; any other text as it is. */
function indented(text) {
  try {
    return text.length > 200000 ? text : JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The button that loads the rest of a long text into its element. */
function moreOf(part, where, target) {
  if (part.length === undefined) return undefined;
  let shown = part.text.length;
  const left = () => plural(part.length - shown, "more character");
  if (isReport) return el("p", { class: "quiet" }, left() + " left out of this report");
  const button = el("button", {
    type: "button",
    class: "more",
    async onclick() {
      button.disabled = true;
      const { text } = await source.text(where.id, { message: where.message, part: where.part }, shown);
      target.append(document.createTextNode(text));
      shown += text.length;
      button.disabled = false;
      if (shown >= part.length || !text) button.remove();
      else button.textContent = "Show " + left();
    },
  }, "Show " + left());
  return button;
}

/** A link only for http and https. It is followed only by a click, and sends no referrer. */
function linkTo(url, label) {
  const isLink = /^https?:\/\//i.test(url);
  return isLink ? el("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, label || url) : el("span", {}, label || url);
}

function mediaOf(part, where) {
  const isImage = (part.media || "").startsWith("image/");
  const caption = el("figcaption", {}, part.text, part.url ? [" · ", linkTo(part.url)] : undefined);
  const figure = el("figure", { class: "media" }, caption);
  if (!part.media || where.isLive) return figure;
  const shown = isImage ? el("img", { alt: "Recorded " + part.text }) : el("audio", { controls: true, "aria-label": "Recorded " + part.text });
  source.media(where.id, { message: where.message, part: where.part }).then((blob) => {
    const url = URL.createObjectURL(new Blob([blob], { type: part.media }));
    shown.addEventListener("error", () => shown.replaceWith(el("p", { class: "quiet" }, "The browser cannot show this file.")));
    shown.src = url;
  }).catch((error) => shown.replaceWith(el("p", { class: "quiet" }, error.message)));
  figure.prepend(shown);
  return figure;
}

function partOf(part, where) {
  switch (part.kind) {
    case "text": {
      const nodes = proseOf(part.text);
      if (!nodes.length) nodes.push(el("div", { class: "prose" }, part.text));
      return [nodes, moreOf(part, where, nodes.at(-1))];
    }
    case "thinking": {
      const prose = el("div", { class: "prose", dir: "auto" }, part.text);
      return el("details", { class: "thinking", open: where.isLive }, el("summary", {}, "Thinking"), prose, moreOf(part, where, prose));
    }
    case "call": {
      const pre = el("pre", { class: "code", tabindex: "0", "aria-label": "Arguments" }, indented(part.text));
      return el("div", { class: "card" }, el("p", { class: "card-head" }, el("b", {}, part.name || "?"), el("span", {}, "tool call"), part.id && el("code", {}, part.id)), pre, moreOf(part, where, pre));
    }
    case "result": {
      const pre = el("pre", { class: "code", tabindex: "0", "aria-label": "Result" }, indented(part.text));
      return el("div", { class: "card" }, el("p", { class: "card-head" }, el("b", {}, part.name || "result"), part.name && el("span", {}, "result"), part.id && el("code", {}, part.id)), pre, moreOf(part, where, pre));
    }
    case "citation":
      return el("p", { class: "citation" }, el("span", { class: "tag" }, "source"), part.url ? linkTo(part.url, part.name) : el("b", {}, part.name || ""), part.text ? el("q", {}, part.text) : undefined);
    case "media":
      return mediaOf(part, where);
    case "json": {
      const pre = el("pre", { class: "code", tabindex: "0", "aria-label": "JSON" }, indented(part.text));
      return [pre, moreOf(part, where, pre)];
    }
    default:
      return el("p", { class: "prose mono" }, part.text);
  }
}

/** A message. where: the id of the entry, and the number of the message. */
function messageOf({ role, parts }, where, note) {
  const known = ROLES[role.toLowerCase()] || "other";
  const title = el("h3", { class: "role" }, role, note && el("small", {}, note));
  return el("article", { class: "message " + known }, title, el("div", { class: "parts" }, parts.map((part, at) => partOf(part, { ...where, part: at }))));
}

const MOST_MESSAGES = 200;

/** Many messages, the first ones at once. */
function messagesOf(messages, id, from, noteOf) {
  const list = el("div", { class: "messages" });
  let shown = 0;
  const button = el("button", { type: "button", class: "more", onclick: () => add() });
  const add = () => {
    const next = messages.slice(shown, shown + MOST_MESSAGES);
    button.before(...next.map((message, at) => messageOf(message, { id, message: from + shown + at }, noteOf && noteOf(shown + at))));
    shown += next.length;
    button.textContent = "Show " + plural(messages.length - shown, "more message");
    if (shown >= messages.length) button.remove();
  };
  list.append(button);
  add();
  return list;
}
`;
