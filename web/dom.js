// Building DOM nodes. Text only ever becomes a text node: there is no innerHTML in this folder,
// and the page's Content-Security-Policy (Trusted Types) would refuse it.

/** An element; `on…` attributes are listeners, null and false ones are left out. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG and MathML. */
export function ns(namespace, tag, attributes = {}, ...children) {
  return fill(document.createElementNS(namespace, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/**
 * Which way a text reads. `dir="auto"` goes by the first letter, but Urdu sentences about
 * technology often begin with an English name: here the share of letters decides.
 */
export function directionOf(text) {
  const rightToLeft = text.match(/[\u0590-\u08ff\ufb1d-\ufeff]/g)?.length ?? 0;
  const others = text.match(/[a-z\u00c0-\u058f\u0900-\ud7ff]/gi)?.length ?? 0;
  return rightToLeft * 2 > others ? "rtl" : "ltr";
}

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  book: "M12 6.5C10.2 5.200 8 4.7 4.500 4.7v13c3.500 0 5.7.5 7.500 1.8 1.8-1.3 4-1.8 7.500-1.8v-13c-3.500 0-5.7.5-7.500 1.8zm0 0v13",
  send: "M12 19V5m-6 6 6-6 6 6",
  stop: "M7 7h10v10H7z",
  copy: "M9 9h10v11H9zM5 15V4h10",
  done: "m5 12.5 4.5 4.5L19 7.500",
  up: "M7 11v9H4v-9zm0 0 4-7c1.7 0 2.4 1.3 2 3l-.6 3H18c1.500 0 2.300 1 2 2.4l-1.2 6c-.2 1-1 1.6-2 1.6H7",
  down: "M17 13V4h3v9zm0 0-4 7c-1.7 0-2.4-1.3-2-3l.6-3H6c-1.500 0-2.300-1-2-2.4l1.2-6c.2-1 1-1.6 2-1.6H17",
  again: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
  edit: "M5 19h3L19 8l-3-3L5 16zM13.500 7.500l3 3",
  search: "M11 5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zm4.500 10.500L20 20",
  chats: "M5 6h14v9H11l-4 4v-4H5z",
  voice: "M12 4a2.500 2.500 0 0 1 2.500 2.500v5a2.500 2.500 0 0 1-5 0v-5A2.500 2.500 0 0 1 12 4zM6.500 11.500a5.500 5.500 0 0 0 11 0M12 17v3",
  download: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  share: "M9.500 10.500l5-3M9.500 13.500l5 3M7 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM17 4.500a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM17 15.500a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  bin: "M5 7h14M9.500 7V4.500h5V7M7 7l1 13h8l1-13",
  new: "M12 5v14M5 12h14",
  close: "m6 6 12 12M18 6 6 18",
};

/** A line drawing; decoration only, so it is hidden from assistive technology. */
export function icon(name) {
  const frame = { viewBox: "0 0 24 24", "aria-hidden": "true", class: `icon icon-${name}` };
  return ns(SVG, "svg", frame, ns(SVG, "path", { d: SHAPES[name] }));
}

/** A button with a drawing and, unless `shown`, its name only for assistive technology. */
export function iconButton(name, label, onclick, { shown = false, ...attributes } = {}) {
  const text = shown ? h("span", {}, label) : null;
  const named = shown ? {} : { "aria-label": label, title: label };
  return h("button", { type: "button", class: "plain", ...named, ...attributes, onclick }, icon(name), text);
}

/** Copies text; also where the Clipboard API is missing (pages without TLS). */
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = h("textarea", { "aria-hidden": "true", tabindex: "-1" });
  area.value = text;
  area.style.cssText = "position:fixed;opacity:0";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/** A button that copies what `text()` gives and says so for a moment. */
export function copyButton(label, doneLabel, text, options) {
  const button = iconButton("copy", label, async () => {
    await copyText(text());
    button.replaceChildren(icon("done"), h("span", { role: "status" }, doneLabel));
    setTimeout(() => button.replaceChildren(...before), 1800);
  }, options);
  const before = [...button.childNodes];
  return button;
}
