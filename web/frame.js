// The furniture around the conversation: bar, welcome, log, foot; as a page or as a side panel.
import { directionOf, h, icon, iconButton } from "./dom.js";
import { wordsOf } from "./words.js";

/** Nodes of a `<book-chat>`: root, panel, launcher (widget only), scroll, welcome, title, index, log, live, notice. */
export function frameOf(host) {
  const { words, page } = host;
  const log = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": words.conversation });
  const live = h("p", { class: "hidden live", role: "status" });
  const notice = h("p", { class: "notice", role: "status" });
  const welcome = h("section", { class: "welcome" });
  const title = h("span", {}, words.title);
  const index = h("p", { class: "index", role: "status", hidden: true });
  const scroll = h(page ? "main" : "div", { class: "scroll", tabindex: "0", role: page ? null : "group", "aria-label": words.conversation,
    onscroll: () => host.card.moved() }, welcome, log);
  const top = bar(host, title);
  const under = foot(host, notice);
  const parts = [top, index, scroll, under, live, host.card.node];
  const known = { top, foot: under, scroll, welcome, title, index, log, live, notice };
  const outer = { class: "root empty", lang: words.code, dir: words.direction, onkeydown: keep, onkeypress: keep, onkeyup: keep };
  if (page) {
    const panel = h("div", { class: "panel page" }, parts);
    return { root: h("div", outer, panel), panel, ...known };
  }
  const panel = h("dialog", { class: "panel", onclick: (event) => leaves(host, event),
    oncancel: (event) => (event.preventDefault(), host.close()) }, parts);
  const launcher = h("button", { type: "button", class: "launcher", "aria-haspopup": "dialog",
    // Pressing must not take the page's selection away.
    onpointerdown: (event) => event.preventDefault(), onclick: () => host.open() }, icon("book"), h("span", {}, words.ask));
  return { root: h("div", outer, launcher, panel, host.selection.node), panel, launcher, ...known };
}

/**
 * The book's own shortcuts must not hear what is typed here: to its page the keys come from an
 * element that is no text field. Tab, Escape and what goes with Ctrl or Cmd pass.
 */
function keep(event) {
  if (!event.ctrlKey && !event.metaKey && !["Escape", "Tab"].includes(event.key)) event.stopPropagation();
}

/** The line at the top: title, search, conversations, language. */
export function bar(host, title) {
  const { words, page } = host;
  const button = (name, act, attributes = {}) => h("button", { type: "button", class: "text", ...attributes, onclick: act }, name);
  const logo = host.setting("logo");
  const offered = host.offered ?? [];
  const next = offered[(offered.indexOf(words.code) + 1) % offered.length];
  const other = next && next !== words.code && wordsOf(next);
  const keys = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘K" : "Ctrl K";
  const letter = host.getAttribute("shortcut") ?? "k";
  return h(page ? "header" : "div", { class: "bar" },
    h(page ? "h1" : "h2", { class: "title" }, logo ? h("img", { src: logo, alt: "", class: "logo" }) : icon("book"), title),
    h("div", { class: "tools" },
      iconButton("search", letter === "k" ? `${words.search} (${keys})` : words.search, () => host.search(), { class: "plain find" }),
      iconButton("chats", words.chats, () => host.chats(), { class: "plain" }),
      iconButton("new", words.newChat, () => host.newChat(), { shown: true, class: "text fresh" }),
      other && button(other.self, () => host.speak(other.code), { lang: other.code }),
      page ? null : iconButton("close", words.close, () => host.close())));
}

/** What stands there before the first question. */
export function welcomeOf(host) {
  const { words, level, suggestions } = host;
  return [h(`h${level}`, { class: "greeting" }, words.greeting), h("p", {}, words.lead),
    suggestions.length > 0 && h("p", { class: "label", id: "suggestions" }, words.suggestionsLabel),
    suggestions.length > 0 && h("ul", { "aria-labelledby": "suggestions" }, suggestions.map((one) => questionButton(host, one))),
  ].filter(Boolean);
}

/** A question that is asked by a click. */
export function questionButton(host, question) {
  return h("li", {}, h("button", { type: "button", class: "suggestion", dir: directionOf(question), onclick: () => host.ask({ question }) }, question));
}

function foot(host, notice) {
  const { words } = host;
  const place = h("div", { class: "fine" });
  const calm = () => place.replaceChildren(notice, clear);
  const clear = h("button", { type: "button", class: "text", onclick: () => {
    place.replaceChildren(h("p", { id: "clear-ask" }, words.clearAsk), yes, no);
    no.focus();
  } }, words.clear);
  const yes = h("button", { type: "button", class: "text strong", "aria-describedby": "clear-ask", onclick: async () => {
    await host.clearData();
    calm();
  } }, words.clearYes);
  const no = h("button", { type: "button", class: "text", onclick: () => (calm(), clear.focus()) }, words.clearNo);
  calm();
  return h(host.page ? "footer" : "div", { class: "foot" }, host.composer.node, place);
}

/** On a small screen the panel covers the book: following a source has to uncover it. */
function leaves(host, event) {
  const link = event.target.closest?.("a.mark, a.heading, a.open");
  if (link && host.frame.panel.matches(":modal") && !event.defaultPrevented) host.close();
}
