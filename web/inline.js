// Inline Markdown to DOM nodes: emphasis, code, links, math, and the marks of citations.
import { h } from "./dom.js";
import { math } from "./math.js";

// A citation's mark travels through the Markdown as one private-use character.
export const FIRST_MARK = 0xe000;
export const MARKS = /[\uE000-\uF8FF]/g;
export const markAt = (index) => String.fromCharCode(FIRST_MARK + index);
export const withoutMarks = (text) => text.replace(MARKS, "");
export const marksIn = (text) => text.match(MARKS) ?? [];

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", copy: "©", deg: "°" };
const RULES = [
  [/\\\(([^]+?)\\\)/y, (found, context) => tex(found[1], false, context)],
  [/\\\[([^]+?)\\\]/y, (found, context) => tex(found[1], true, context)],
  [/\\\n/y, () => [h("br")]],
  [/\\([!-/:-@[-`{-~])/y, (found) => [found[1]]],
  [/(`+)(?!`)([^]*?[^`])\1(?!`)/y, (found, context) => code(found[2], context)],
  [/\$\$([^$]+?)\$\$/y, (found, context) => tex(found[1], true, context)],
  [/\$(?![\s\d.,]*\$)(?=\S)((?:\\.|[^$\\\n])*?[^\s\\])\$(?!\d)/y, (found, context) => tex(found[1], false, context)],
  [/!?\[((?:\\.|\[[^\]]*\]|[^[\]])*)\]\(\s*<?((?:\([^()]*\)|[^\s()<>])*)>?(?:\s+["'(][^"')]*["')])?\s*\)/y,
    (found, context) => link(found[2], inline(found[1], context), context)],
  [/<((?:https?:\/\/|mailto:)[^\s<>]+)>/y, (found, context) => link(found[1], [withoutMarks(found[1])], context)],
  [/https?:\/\/[^\s<>"'`\uE000-\uF8FF]*[^\s<>"'`.,;:!?)\]*_~\uE000-\uF8FF]/y,
    (found, context) => link(found[0], [found[0]], context)],
  [/(\*\*\*|___)(?=\S)([^]*?\S)\1/y, (found, context) => [h("strong", {}, h("em", {}, inline(found[2], context)))], true],
  [/(\*\*|__)(?=\S)([^]*?\S)\1(?![*_])/y, (found, context) => [h("strong", {}, inline(found[2], context))], true],
  [/(\*|_)(?=[^\s*_])((?:\\.|\*\*[^*]+\*\*|(?!\1)[^])*?(?:(?!\1)[^\s\\]|\*\*))\1(?!\1)/y,
    (found, context) => [h("em", {}, inline(found[2], context))], true],
  [/~~(?=\S)([^]*?\S)~~/y, (found, context) => [h("del", {}, inline(found[1], context))]],
  [/&(?:#(\d{1,6})|([a-z]+));/y, (found) => entity(found)],
  [/ {2,}\n/y, () => [h("br")]],
  [/<br ?\/?>/y, () => [h("br")]],
];
const SPECIAL = /[\\`$![<h*_~& \uE000-\uF8FF]/;

/** Nodes of one run of inline Markdown; `context.mark(index)` makes the node of a mark. */
export function inline(text, context) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(plain);
    plain = "";
  };
  for (let at = 0; at < text.length;) {
    const made = SPECIAL.test(text[at]) ? special(text, at, context) : null;
    if (!made) {
      plain += text[at++];
      continue;
    }
    flush();
    nodes.push(...made.nodes);
    at = made.end;
  }
  flush();
  return nodes;
}

function special(text, at, context) {
  const markIndex = text.charCodeAt(at) - FIRST_MARK;
  if (markIndex >= 0 && marksIn(text[at]).length) return { nodes: [context.mark(markIndex)], end: at + 1 };
  for (const [pattern, make, emphasis] of RULES) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found || (emphasis && splitsWord(text, at, pattern.lastIndex))) continue;
    const end = pattern.lastIndex;
    const nodes = make(found, context);
    if (nodes) return { nodes, end };
  }
  return null;
}

/** Underscores inside a word (snake_case) are not emphasis. */
function splitsWord(text, start, end) {
  if (text[start] !== "_") return false;
  return /[\p{L}\p{N}]/u.test(text[start - 1] ?? "") || /[\p{L}\p{N}]/u.test(text[end] ?? "");
}

const marksOf = (text, context) => marksIn(text).map((mark) => context.mark(mark.charCodeAt(0) - FIRST_MARK));

function code(text, context) {
  const shown = withoutMarks(text).replace(/\n/g, " ").replace(/^ (.*\S.*) $/, "$1");
  return [h("code", { dir: "ltr" }, shown), ...marksOf(text, context)];
}

/** MathML, or the source in a typewriter face where the TeX is beyond us. */
export function tex(source, display, context) {
  const shown = withoutMarks(source).trim();
  return [formula(shown, display), ...marksOf(source, context)];
}

function formula(source, display) {
  try {
    return math(source, display);
  } catch {
    return h("code", { class: "tex", dir: "ltr" }, source);
  }
}

/** Only web and mail addresses become links; anything else keeps its text. */
function link(address, children, context) {
  const url = withoutMarks(address);
  const strays = marksOf(address, context);
  if (!/^(https?:\/\/|mailto:)/i.test(url)) return [...children, ...strays];
  return [h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children), ...strays];
}

function entity(found) {
  if (found[2]) return found[2] in ENTITIES ? [ENTITIES[found[2]]] : null;
  const point = Number(found[1]);
  return point > 31 && point <= 0x10ffff ? [String.fromCodePoint(point)] : null;
}
