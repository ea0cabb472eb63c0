// From citation offsets to numbered marks: which source gets which number, and where marks stand.
import { directionOf, h } from "./dom.js";
import { FIRST_MARK, markAt, MARKS } from "./inline.js";
import { render } from "./markdown.js";

// Rows of a table stand together like the words of a sentence: one mark for all of them.
const SENTENCE_END = /[.!?۔؟]\s|\n(?![^\S\n]*\|)/g;

/**
 * The answer's text with one mark character at the end of each cited span.
 *
 * Returns `{text, marks, order}`: `marks[i] = {number, source, citation}` for mark character i,
 * `order` = cited sources by number. Offsets count characters (code points), as the server does.
 */
export function placeMarks(answer, citations, sources) {
  const text = answer.replace(MARKS, "\ufffd");
  const byId = new Map(sources.map((source) => [source.id, source]));
  const order = [];
  const marks = [];
  const inserts = [];
  const spans = [...citations].sort((a, b) => a.end - b.end || a.start - b.start);
  const ends = unitOffsets(text, spans.map((span) => span.end));
  const again = citedAgain(text, spans, ends);
  spans.forEach((citation, index) => {
    const end = backOverSpace(text, ends[index]);
    for (const id of new Set(citation.source_ids)) {
      const source = byId.get(id);
      if (!source) continue;
      if (!order.includes(source)) order.push(source);
      if (again.has(`${index} ${id}`)) continue;
      inserts.push([end, marks.length]);
      marks.push({ number: order.indexOf(source) + 1, source, citation });
    }
  });
  return { text: insertAll(text, inserts), marks, order };
}

/** Code-point offsets (ascending) to UTF-16 offsets. */
function unitOffsets(text, points) {
  if (!/[\ud800-\udbff]/.test(text)) return points.map((point) => Math.min(point, text.length));
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return points.map((point) => units[Math.min(point, units.length - 1)]);
}

function backOverSpace(text, end) {
  while (end > 0 && /\s/.test(text[end - 1])) end -= 1;
  return end;
}

/** "index id" of spans whose source is cited later in the same sentence: its mark stands there, once. */
function citedAgain(text, spans, ends) {
  const stops = [...text.matchAll(SENTENCE_END)].map((found) => found.index);
  const again = new Set();
  const sentence = [];
  let stop = 0;
  ends.forEach((end, index) => {
    while (stop < stops.length && stops[stop] < end - 1) stop += 1;
    sentence[index] = stop;
  });
  const later = new Map();
  for (let index = spans.length - 1; index >= 0; index -= 1) {
    for (const id of new Set(spans[index].source_ids)) {
      const next = later.get(id);
      if (next !== undefined && sentence[next] === sentence[index]) again.add(`${index} ${id}`);
      later.set(id, index);
    }
  }
  return again;
}

function insertAll(text, inserts) {
  let marked = "";
  let from = 0;
  for (const [at, index] of inserts) {
    marked += text.slice(from, at) + markAt(index);
    from = at;
  }
  return marked + text.slice(from);
}

/** The answer as Markdown with [n] marks and its list of sources, for the clipboard. */
export function asMarkdown(question, answer, citations, sources, sourcesLabel, base) {
  const { text, marks, order } = placeMarks(answer, citations, sources);
  const numbered = besideFences(text).replace(MARKS, (mark) => `[${marks[mark.charCodeAt(0) - FIRST_MARK].number}]`);
  const list = order.map((source, index) => `${index + 1}. ${linked(source, base)}`);
  const parts = [`**${question}**`, numbered.trim()];
  if (list.length) parts.push(`${sourcesLabel}:\n\n${list.join("\n")}`);
  return `${parts.join("\n\n")}\n`;
}

/** Marks behind what ends a block of code, a formula or a row of a table would be part of it. */
function besideFences(text) {
  return text.split("\n").map((line) => {
    const from = line.search(MARKS);
    const [before, marks] = from < 0 ? [line, ""] : [line.slice(0, from), line.slice(from)];
    if (!marks || marks.replace(MARKS, "")) return line;
    if (/^\s*(`{3,}|~{3,}|\$\$)$/.test(before)) return `${before}\n\n${marks}`;
    return /^\s*\|.*\|$/.test(before) ? `${before.slice(0, -1)}${marks} |` : line;
  }).join("\n");
}

function linked(source, base) {
  const name = trail(source).join(" › ");
  return source.url ? `[${name}](${new URL(source.url, base).href})` : name;
}

/** Version (of a book that has several), page and headings down to the source, each once. */
export function trail(source) {
  const steps = source.breadcrumb?.length ? source.breadcrumb : [source.title, source.heading];
  return [source.version, ...steps].filter((step, index, all) => step && step !== all[index - 1]);
}

/** Pictures of a source's section, where its own site sends them and the page may show them. */
export function figuresOf(host, source) {
  const page = host.linkOf(source);
  if (!page || !source.figures?.length) return [];
  const { origin } = new URL(page);
  if (host.page && origin !== host.book.figures_from) return [];
  const found = source.figures.map(({ url, alt }) => ({ alt, url: new URL(url, page) }));
  return found.filter(({ url }) => url.origin === origin);
}

/** The part of a passage that speaks most of what was cited, about `length` characters. */
export function excerpt(passage, cited, length = 620) {
  const blocks = passage.replace(/^:::.*$/gm, "").split(/\n{2,}/).filter((block) => block.trim());
  const wanted = new Set(terms(cited));
  const scores = blocks.map((block) => new Set(terms(block).filter((term) => wanted.has(term))).size);
  let at = Math.max(0, scores.indexOf(Math.max(...scores)));
  if (/^#{1,6}\s/.test(blocks[at] ?? "")) at = Math.min(at + 1, blocks.length - 1);
  let shown = blocks[at] ?? passage;
  while (shown.length < length / 2 && at + 1 < blocks.length) shown += `\n\n${blocks[++at]}`;
  const cut = shown.length > length && !shown.startsWith("```") && shown.lastIndexOf(" ", length);
  return cut ? `${shown.slice(0, cut)} …` : shown;
}

const terms = (text) => text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];

// The card beside a mark: the passage, and the way to it. One card serves all marks.

const LEAVE_MS = 220;
const ENTER_MS = 90;

export class Card {
  constructor(host) {
    this.host = host;
    this.node = h("div", { class: "card", id: "card", hidden: true,
      onpointerenter: () => clearTimeout(this.timer), onpointerleave: () => this.#later() });
  }

  /** Hover, focus and touch of `link` show what `content()` gives. */
  attach(link, content) {
    link.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "touch") return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.show(link, content()), ENTER_MS);
    });
    link.addEventListener("pointerleave", () => this.#later());
    link.addEventListener("focus", () => this.show(link, content()));
    link.addEventListener("blur", () => this.#later());
    link.addEventListener("click", (event) => {
      // A finger cannot hover: its first tap shows the card, which holds the link.
      if (event.pointerType !== "touch") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      this.show(link, content());
    }, { capture: true });
  }

  show(link, { source, cited, number }) {
    clearTimeout(this.timer);
    const { words } = this.host;
    const passage = h("div", { class: "passage" });
    render(passage, excerpt(source.text, cited), { level: 4, words, mark: () => "" });
    for (const stop of passage.querySelectorAll("[tabindex], button")) stop.setAttribute("tabindex", "-1");
    const href = this.host.linkOf(source);
    const onclick = () => this.host.follow(source, cited);
    const open = href && h("a", { href, target: this.host.linkTarget, rel: "noopener", tabindex: "-1", class: "open", onclick }, words.open);
    this.node.replaceChildren(
      h("p", { class: "trail", dir: directionOf(source.heading) }, h("b", {}, String(number)), " ", trail(source).join(" › ")), passage, open || "");
    if (this.link && this.link !== link) this.link.removeAttribute("aria-describedby");
    this.link = link;
    link.setAttribute("aria-describedby", "card");
    this.node.hidden = false;
    this.#place(link);
  }

  hide() {
    clearTimeout(this.timer);
    if (this.node.hidden) return false;
    this.link?.removeAttribute("aria-describedby");
    this.node.hidden = true;
    return true;
  }

  /** The text scrolled under the card: it goes along with its mark. */
  moved() {
    if (this.node.hidden) return;
    const mark = this.link.getBoundingClientRect();
    const frame = this.node.parentElement.getBoundingClientRect();
    if (mark.bottom < frame.top || mark.top > frame.bottom) this.hide();
    else this.#place(this.link);
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide(), LEAVE_MS);
  }

  /** Above or below the mark, where there is more room, inside the frame that scrolls. */
  #place(link) {
    const mark = link.getBoundingClientRect();
    const frame = this.node.parentElement.getBoundingClientRect();
    const width = Math.min(380, frame.width - 24);
    const middle = mark.left + mark.width / 2 - frame.left;
    const left = Math.max(12, Math.min(middle - width / 2, frame.width - width - 12));
    const above = mark.top - frame.top;
    const below = frame.bottom - mark.bottom;
    const style = { left: `${left}px`, width: `${width}px`, top: "auto", bottom: "auto" };
    if (below >= 260 || below > above) style.top = `${mark.bottom - frame.top + 6}px`;
    else style.bottom = `${frame.bottom - mark.top + 6}px`;
    style.maxHeight = `${Math.min(320, Math.max(above, below) - 18)}px`;
    Object.assign(this.node.style, style);
  }
}
