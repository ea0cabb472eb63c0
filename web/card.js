// The card beside a citation's mark: the passage, and the way to it. One card serves all marks.
import { excerpt, trail } from "./citations.js";
import { directionOf, h } from "./dom.js";
import { render } from "./markdown.js";

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
    const open = href && h("a", { href, target: this.host.linkTarget, rel: "noopener", tabindex: "-1", class: "open" }, words.open);
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
