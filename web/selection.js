// Select text on a page of the book: "Ask the book" stands next to it.
import { h, icon } from "./dom.js";

const MIN = 3;
const MAX = 8000;
export const ACTIONS = ["explain", "simplify", "example", "translate"];

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
    return text.length >= MIN ? text.slice(0, MAX) : "";
  }

  #look() {
    const text = this.text();
    if (!text) return this.hide();
    if (!this.node.hidden && text === this.shown) return this.#place();
    this.shown = text;
    this.range = document.getSelection().getRangeAt(0).cloneRange();
    this.#button();
    this.node.hidden = false;
    this.#place();
  }

  #button() {
    const { words } = this.host;
    this.node.setAttribute("aria-label", words.title);
    const open = h("button", { type: "button", class: "ask", "aria-expanded": "false", onclick: () => this.#choices() },
      icon("book"), words.launcher);
    this.node.replaceChildren(open);
  }

  #choices() {
    const { words } = this.host;
    const choose = (action) => () => {
      this.hide();
      this.host.askAbout(this.shown, action);
    };
    const button = (label, action) => h("button", { type: "button", onclick: choose(action) }, label);
    this.node.replaceChildren(...ACTIONS.map((name) => button(words[name], name)), button(words.own, null));
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
