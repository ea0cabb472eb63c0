// <book-chat>: the chat as one element, a whole page (mode="page") or a margin beside a book.
//
// Attributes: server (default: where this file came from), title, greeting, suggestions (a JSON
// list, or separated by "|"), language ("en", "ur"; default: the page's), theme ("light", "dark";
// default: the page's data-theme, else the system's), content (CSS selector of the book's text).
import { Card } from "./card.js";
import { Composer } from "./composer.js";
import { Asking, Connection } from "./connection.js";
import { frameOf } from "./frame.js";
import { Selection } from "./selection.js";
import { Notes, Problem, Service } from "./service.js";
import { followTheme } from "./theme.js";
import { Turn } from "./turn.js";
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
    this.service = new Service(new URL(server.endsWith("/") ? server : `${server}/`, location.href).href);
    this.connection = new Connection(this.service);
    this.notes = new Notes(this.service.base);
    // On an element, `title` would also be a tooltip over the whole chat.
    this.heading = this.getAttribute("title");
    this.removeAttribute("title");
    this.turns = [];
    this.#build();
    this.#listen();
    if (this.page || (!narrow.matches && this.#wasOpen())) this.open();
  }

  disconnectedCallback() {
    this.#unfollow.splice(0).forEach((stop) => stop());
    this.selection?.ignore();
    this.connection?.close();
  }

  get page() {
    return this.getAttribute("mode") === "page";
  }

  get level() {
    return this.page ? 2 : 3;
  }

  get content() {
    return this.getAttribute("content") || "article, main, body";
  }

  get linkTarget() {
    return this.page ? "_blank" : null;
  }

  /** Where a source opens. A path alone means nothing on a page that is not the book's own. */
  linkOf(source) {
    if (!source.url) return null;
    if (this.page && !/^https?:/.test(source.url)) return null;
    return new URL(source.url, location.href).href;
  }

  #build() {
    const language = this.notes.get("language") || this.getAttribute("language") || document.documentElement.lang;
    this.words = wordsOf(language);
    this.words.title = this.heading || this.words.title;
    this.words.greeting = this.getAttribute("greeting") || this.words.greeting;
    this.words.suggestions = listOf(this.getAttribute("suggestions")) ?? this.words.suggestions;
    this.card = new Card(this);
    this.composer = new Composer(this);
    this.selection?.ignore();
    this.selection = new Selection(this);
    this.frame = frameOf(this);
    this.shadowRoot.replaceChildren(this.frame.root);
    if (!this.page) this.selection.listen();
  }

  #listen() {
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
    if (!this.restored) this.restored = this.#restore();
  }

  close() {
    this.card.hide();
    this.frame.panel.close();
    this.#remember(false);
    this.frame.launcher.focus();
  }

  #remember(open) {
    try {
      sessionStorage.setItem("book-chat open", open ? "1" : "");
    } catch {
      // Only the panel's state after a reload is lost.
    }
  }

  #wasOpen() {
    try {
      return sessionStorage.getItem("book-chat open") === "1";
    } catch {
      return false;
    }
  }

  /** Asks about a selected text: one of the ready questions, the given one, or none yet. */
  askAbout(text, action, question = action && this.words[`${action}Ask`]) {
    if (!question || this.asking) {
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
    if (this.asking) return;
    this.notice("");
    const turn = new Turn(this, question);
    this.#add(turn, replaced);
    const session = this.notes.get("session");
    const sent = session ? { ...question, session_id: session } : { ...question };
    this.#run(new Asking(this.connection, sent, this.#listener(turn)), turn);
  }

  stop() {
    this.asking?.stop();
  }

  #run(asking, turn) {
    this.asking = asking;
    this.composer.busy(true);
    this.announce(this.words.searching);
    asking.run();
    turn.node.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
  }

  #add(turn, replaced) {
    if (replaced) {
      replaced.node.remove();
      this.turns = this.turns.filter((one) => one !== replaced);
    }
    this.turns.push(turn);
    this.frame.log.append(turn.node);
    this.#arrange();
  }

  #arrange() {
    this.frame.root.classList.toggle("empty", this.turns.length === 0);
  }

  #listener(turn) {
    const end = (finish, spoken) => (value) => {
      this.asking = null;
      this.notes.set({ pending: null });
      finish(value);
      this.composer.busy(false);
      this.announce(spoken());
    };
    return {
      state: (name) => this.#state(name, turn),
      session: (id) => this.notes.use(id),
      start: (id) => {
        turn.start(id);
        this.notes.set({ pending: { answerId: id, question: turn.question.question, session: this.notes.get("session") } });
      },
      sources: (list) => turn.sources(list),
      token: (text) => turn.token(text),
      citation: (citation) => turn.citation(citation),
      done: end((answer) => ((turn.answer = answer), turn.settle()), () => `${this.words.complete} ${turn.spoken()}`),
      cancelled: end((answer) => (Object.assign(turn.answer, answer), turn.settle(this.words.stopped)), () => this.words.stopped),
      failed: end((problem) => turn.fail(problem), () => ""),
    };
  }

  #state(name, turn) {
    const text = name === "asked" ? (turn.answer.answer ? this.words.writing : this.words.searching) : this.words[name];
    turn.say(text);
    if (name !== "asked") this.announce(text);
  }

  /** Tells assistive technology; whole sentences only, never tokens. */
  announce(text) {
    this.frame.live.textContent = text;
  }

  notice(text) {
    this.frame.notice.textContent = text;
  }

  async rate(answer, rating, comment) {
    try {
      await this.service.rate(answer.answer_id, answer.session_id ?? this.notes.get("session"), rating, comment);
      return true;
    } catch {
      return false;
    }
  }

  /** The conversation before a reload, and the answer that was under way. */
  async #restore() {
    const session = this.notes.get("session");
    const pending = this.notes.get("pending");
    if (!session) return;
    let found = [];
    try {
      found = await this.service.turns(session);
    } catch (error) {
      if (error instanceof Problem && ["not_found", "invalid_request"].includes(error.code)) this.notes.set({ session: null });
    }
    if (session !== this.notes.get("session")) return;
    const known = new Set(this.turns.map((turn) => turn.answer.answer_id));
    const earlier = found.filter((one) => !known.has(one.answer.answer_id)).map((one) => Turn.remembered(this, one));
    this.frame.log.prepend(...earlier.map((turn) => turn.node));
    this.turns.unshift(...earlier);
    this.#arrange();
    const told = found.some((one) => one.answer.answer_id === pending?.answerId);
    if (pending && !told && !this.asking) this.#resume(pending);
    else earlier.at(-1)?.node.scrollIntoView({ block: "start" });
  }

  #resume(pending) {
    const turn = new Turn(this, { question: pending.question });
    this.#add(turn, null);
    this.#run(Asking.resume(this.connection, pending, this.#listener(turn)), turn);
  }

  newChat() {
    this.asking?.leave();
    this.asking = null;
    this.connection.close();
    this.notes.set({ session: null, pending: null });
    this.#empty();
  }

  #empty() {
    this.turns = [];
    this.frame.log.replaceChildren();
    this.card.hide();
    this.composer.cite("");
    this.composer.busy(false);
    this.notice("");
    this.#arrange();
    this.composer.focus();
  }

  /** Deletes every session that this browser knows, here and on the server. */
  async clearData() {
    const sessions = this.notes.get("sessions");
    const results = await Promise.allSettled(sessions.map((session) => this.service.forget(session)));
    const kept = results.some((one) => one.status === "rejected" && !["not_found", "invalid_request"].includes(one.reason.code));
    if (kept) return this.notice(this.words.clearFailed);
    this.newChat();
    this.notes.clear();
    this.notice(this.words.cleared);
  }

  /** Changes the language of the interface; answers keep theirs. */
  speak(code) {
    if (this.asking) return;
    this.notes.set({ language: code });
    const open = this.frame.panel?.open;
    const turns = this.turns;
    this.disconnectedCallback();
    this.#build();
    this.#listen();
    this.turns = [];
    for (const { question, answer } of turns) {
      const turn = new Turn(this, question);
      turn.answer = answer;
      turn.settle();
      this.#add(turn, null);
    }
    if (this.page || open) this.open("");
  }
}

function listOf(text) {
  if (!text) return null;
  try {
    const list = JSON.parse(text);
    if (Array.isArray(list)) return list.map(String);
  } catch {
    // Not JSON: separated by bars.
  }
  return text.split("|").map((one) => one.trim()).filter(Boolean);
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

if (!customElements.get("book-chat")) customElements.define("book-chat", BookChat);
