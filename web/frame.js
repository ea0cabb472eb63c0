// The furniture around the conversation: bar, welcome, log, foot; as a page or as a side panel.
import { directionOf, h, icon, iconButton } from "./dom.js";

/** Nodes of a `<book-chat>`: root, panel, launcher (widget only), log, live, notice. */
export function frameOf(host) {
  const { words, page } = host;
  const log = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": words.conversation });
  const live = h("p", { class: "hidden live", role: "status" });
  const notice = h("p", { class: "notice", role: "status" });
  const scroll = h(page ? "main" : "div", { class: "scroll", tabindex: "0", role: page ? null : "group", "aria-label": words.conversation,
    onscroll: () => host.card.moved() }, welcome(host), log);
  const parts = [bar(host), scroll, foot(host, notice), live, host.card.node];
  const outer = { class: "root empty", lang: words.code, dir: words.direction };
  if (page) {
    const panel = h("div", { class: "panel page" }, parts);
    return { root: h("div", outer, panel), panel, log, live, notice };
  }
  const panel = h("dialog", { class: "panel", "aria-label": words.title, onclick: (event) => leaves(host, event),
    oncancel: (event) => (event.preventDefault(), host.close()) }, parts);
  const launcher = h("button", { type: "button", class: "launcher", "aria-haspopup": "dialog",
    // Pressing must not take the page's selection away.
    onpointerdown: (event) => event.preventDefault(), onclick: () => host.open() }, icon("book"), h("span", {}, words.ask));
  return { root: h("div", outer, launcher, panel, host.selection.node), panel, launcher, log, live, notice };
}

function bar(host) {
  const { words, page } = host;
  const language = h("button", { type: "button", class: "text", lang: words.otherCode, onclick: () => host.speak(words.otherCode) }, words.other);
  const fresh = h("button", { type: "button", class: "text fresh", onclick: () => host.newChat() }, words.newChat);
  const close = page ? null : iconButton("close", words.close, () => host.close());
  return h(page ? "header" : "div", { class: "bar" }, h(page ? "h1" : "h2", { class: "title" }, icon("book"), h("span", {}, words.title)),
    h("div", { class: "tools" }, fresh, language, close));
}

function welcome(host) {
  const { words, level } = host;
  const ask = (question) => h("li", {}, h("button", { type: "button", class: "suggestion", dir: directionOf(question), onclick: () => host.ask({ question }) }, question));
  return h("section", { class: "welcome" }, h(`h${level}`, { class: "greeting" }, words.greeting), h("p", {}, words.lead),
    words.suggestions.length > 0 && h("p", { class: "label", id: "suggestions" }, words.suggestionsLabel),
    words.suggestions.length > 0 && h("ul", { "aria-labelledby": "suggestions" }, words.suggestions.map(ask)));
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
