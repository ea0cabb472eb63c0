// Search as you type over the whole book, in one field: a hit opens its heading, Enter asks.
import { excerpt, trail } from "./citations.js";
import { directionOf, h, icon, iconButton } from "./dom.js";
import { fill } from "./words.js";

const PAUSE_MS = 120;
const MIN_TYPED = 2;
const MAX_TYPED = 300;
const SNIPPET = 150;

export class Search {
  /** `host`: the element, with its words, frame and service. */
  constructor(host) {
    this.host = host;
    const { words } = host;
    this.hits = [];
    this.chosen = 0;
    this.input = h("input", { id: "search", type: "text", role: "combobox", maxlength: String(MAX_TYPED), autocomplete: "off", enterkeyhint: "search",
      placeholder: words.searchPlaceholder, "aria-label": words.search, "aria-controls": "hits", "aria-expanded": "true", "aria-autocomplete": "list",
      dir: words.direction, oninput: () => this.#typed(), onkeydown: (event) => this.#key(event) });
    this.list = h("ul", { id: "hits", class: "hits", role: "listbox", "aria-label": words.search });
    this.status = h("p", { class: "label", role: "status" });
    this.node = h("dialog", { class: "palette", "aria-label": words.search, onclick: (event) => event.target === this.node && this.close(),
      oncancel: (event) => (event.preventDefault(), event.stopPropagation(), this.close()) },
      h("div", { class: "palette-box" }, h("div", { class: "typed" }, icon("search"), this.input, iconButton("close", words.close, () => this.close())),
        this.list, this.status));
  }

  open(typed) {
    const { host } = this;
    host.frame.root.append(this.node);
    if (!this.node.open) this.node.showModal();
    const selected = typed || (document.getSelection()?.toString() ?? "").trim().split("\n")[0].slice(0, 80);
    if (selected) this.input.value = selected;
    this.input.select();
    this.#typed();
  }

  close() {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.node.close();
  }

  #typed() {
    const typed = this.input.value.trim();
    this.input.dir = typed ? directionOf(typed) : this.host.words.direction;
    clearTimeout(this.timer);
    this.abort?.abort();
    if (typed.length < MIN_TYPED) this.#show([], "");
    else {
      this.#show(this.hits, this.status.textContent);
      this.timer = setTimeout(() => this.#look(typed), PAUSE_MS);
    }
  }

  async #look(typed) {
    const { words, conversation } = this.host;
    this.abort = new AbortController();
    try {
      const found = await conversation.service.search(typed, this.abort.signal);
      this.#show(found, found.length ? fill(words.searchCount, { n: found.length }) : words.searchNone);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#show([], words.errors[error.code] ?? words.errors.internal);
    }
  }

  /** The question comes first: Enter asks it, unless the reader has gone down to a hit. */
  #show(hits, said) {
    const { words } = this.host;
    const typed = this.input.value.trim();
    this.hits = hits;
    this.chosen = 0;
    const ask = typed && h("li", { role: "none" }, h("div", { id: "hit-0", class: "hit ask-this", role: "option", onclick: () => this.#ask() },
      icon("send"), h("span", { dir: directionOf(typed) }, fill(words.searchAsk, { q: typed }))));
    this.list.replaceChildren(...[ask, ...hits.map((source, index) => this.#hit(source, index + 1, typed))].filter(Boolean));
    this.list.hidden = !this.list.childElementCount;
    if (this.status.textContent !== said) this.status.textContent = said;
    this.#choose(0);
  }

  #hit(source, index, typed) {
    const { host } = this;
    const name = source.heading || source.title;
    const steps = trail(source).filter((step) => step !== name);
    const snippet = excerpt(source.text.replace(/^(?:(?:#{1,6}\s|```|~~~).*|[|:\- \t]+)$/gm, ""), typed, SNIPPET).replace(/[*`_>#|$]+/g, " ");
    const href = host.linkOf(source);
    const opens = { href, target: host.linkTarget, rel: "noopener", tabindex: "-1", onclick: () => this.#leave(source, snippet) };
    return h("li", { role: "none" }, h("a", { id: `hit-${index}`, class: "hit", role: "option", ...opens },
      h("span", { class: "heading", dir: directionOf(name) }, emphasised(name, typed)),
      steps.length > 0 && h("span", { class: "trail", dir: directionOf(steps.join()) }, steps.join(" › ")),
      h("span", { class: "snippet", dir: directionOf(snippet) }, emphasised(snippet, typed))));
  }

  #key(event) {
    if (event.isComposing) return;
    const count = this.list.childElementCount;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (count) this.#choose((this.chosen + (event.key === "ArrowDown" ? 1 : count - 1)) % count);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.chosen > 0) this.list.children[this.chosen].firstChild.click();
      else this.#ask();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }

  #choose(index) {
    this.chosen = index;
    [...this.list.children].forEach((one, at) => one.firstChild.setAttribute("aria-selected", String(at === index)));
    const chosen = this.list.children[index]?.firstChild;
    if (!chosen) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  #ask() {
    const question = this.input.value.trim();
    if (!question) return;
    this.close();
    this.input.value = "";
    this.host.open("");
    this.host.ask({ question });
  }

  #leave(source, snippet) {
    this.host.follow(source, snippet);
    this.close();
  }
}

/** `text` with the words that were typed in <mark>. */
function emphasised(text, typed) {
  const words = [...new Set(typed.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [])].slice(0, 12);
  if (!words.length) return [text];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join("|")})`, "giu");
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    nodes.push(text.slice(at, found.index), h("mark", {}, found[0]));
    at = found.index + found[0].length;
  }
  return [...nodes, text.slice(at)];
}
