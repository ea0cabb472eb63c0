// One question and its answer, as it stands on the page: while it streams, and afterwards.
import { asMarkdown, figuresOf, placeMarks, trail } from "./citations.js";
import { copyButton, directionOf, h, iconButton } from "./dom.js";
import { FIRST_MARK } from "./inline.js";
import { questionButton } from "./frame.js";
import { render } from "./markdown.js";
import { fill } from "./words.js";

/**
 * `host`: `words`, `level` (heading level of questions), `card`, `linkOf(source)`,
 * `rate(answer, rating, comment)`, `ask(question)`.
 */
export class Turn {
  constructor(host, question) {
    this.host = host;
    this.question = question;
    this.answer = { answer: "", citations: [], sources: [] };
    this.key = Math.random().toString(36).slice(2, 8);
    this.body = h("div", { class: "answer", "aria-busy": "true" });
    this.status = h("p", { class: "progress" }, h("span", { class: "pulse" }), h("span", {}, host.words.searching));
    this.after = h("div", { class: "after" });
    this.beside = h("div", { class: "beside" });
    const quote = question.selected_text && h("blockquote", { class: "quote", dir: directionOf(question.selected_text) }, shortened(question.selected_text, 280));
    const heading = h(`h${host.level}`, { class: "question", dir: directionOf(question.question), tabindex: "-1" }, question.question);
    this.node = h("article", { class: "turn" }, heading, quote,
      h("div", { class: "columns" }, h("div", { class: "text-column" }, this.body, this.status), this.beside, this.after));
  }

  /** A turn as the server remembers it. */
  static remembered(host, { answer, outcome, rating, ...asked }, readOnly = false) {
    const sent = ["question", "selected_text", "section", "language", "replaces"].filter((name) => asked[name]);
    const turn = new Turn(host, Object.fromEntries(sent.map((name) => [name, asked[name]])));
    turn.rating = rating ?? null;
    turn.readOnly = readOnly;
    turn.settle(answer, !outcome || outcome === "complete" ? null : host.words.unfinished);
    return turn;
  }

  /** The answer that another one may stand in place of: this turn's, if it was kept. */
  get known() {
    const { answer, sources, answer_id: id } = this.answer;
    return answer || sources.length ? id : this.question.replaces;
  }

  say(text) {
    this.status.lastChild.textContent = text;
  }

  sources(list) {
    this.answer.sources = list;
    const names = [...new Set(list.map((source) => source.heading))].slice(0, 3);
    if (names.length) this.say(`${this.host.words.reading}: ${names.join(" · ")}`);
    this.#showSources();
  }

  token(text) {
    this.answer.answer += text;
    this.#soon();
  }

  citation(citation) {
    this.answer.citations.push(citation);
    this.#soon();
  }

  /** The answer is there (or what there is of it); `note` says why it is only a part. */
  settle(given, note = null) {
    const { host } = this;
    const answer = { answer: "", citations: [], sources: [], ...given };
    this.answer = answer;
    this.settled = true;
    this.#draw();
    this.status.remove();
    this.body.setAttribute("aria-busy", "false");
    this.#showSources();
    const { words } = host;
    const chat = answer.status === "small_talk";
    this.after.append(
      ...[
        note && h("p", { class: "note" }, note),
        answer.status === "degraded" && h("p", { class: "note degraded" }, words.degraded),
        answer.answer && !chat && this.#actions(),
        !this.readOnly && this.#next(chat ? words.suggestionsLabel : words.next),
      ].filter(Boolean),
    );
  }

  /** Questions that the book answers too; shown below the last answer only. */
  #next(label) {
    const questions = this.answer.suggestions ?? [];
    if (!questions.length) return null;
    return h("section", { class: "next", "aria-label": label }, h("p", { class: "label" }, label),
      h("ul", {}, questions.slice(0, 3).map((one) => questionButton(this.host, one))));
  }

  #showSources() {
    const open = new Set([...this.beside.querySelectorAll("details[open]")].map((one) => one.closest("li")?.id));
    this.beside.replaceChildren(...[this.#sourceList()].filter(Boolean));
    for (const item of this.beside.querySelectorAll("li")) {
      if (open.has(item.id)) item.querySelector("details").open = true;
    }
  }

  /** The whole turn as Markdown, for the clipboard or a file. */
  markdown() {
    const { answer, citations, sources } = this.answer;
    return asMarkdown(this.question.question, answer, citations, sources, this.host.words.sources, location.href);
  }

  fail(problem) {
    const { words } = this.host;
    const text = words.errors[problem.code] ?? words.errors.internal;
    const partial = Boolean(this.answer.answer);
    this.settle(this.answer);
    const again = h("button", { type: "button", class: "again", onclick: () => this.host.ask(this.question, this) }, words.again);
    if (problem.retryAfter) countDown(again, Math.ceil(problem.retryAfter), words);
    const box = h("div", { class: "problem", role: "alert", "data-code": problem.code }, h("p", {}, text), again);
    if (partial) this.after.prepend(box);
    else this.after.replaceChildren(box);
  }

  /** Plain words for the live region. */
  spoken() {
    return this.body.textContent;
  }

  #soon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      if (!this.settled) this.#draw();
    });
  }

  #draw() {
    const { answer, host } = this;
    const { text, marks, order } = placeMarks(answer.answer, answer.citations, answer.sources);
    this.order = order;
    this.marks = marks;
    const mark = (index) => this.#mark(index);
    const sign = (character) => marks[character.charCodeAt(0) - FIRST_MARK].number;
    render(this.body, text, { level: host.level, words: host.words, mark, sign });
    if (answer.answer && !this.settled) this.say(host.words.writing);
  }

  #mark(index) {
    const { number, source, citation } = this.marks[index];
    const label = fill(this.host.words.source, { n: number, heading: source.heading });
    const target = this.#target(source, number, citation.text);
    const link = h("a", { class: "mark", "aria-label": label, ...target }, String(number));
    this.host.card.attach(link, () => ({ source, cited: citation.text, number }));
    return h("sup", {}, link);
  }

  /** Links to the published heading, or, where the book has no public address, to the passage below. */
  #target(source, number, cited) {
    const href = this.host.linkOf(source);
    const onclick = () => this.host.follow(source, cited);
    if (href) return { href, target: this.host.linkTarget, rel: "noopener", onclick };
    return { href: `#${this.key}-${number}`, onclick: (event) => this.#showPassage(event, number) };
  }

  #showPassage(event, number) {
    event.preventDefault();
    const item = this.beside.querySelector(`#${CSS.escape(`${this.key}-${number}`)}`);
    if (!item) return;
    item.querySelector("details").open = true;
    item.querySelector("summary").focus();
    this.host.reveal(item);
  }

  #sourceList() {
    const { answer, host, order = [] } = this;
    const { words } = host;
    if (!answer.sources.length) return null;
    const cited = this.settled && answer.status !== "not_in_book" && order.length > 0;
    const shown = cited ? order : answer.sources;
    const rest = cited ? answer.sources.filter((source) => !order.includes(source)) : [];
    const tag = `h${host.level + 1}`;
    const name = answer.status === "not_in_book" ? words.nearest : words.sources;
    return h("section", { class: "sources", "aria-label": name },
      h(tag, {}, name),
      h(cited ? "ol" : "ul", {}, shown.map((source, index) => this.#source(source, index + 1))),
      rest.length > 0 && h("details", { class: "rest" },
        h("summary", {}, `${words.alsoRead} (${rest.length})`),
        h("ul", {}, rest.map((source, index) => this.#source(source, shown.length + index + 1)))));
  }

  #source(source, number) {
    const { host } = this;
    const href = host.linkOf(source);
    const steps = trail(source);
    const name = source.heading || steps.at(-1);
    const onclick = () => host.follow(source, this.#citedFrom(source));
    const link = href && { href, target: host.linkTarget, rel: "noopener", onclick };
    const title = h(href ? "a" : "span", { class: "heading", dir: directionOf(name), ...link }, name);
    const path = steps.filter((step, index) => !(index === steps.length - 1 && step === name));
    const passage = h("div", { class: "passage" });
    const details = h("details", { ontoggle: () => this.#fillPassage(passage, source) },
      h("summary", {}, host.words.passage, h("span", { class: "hidden" }, `: ${name}`)), passage);
    return h("li", { id: `${this.key}-${number}` }, title,
      path.length > 0 && h("span", { class: "trail", dir: directionOf(path.join()) }, path.join(" › ")),
      this.order?.includes(source) && this.#figures(source), details);
  }

  #figures(source) {
    const shown = figuresOf(this.host, source).map(({ url, alt }) => {
      const picture = { src: url.href, alt, loading: "lazy", decoding: "async", referrerpolicy: "no-referrer", onerror: () => link.remove() };
      const link = h("a", { href: url.href, target: "_blank", rel: "noopener" }, h("img", picture));
      return link;
    });
    return shown.length > 0 && h("div", { class: "figures" }, shown);
  }

  /** What the answer says on the word of `source`. */
  #citedFrom(source) {
    return this.marks?.find((mark) => mark.source === source)?.citation.text;
  }

  #fillPassage(holder, source) {
    if (!holder.blocks) render(holder, readable(source.text), { level: 4, words: this.host.words, mark: () => "" });
  }

  #actions() {
    const { words } = this.host;
    const copy = copyButton(words.copyAnswer, words.copied, () => this.markdown(), { shown: true, class: "plain copy" });
    if (this.readOnly) return h("div", { class: "actions" }, copy);
    const votes = this.answer.answer_id ? this.#votes() : [];
    const again = iconButton("again", words.regenerate, () => this.host.ask(this.question, this));
    const edit = iconButton("edit", words.edit, () => this.host.edit(this));
    return h("div", { class: "actions" }, copy, again, edit, votes);
  }

  #votes() {
    const { words } = this.host;
    const place = h("div", { class: "comment" });
    const buttons = {};
    const vote = async (rating) => {
      for (const [name, button] of Object.entries(buttons)) button.setAttribute("aria-pressed", String(name === rating));
      const said = await this.host.rate(this.answer, rating);
      place.replaceChildren(said ? this.#comment(rating, place) : h("p", { role: "alert" }, words.errors.unreachable));
      this.host.reveal(place);
    };
    buttons.up = iconButton("up", words.helpful, () => vote("up"), { "aria-pressed": String(this.rating === "up") });
    buttons.down = iconButton("down", words.notHelpful, () => vote("down"), { "aria-pressed": String(this.rating === "down") });
    return [buttons.up, buttons.down, place];
  }

  #comment(rating, place) {
    const { words } = this.host;
    const id = `${this.key}-comment`;
    const text = h("textarea", { id, rows: "2", maxlength: "2000", dir: "auto" });
    const send = async (event) => {
      event.preventDefault();
      if (text.value.trim()) await this.host.rate(this.answer, rating, text.value.trim());
      place.replaceChildren(h("p", { role: "status" }, words.thanks));
    };
    return h("form", { onsubmit: send }, h("label", { for: id }, words.commentLabel), text,
      h("button", { type: "submit", class: "again" }, words.sendComment));
  }
}

/** Passages carry the book's own Markdown; admonition fences would only be noise here. */
export const readable = (text) => text.replace(/^:::.*$/gm, "").trim();

const shortened = (text, length) => (text.length > length ? `${text.slice(0, length).trimEnd()}…` : text);

function countDown(button, seconds, words) {
  button.disabled = true;
  const tick = () => {
    button.textContent = seconds > 0 ? fill(words.againIn, { n: seconds }) : words.again;
    if (seconds <= 0) {
      button.disabled = false;
      return;
    }
    seconds -= 1;
    setTimeout(tick, 1000);
  };
  tick();
}
