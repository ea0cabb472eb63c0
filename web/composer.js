// Where the reader asks: the field at the foot, and the button beside a selection in the book.
import { directionOf, h, icon, iconButton } from "./dom.js";
import { fill } from "./words.js";

const MAX = 2000;
const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;

/** Grows with the text, sends on Enter, turns into a stop button. */
export class Composer {
  /** `host`: `words`, `ask(question)`, `stop()`. */
  constructor(host) {
    this.host = host;
    this.quoted = "";
    const { words } = host;
    this.text = h("textarea", { id: "question", rows: "1", maxlength: String(MAX), dir: words.direction, enterkeyhint: "send",
      placeholder: words.placeholder, oninput: () => this.#changed(), onkeydown: (event) => this.#key(event) });
    this.button = h("button", { type: "submit", class: "submit" });
    this.count = h("p", { class: "count", role: "status" });
    this.quote = h("div", { class: "quoted", hidden: true });
    this.changing = h("div", { class: "changing", hidden: true });
    this.node = h("form", { class: "composer", onsubmit: (event) => this.#submit(event) },
      this.changing, this.quote,
      h("label", { for: "question", class: "hidden" }, words.question),
      h("div", { class: "field" }, this.text, Recognition && this.#voice(), this.button),
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
      h("div", { class: "chips" }, this.host.actions.map(action)));
  }

  /** Puts a turn's question into the field; it is asked in place of that turn. Null: no longer. */
  edit(turn) {
    const { words } = this.host;
    this.edited?.node.classList.remove("changed");
    if (turn || this.edited) this.text.value = turn?.question.question ?? "";
    this.edited = turn;
    this.changing.hidden = !turn;
    this.cite(turn?.question.selected_text ?? "");
    this.#changed();
    if (!turn) return;
    turn.node.classList.add("changed");
    this.changing.replaceChildren(h("p", {}, words.changing),
      h("button", { type: "button", class: "text", onclick: () => (this.edit(null), this.focus()) }, words.cancel));
    this.focus();
  }

  /** Dictation, where the browser has it; what was heard can be changed before it is sent. */
  #voice() {
    const { words } = this.host;
    let running = null;
    const button = iconButton("voice", words.voice, () => {
      if (running) return running.stop();
      const before = this.text.value.trimEnd();
      running = new Recognition();
      running.lang = words.code === "ur" ? "ur-PK" : "en-US";
      running.interimResults = true;
      running.onresult = ({ results }) => {
        const heard = [...results].map((one) => one[0].transcript).join("");
        this.text.value = [before, heard].filter(Boolean).join(" ").slice(0, MAX);
        this.#changed();
      };
      running.onend = () => {
        running = null;
        button.setAttribute("aria-pressed", "false");
        this.host.announce("");
        this.focus();
      };
      button.setAttribute("aria-pressed", "true");
      this.host.announce(words.listening);
      running.start();
      return undefined;
    }, { class: "plain voice", "aria-pressed": "false" });
    return button;
  }

  #about(name) {
    if (this.running) return;
    const text = this.quoted;
    this.cite("");
    this.host.askAbout(text, name);
  }

  #changed() {
    // An empty field shows the placeholder, in the language of the interface.
    this.text.dir = this.text.value ? directionOf(this.text.value) : this.host.words.direction;
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
    const { quoted, edited } = this;
    this.text.value = "";
    this.edit(null);
    if (edited && quoted === (edited.question.selected_text ?? "")) this.host.ask({ ...edited.question, question }, edited);
    else if (quoted) this.host.askAbout(quoted, null, question, edited);
    else this.host.ask({ question }, edited);
  }
}

const READY_MS = 800;
const MIN_SELECTED = 3;
const MAX_SELECTED = 8000;

/** Select text on a page of the book: "Ask the book" stands next to it. */
export class Selection {
  /** `host.askAbout(text, action)` is told what the reader chose; action null: an own question. */
  constructor(host) {
    this.host = host;
    this.node = h("div", { class: "selection", hidden: true, role: "toolbar" });
    // Pressing a button must not take the selection away before it is read.
    this.node.addEventListener("pointerdown", (event) => event.preventDefault());
    this.changed = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#look(), 180);
    };
    this.moved = () => !this.node.hidden && this.#place();
  }

  listen() {
    document.addEventListener("selectionchange", this.changed);
    this.changed();
    document.addEventListener("scroll", this.moved, { passive: true, capture: true });
  }

  ignore() {
    clearTimeout(this.timer);
    document.removeEventListener("selectionchange", this.changed);
    document.removeEventListener("scroll", this.moved, { capture: true });
  }

  hide() {
    if (this.node.hidden) return false;
    this.node.hidden = true;
    return true;
  }

  /** What is selected in the book's text, or an empty string. */
  text() {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return "";
    const element = (node) => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement);
    const within = element(selection.getRangeAt(0).commonAncestorContainer);
    if (!within?.closest(this.host.content) || within.closest("input, textarea, [contenteditable]")) return "";
    const text = selection.toString().replace(/[\u200b\u00ad]/g, "").trim();
    return text.length >= MIN_SELECTED ? text.slice(0, MAX_SELECTED) : "";
  }

  #look() {
    const text = this.text();
    if (!text) return this.hide();
    if (!this.node.hidden && text === this.shown) return this.#place();
    this.shown = text;
    this.host.ready();
    this.range = document.getSelection().getRangeAt(0).cloneRange();
    this.#button();
    this.node.hidden = false;
    this.#place();
  }

  #button() {
    const { words } = this.host;
    this.node.setAttribute("aria-label", words.title);
    const open = h("button", { type: "button", class: "ask", "aria-expanded": "false", onclick: () => this.#choices() },
      icon("book"), words.ask);
    this.node.replaceChildren(open);
  }

  async #choices() {
    const { words } = this.host;
    await Promise.race([this.host.ready(), new Promise((resolve) => setTimeout(resolve, READY_MS))]);
    const choose = (action) => () => {
      this.hide();
      this.host.askAbout(this.shown, action);
    };
    const button = (label, action) => h("button", { type: "button", onclick: choose(action) }, label);
    this.node.replaceChildren(...this.host.actions.map((name) => button(words[name], name)), button(words.own, null));
    this.#place();
    this.node.firstChild.focus({ preventScroll: true });
  }

  /** Under the selection's last line, inside the window. */
  #place() {
    const lines = this.range.getClientRects();
    const last = lines[lines.length - 1];
    if (!last || last.bottom < 0 || last.top > innerHeight) {
      this.node.style.visibility = "hidden";
      return;
    }
    const { width, height } = this.node.getBoundingClientRect();
    const left = Math.max(8, Math.min(last.right - width / 2, document.documentElement.clientWidth - width - 8));
    const top = last.bottom + 8 + height > innerHeight ? last.top - height - 8 : last.bottom + 8;
    Object.assign(this.node.style, { left: `${left}px`, top: `${Math.max(8, top)}px`, visibility: "visible" });
  }
}
