// <book-chat>: the chat as one element, a whole page (mode="page") or a margin beside a book.
//
// Attributes: server (default: where this file came from), title, greeting, lead (the line below
// it), suggestions (a JSON list, or separated by "|"; default: the book's own), language ("en",
// "ur"; default: the book page's, else the browser's), languages (those that the reader may choose
// from, "en|ur"), theme ("light", "dark"; default: the page's, else the system's), accent (a colour;
// default: the site's), logo (a picture's address), content (CSS selector of the book's text),
// shortcut (the letter that opens the search with Ctrl or Cmd; default "k", "" for none).
import { Card } from "./citations.js";
import { Composer, Selection } from "./composer.js";
import { Conversation } from "./conversation.js";
import { directionOf } from "./dom.js";
import { bar, frameOf, welcomeOf } from "./frame.js";
import { clearHighlight, depart, land } from "./landing.js";
import { anchored, followTheme, inReadersSize, makeRoom, TEXT } from "./page-layout.js";
import { attempt, edition, Service } from "./service.js";
import { codes, fill, listOf, wordsOf } from "./words.js";

const HOME = new URL("..", import.meta.url).href;
const sheet = new CSSStyleSheet();
sheet.replaceSync(inReadersSize(await (await fetch(new URL("book-chat.css", import.meta.url))).text()));
const narrow = matchMedia("(max-width: 60rem)");
const INDEX_MS = 2000;

class BookChat extends HTMLElement {
  #unfollow = [];
  book = { title: "", suggestions: [], actions: ["explain"], indexing: {} };

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
    if (this.page) this.open();
    else {
      if (!narrow.matches && attempt(() => sessionStorage.getItem("book-chat open"))) this.open("", { focus: false });
      else document.documentElement.removeAttribute("data-book-chat-open");
      land();
    }
  }

  disconnectedCallback() {
    this.#unfollow.splice(0).forEach((stop) => stop());
    clearTimeout(this.aboutTimer);
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
    return this.getAttribute("content") || (document.querySelector(TEXT) ? TEXT : "body");
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

  /** A book's page is in the language that the reader chose; our own page asks the browser. */
  #readersLanguage() {
    if (!this.page) return document.documentElement.lang;
    const offered = this.languages;
    return navigator.languages.map((tag) => tag.toLowerCase().split("-")[0]).find((code) => offered.includes(code)) ?? offered[0];
  }

  /** What the element's attribute says, else what the service's author has set. */
  setting(name) {
    return this.getAttribute(name) || this.book.page?.[name] || null;
  }

  /** The languages to choose from, as far as they are known. */
  get offered() {
    const told = this.book.page?.languages;
    return listOf(this.getAttribute("languages")) ?? (told?.length ? told : null);
  }

  get languages() {
    return this.offered ?? codes;
  }

  get suggestions() {
    return listOf(this.getAttribute("suggestions")) ?? this.book.suggestions;
  }

  /** What may be done with a selected text. */
  get actions() {
    const known = this.languages.includes("ur") ? ["translate"] : [];
    return ["explain", "simplify", "example", ...known].filter((name) => this.book.actions.includes(name));
  }

  #build() {
    this.words = wordsOf(this.conversation.notes.get("language") || this.getAttribute("language") || this.#readersLanguage());
    this.words.ask = this.words.title;
    this.card = new Card(this);
    this.composer = new Composer(this);
    this.selection?.ignore();
    this.selection = new Selection(this);
    this.frame = frameOf(this);
    this.shadowRoot.replaceChildren(this.frame.root);
    this.#furnish();
  }

  /** Settles when it is known what the service can do, or that it does not say. */
  ready() {
    this.told ??= this.#about();
    return this.told;
  }

  /** Asks the service once what it serves; while it is being indexed, again and again. */
  async #about() {
    try {
      const { page, ...told } = await this.conversation.service.book();
      this.book = { page, ...this.book, ...told };
    } catch {
      this.told = null;
      return;
    }
    if (!this.languages.includes(this.words.code)) return this.speak(this.languages[0]);
    this.#furnish();
    if (this.book.indexing.state !== "running" || !this.isConnected) return;
    clearTimeout(this.aboutTimer);
    this.aboutTimer = setTimeout(() => this.#about(), INDEX_MS);
  }

  /** Shows what is known of the book and its author's wishes. */
  #furnish() {
    const { words, book, frame } = this;
    const { state, done, total } = book.indexing;
    for (const name of ["greeting", "lead"]) words[name] = this.setting(name) || words[name];
    words.title = this.heading || this.setting("title") || words.ask;
    if (!this.page) frame.panel.setAttribute("aria-label", words.title);
    const accent = this.setting("accent");
    if (accent) frame.root.style.setProperty("--book-chat-accent", accent);
    frame.welcome.replaceChildren(...welcomeOf(this));
    frame.title.textContent = (this.page && !this.heading && !this.setting("title") && book.title) || words.title;
    frame.title.dir = directionOf(frame.title.textContent);
    if (book.page !== frame.look) {
      const top = bar(this, frame.title);
      frame.top.replaceWith(top);
      Object.assign(frame, { top, look: book.page });
    }
    if (this.page && book.title) document.title = `${frame.title.textContent} · ${words.ask}`;
    frame.index.hidden = state !== "running";
    frame.index.textContent = total ? fill(words.indexing, { done, total }) : words.indexingStart;
  }

  #listen() {
    if (!this.page) this.selection.listen();
    this.#unfollow.push(followTheme(this, this.frame.root));
    this.#on(document, "keydown", (event) => this.#key(event));
    if (!this.page) this.#on(window, "hashchange", () => land());
  }

  #on(target, name, act) {
    target.addEventListener(name, act);
    this.#unfollow.push(() => target.removeEventListener(name, act));
  }

  #key(event) {
    if (event.key === "Escape") return this.#escape(event);
    const letter = this.getAttribute("shortcut") ?? "k";
    const pressed = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === letter;
    if (!pressed || event.defaultPrevented) return;
    event.preventDefault();
    this.search();
  }

  /** Search as you type over the whole book; comes with its own file when it is first wanted. */
  async search(typed = "") {
    const { Search } = await import("./search.js");
    this.palette ??= new Search(this);
    this.palette.open(typed);
  }

  #escape(event) {
    if (this.card.hide() || this.selection.hide()) event.preventDefault();
    else if (clearHighlight()) return;
    else if (!this.page && this.frame.panel.open && event.composedPath().includes(this)) this.close();
  }

  /** Opens the panel; with a selection on the page, that is what it is about. */
  open(quoted = this.page ? "" : this.selection.text(), { focus = true } = {}) {
    const { panel } = this.frame;
    if (!this.page && !panel.open) {
      anchored(this.content, () => {
        if (narrow.matches) panel.showModal();
        else panel.show();
        this.#remember(true);
      });
    }
    this.selection.hide();
    if (quoted) this.composer.cite(quoted);
    if (focus && (!this.page || matchMedia("(pointer: fine)").matches)) this.composer.focus();
    // The reader came for the text: a dialog takes the focus by itself.
    else if (!this.page) this.shadowRoot.activeElement?.blur();
    this.ready();
    this.restored ??= this.#restore();
  }

  async #restore() {
    const id = this.page && new URLSearchParams(location.search).get("shared");
    if (!id) return this.conversation.restore();
    const { showShared } = await import("./shared.js");
    return showShared(this, id);
  }

  close() {
    this.card.hide();
    anchored(this.content, () => {
      this.frame.panel.close();
      this.#remember(false);
    });
    this.frame.launcher.focus();
  }

  /** For this tab, and for the page's own style: html[data-book-chat-open] can make room. */
  #remember(open) {
    document.documentElement.toggleAttribute("data-book-chat-open", open && !narrow.matches);
    makeRoom(this.frame.panel, this.content, open && !narrow.matches);
    attempt(() => sessionStorage.setItem("book-chat open", open ? "1" : ""));
  }

  /** The reader follows `source`: the page that opens knows where to stop and what to highlight. */
  follow(source, cited) {
    const href = this.linkOf(source);
    if (!href || this.page) return;
    depart(href, cited || source.text);
    if (href === location.href) land();
  }

  /** Asks about a selected text: one of the ready questions, the given one, or none yet. */
  askAbout(text, action, question = action && this.words[`${action}Ask`], replaced = null) {
    if (!question || this.conversation.asking) {
      this.open(text);
      return;
    }
    this.open("");
    const section = this.#section();
    const language = action === "translate" ? "ur" : undefined;
    this.ask({ question, selected_text: text, ...(section && { section }), ...(language && { language }) }, replaced);
  }

  /** The book's page that the reader is on, as a preference for the search. */
  #section() {
    const path = decodeURIComponent(location.pathname).replace(/^\/|\/$/g, "");
    return path && path.length <= 200 ? path : null;
  }

  ask(question, replaced = null) {
    this.conversation.ask({ ...question, ...edition() }, replaced);
  }

  /** Brings `node` of the conversation into view, above the composer. */
  reveal(node) {
    const { scroll } = this.frame;
    const frame = scroll.getBoundingClientRect();
    const { top, bottom } = node.getBoundingClientRect();
    if (bottom > frame.bottom) scroll.scrollTop += Math.min(bottom - frame.bottom + 12, top - frame.top - 12);
    else if (top < frame.top) scroll.scrollTop += top - frame.top - 12;
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

  /** Puts a turn's question into the field, to be changed and asked in its place. */
  edit(turn) {
    this.composer.edit(turn);
  }

  /** Conversations of this browser; with its own file when it is first wanted. */
  async chats() {
    const { Chats } = await import("./chats.js");
    new Chats(this).open();
  }

  /** Changes the language of the interface; answers keep theirs. */
  speak(code) {
    if (this.conversation.asking) return;
    this.conversation.notes.set({ language: code });
    const open = this.frame.panel.open;
    this.disconnectedCallback();
    this.palette = null;
    this.#build();
    this.#listen();
    this.conversation.redraw();
    if (this.page || open) this.open("");
  }
}

if (!customElements.get("book-chat")) customElements.define("book-chat", BookChat);
