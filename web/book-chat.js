// <book-chat>: the chat as one element, a whole page (mode="page") or a margin beside a book.
//
// Attributes: server (default: where this file came from), title, greeting, suggestions (a JSON
// list, or separated by "|"), language ("en", "ur"; default: the page's), theme ("light", "dark";
// default: the page's data-theme, else the system's), content (CSS selector of the book's text).
import { Card } from "./citations.js";
import { Composer, Selection } from "./composer.js";
import { Conversation } from "./conversation.js";
import { frameOf } from "./frame.js";
import { attempt, Service } from "./service.js";
import { wordsOf } from "./words.js";

const HOME = new URL("..", import.meta.url).href;
const sheet = new CSSStyleSheet();
sheet.replaceSync(await (await fetch(new URL("book-chat.css", import.meta.url))).text());
const narrow = matchMedia("(max-width: 60rem)");

class BookChat extends HTMLElement {
  #unfollow = [];

  connectedCallback() {
    if (this.shadowRoot?.firstChild) return this.#listen();
    const shadow = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet];
    const server = this.getAttribute("server") || HOME;
    const base = new URL(server.endsWith("/") ? server : `${server}/`, location.href).href;
    this.conversation = new Conversation(this, new Service(base));
    // On an element, `title` would also be a tooltip over the whole chat.
    this.heading = this.getAttribute("title");
    this.removeAttribute("title");
    this.#build();
    this.#listen();
    if (this.page || (!narrow.matches && attempt(() => sessionStorage.getItem("book-chat open")))) this.open();
  }

  disconnectedCallback() {
    this.#unfollow.splice(0).forEach((stop) => stop());
    this.selection?.ignore();
    this.conversation?.connection.close();
  }

  get page() {
    return this.getAttribute("mode") === "page";
  }

  get level() {
    return this.page ? 2 : 3;
  }

  get content() {
    return this.getAttribute("content") || (document.querySelector("article, main") ? "article, main" : "body");
  }

  get linkTarget() {
    return this.page ? "_blank" : null;
  }

  /**
   * Where a source opens. The service shows pages of a book without an address of its own below
   * `/pages`; a site that embeds the widget has them itself, at the path behind it.
   */
  linkOf(source) {
    if (!source.url) return null;
    const own = source.url.startsWith("/pages/");
    const path = own && (this.page ? source.url.slice(1) : source.url.slice("/pages".length));
    const { protocol, href } = new URL(path || source.url, this.page ? HOME : location.href);
    return /^https?:$/.test(protocol) ? href : null;
  }

  #build() {
    const language = this.conversation.notes.get("language") || this.getAttribute("language") || document.documentElement.lang;
    this.words = wordsOf(language);
    this.words.ask = this.words.title;
    this.words.title = this.heading || this.words.title;
    this.words.greeting = this.getAttribute("greeting") || this.words.greeting;
    this.words.suggestions = listOf(this.getAttribute("suggestions")) ?? this.words.suggestions;
    this.card = new Card(this);
    this.composer = new Composer(this);
    this.selection?.ignore();
    this.selection = new Selection(this);
    this.frame = frameOf(this);
    this.shadowRoot.replaceChildren(this.frame.root);
  }

  #listen() {
    if (!this.page) this.selection.listen();
    this.#unfollow.push(followTheme(this, this.frame.root));
    const key = (event) => event.key === "Escape" && this.#escape(event);
    document.addEventListener("keydown", key);
    this.#unfollow.push(() => document.removeEventListener("keydown", key));
  }

  #escape(event) {
    if (this.card.hide() || this.selection.hide()) event.preventDefault();
    else if (!this.page && this.frame.panel.open && event.composedPath().includes(this)) this.close();
  }

  /** Opens the panel; with a selection on the page, that is what it is about. */
  open(quoted = this.page ? "" : this.selection.text()) {
    const { panel } = this.frame;
    if (!this.page && !panel.open) {
      if (narrow.matches) panel.showModal();
      else panel.show();
      this.#remember(true);
    }
    this.selection.hide();
    if (quoted) this.composer.cite(quoted);
    if (!this.page || matchMedia("(pointer: fine)").matches) this.composer.focus();
    if (!this.restored) this.restored = this.conversation.restore();
  }

  close() {
    this.card.hide();
    this.frame.panel.close();
    this.#remember(false);
    this.frame.launcher.focus();
  }

  /** For this tab, and for the page's own style: html[data-book-chat-open] can make room. */
  #remember(open) {
    document.documentElement.toggleAttribute("data-book-chat-open", open && !narrow.matches);
    attempt(() => sessionStorage.setItem("book-chat open", open ? "1" : ""));
  }

  /** Asks about a selected text: one of the ready questions, the given one, or none yet. */
  askAbout(text, action, question = action && this.words[`${action}Ask`]) {
    if (!question || this.conversation.asking) {
      this.open(text);
      return;
    }
    this.open("");
    const section = this.#section();
    const language = action === "translate" ? "ur" : undefined;
    this.ask({ question, selected_text: text, ...(section && { section }), ...(language && { language }) });
  }

  /** The book's page that the reader is on, as a preference for the search. */
  #section() {
    const path = decodeURIComponent(location.pathname).replace(/^\/|\/$/g, "");
    return path && path.length <= 200 ? path : null;
  }

  ask(question, replaced = null) {
    this.conversation.ask(question, replaced);
  }

  stop() {
    this.conversation.asking?.stop();
  }

  rate(answer, rating, comment) {
    return this.conversation.rate(answer, rating, comment);
  }

  /** Tells assistive technology; whole sentences only, never tokens. */
  announce(text) {
    this.frame.live.textContent = text;
  }

  notice(text) {
    this.frame.notice.textContent = text;
  }

  newChat() {
    this.conversation.renew();
    this.#fresh();
  }

  #fresh() {
    this.card.hide();
    this.composer.cite("");
    this.composer.busy(false);
    this.notice("");
    this.composer.focus();
  }

  async clearData() {
    const cleared = await this.conversation.clear();
    if (cleared) this.#fresh();
    this.notice(cleared ? this.words.cleared : this.words.clearFailed);
  }

  /** Changes the language of the interface; answers keep theirs. */
  speak(code) {
    if (this.conversation.asking) return;
    this.conversation.notes.set({ language: code });
    const open = this.frame.panel.open;
    this.disconnectedCallback();
    this.#build();
    this.#listen();
    this.conversation.redraw();
    if (this.page || open) this.open("");
  }
}

function listOf(text) {
  if (!text) return null;
  const list = attempt(() => JSON.parse(text));
  if (Array.isArray(list)) return list.map(String);
  return text.split("|").map((one) => one.trim()).filter(Boolean);
}

// Light or dark: as the element says, else as the page says (Docusaurus), else as the system says.
/** Keeps `root.dataset.theme` right; returns what stops it. */
function followTheme(element, root) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const set = () => {
    const said = element.getAttribute("theme") || document.documentElement.dataset.theme;
    root.dataset.theme = said === "dark" || said === "light" ? said : system.matches ? "dark" : "light";
  };
  const observer = new MutationObserver(set);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  observer.observe(element, { attributes: true, attributeFilter: ["theme"] });
  system.addEventListener("change", set);
  set();
  return () => {
    observer.disconnect();
    system.removeEventListener("change", set);
  };
}

if (!customElements.get("book-chat")) customElements.define("book-chat", BookChat);
