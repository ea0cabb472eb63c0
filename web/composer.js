// Where the reader writes: grows with the text, sends on Enter, turns into a stop button.
import { directionOf, h, icon } from "./dom.js";
import { fill } from "./words.js";
import { ACTIONS } from "./selection.js";

const MAX = 2000;

export class Composer {
  /** `host`: `words`, `ask(question)`, `stop()`. */
  constructor(host) {
    this.host = host;
    this.quoted = "";
    const { words } = host;
    this.text = h("textarea", { id: "question", rows: "1", maxlength: String(MAX), dir: "auto", enterkeyhint: "send",
      placeholder: words.placeholder, oninput: () => this.#changed(), onkeydown: (event) => this.#key(event) });
    this.button = h("button", { type: "submit", class: "submit" });
    this.count = h("p", { class: "count", role: "status" });
    this.quote = h("div", { class: "quoted", hidden: true });
    this.node = h("form", { class: "composer", onsubmit: (event) => this.#submit(event) },
      this.quote,
      h("label", { for: "question", class: "hidden" }, words.question),
      h("div", { class: "field" }, this.text, this.button),
      this.count);
    this.busy(false);
  }

  busy(running) {
    const { words } = this.host;
    this.running = running;
    this.button.setAttribute("aria-label", running ? words.stop : words.send);
    this.button.title = running ? words.stop : words.send;
    this.button.replaceChildren(icon(running ? "stop" : "send"));
    this.#changed();
  }

  focus() {
    this.text.focus({ preventScroll: true });
  }

  /** Puts a selected text above the field, with what one may ask about it. */
  cite(text) {
    const { words } = this.host;
    this.quoted = text;
    this.quote.hidden = !text;
    this.text.placeholder = text ? words.placeholderQuote : words.placeholder;
    if (!text) return;
    const remove = h("button", { type: "button", class: "plain", "aria-label": words.removeQuote, title: words.removeQuote,
      onclick: () => (this.cite(""), this.focus()) }, icon("close"));
    const action = (name) => h("button", { type: "button", class: "chip", onclick: () => this.#about(name) }, words[name]);
    this.quote.replaceChildren(
      h("div", { class: "cited" }, h("blockquote", { dir: directionOf(text), "aria-label": words.selected }, text), remove),
      h("div", { class: "chips" }, ACTIONS.map(action)));
  }

  #about(name) {
    if (this.running) return;
    const text = this.quoted;
    this.cite("");
    this.host.askAbout(text, name);
  }

  #changed() {
    this.text.style.height = "auto";
    const height = this.text.scrollHeight;
    if (height) this.text.style.height = `${Math.min(height, 168)}px`;
    const left = MAX - this.text.value.length;
    this.count.textContent = left <= 200 ? fill(this.host.words.left, { n: left }) : "";
    this.button.disabled = !this.running && !this.text.value.trim();
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!this.running) this.node.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    if (this.running) return this.host.stop();
    const question = this.text.value.trim();
    if (!question) return;
    const quoted = this.quoted;
    this.text.value = "";
    this.cite("");
    this.#changed();
    if (quoted) this.host.askAbout(quoted, null, question);
    else this.host.ask({ question });
  }
}
