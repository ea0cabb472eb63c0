// After a citation was followed: the heading stands under the site's header once fonts, pictures
// and layout have settled, and the sentence that the answer rests on is highlighted there.
import { TEXT } from "./page-layout.js";
import { attempt } from "./service.js";

const KEY = "book-chat landing";
const NAME = "book-chat-cited";
const SETTLED_MS = 700;
const LONGEST_MS = 6000;
const FRESH_MS = 30_000;
const MIN_SHARE = 0.34;
const BY_READER = ["wheel", "touchmove", "keydown", "pointerdown"];
const HEADING = "h1, h2, h3, h4, h5, h6";
const INLINE = new Set("A ABBR B BDI BDO CITE CODE DEL DFN EM I INS KBD MARK Q S SAMP SMALL SPAN STRONG SUB SUP TIME U VAR".split(" "));

/** Remembers, in this tab only, what the link at `href` was followed for. */
export function depart(href, cited) {
  attempt(() => sessionStorage.setItem(KEY, JSON.stringify({ href, cited, at: Date.now() })));
}

/** What the reader came to this address for: `{cited}` or null. */
function arrival() {
  const kept = attempt(() => JSON.parse(sessionStorage.getItem(KEY)));
  if (!kept || Date.now() - kept.at > FRESH_MS || bare(kept.href) !== bare(location.href)) return null;
  attempt(() => sessionStorage.removeItem(KEY));
  return kept;
}

/** Sites add or drop a slash at the end of a page's path. */
function bare(href) {
  const { origin, pathname, hash } = new URL(href, location.href);
  return origin + decoded(pathname).replace(/\/$/, "") + decoded(hash);
}

const decoded = (text) => attempt(() => decodeURIComponent(text)) ?? text;

let leave = () => {};

/** Brings the reader to where a citation led, if one did; stays there until the page is at rest. */
export function land() {
  const came = arrival();
  const id = decoded(location.hash.slice(1));
  if (!came || !id) return;
  leave();
  clearHighlight();
  const since = performance.now();
  let changed = since;
  let place = null;
  const note = () => (changed = performance.now());
  const sizes = new ResizeObserver(note);
  sizes.observe(document.body);
  document.addEventListener("load", note, { capture: true });
  document.fonts?.ready.then(note);
  for (const name of BY_READER) addEventListener(name, gone, { passive: true, capture: true });
  let timer = setTimeout(look, 0);
  leave = gone;

  function look() {
    const heading = document.getElementById(id);
    if (heading) {
      if (heading !== place) sizes.observe(heading.closest(TEXT) ?? heading);
      place = heading;
      if (bringUp(heading)) note();
      highlight(heading, came.cited);
    }
    const now = performance.now();
    const rest = document.readyState === "complete" && now - changed > SETTLED_MS;
    if ((heading && rest) || now - since > LONGEST_MS) gone();
    else timer = setTimeout(look, 60);
  }

  function gone() {
    clearTimeout(timer);
    sizes.disconnect();
    document.removeEventListener("load", note, { capture: true });
    for (const name of BY_READER) removeEventListener(name, gone, { capture: true });
    leave = () => {};
  }
}

/** Scrolls `heading` to the top, below whatever covers the top; true if anything moved. */
function bringUp(heading) {
  const before = scrollY;
  heading.scrollIntoView({ block: "start", inline: "nearest", behavior: "instant" });
  const { left, top, height } = heading.getBoundingClientRect();
  const covering = document.elementsFromPoint(left + 4, Math.max(1, top + height / 2))
    .find((one) => !one.contains(heading) && !heading.contains(one) && pinned(one));
  if (covering) scrollBy({ top: top - covering.getBoundingClientRect().bottom - 8, behavior: "instant" });
  return Math.abs(scrollY - before) > 1;
}

function pinned(element) {
  for (let one = element; one && one !== document.body; one = one.parentElement) {
    if (["fixed", "sticky"].includes(getComputedStyle(one).position)) return one.localName !== "book-chat";
  }
  return false;
}

/** Highlights, in the section under `heading`, the sentence that says most of `cited`. */
function highlight(heading, cited) {
  if (!globalThis.Highlight || !CSS.highlights || !cited) return;
  const wanted = new Set(terms(cited));
  let best = null;
  for (const sentence of sentences(heading)) {
    const found = new Set(terms(sentence.text).filter((term) => wanted.has(term)));
    // A sentence that says it in fewer words is nearer.
    const score = found.size - 0.02 * sentence.text.length / 10;
    if (found.size >= Math.max(2, wanted.size * MIN_SHARE) && (!best || score > best.score)) best = { ...sentence, score };
  }
  if (best) CSS.highlights.set(NAME, new Highlight(best.range()));
}

export const clearHighlight = () => CSS.highlights?.delete(NAME);

const terms = (text) => text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];

/** Sentences of the section that `heading` opens, with a way to their Range. */
function sentences(heading) {
  const found = [];
  for (const { nodes, text } of blocks(heading)) {
    let start = 0;
    const ends = [...text.matchAll(/[.!?۔؟](?=\s|$)/g)].map((end) => end.index + 1);
    for (const end of [...ends, text.length]) {
      const part = text.slice(start, end);
      const from = end - part.trimStart().length;
      if (part.trim()) found.push({ text: part.trim(), range: () => rangeOf(nodes, from, from + part.trim().length) });
      start = end;
    }
  }
  return found;
}

/** Runs of text nodes without a block's border between them, down to the next heading of this rank. */
function blocks(heading) {
  const root = heading.closest(TEXT) ?? document.body;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  walker.currentNode = heading;
  const found = [];
  let block = null;
  let holder = null;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (heading.contains(node)) continue;
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (node.matches(HEADING) && node.localName <= heading.localName) break;
      continue;
    }
    const outer = holderOf(node);
    if (!block || outer !== holder) found.push((block = { nodes: [], text: "" }));
    holder = outer;
    block.nodes.push({ node, at: block.text.length });
    block.text += node.data;
  }
  return found;
}

function holderOf(node) {
  let one = node.parentElement;
  while (INLINE.has(one.tagName)) one = one.parentElement;
  return one;
}

function rangeOf(nodes, from, to) {
  const place = (offset) => {
    const { node, at } = nodes.findLast((one) => one.at <= offset);
    return [node, Math.min(offset - at, node.length)];
  };
  const range = document.createRange();
  range.setStart(...place(from));
  range.setEnd(...place(to));
  return range;
}
