// Inline Markdown to DOM nodes: emphasis, code, links, math, and the marks of citations.
//
// One pass from left to right. An answer is written by a model from a book that anybody may have
// written, so no step may look again and again at the same text: what a search did not find is
// remembered, what it found is consumed, and emphasis is resolved with a stack.
import { h } from "./dom.js";
import { math } from "./math.js";

// A citation's mark travels through the Markdown as one private-use character.
export const FIRST_MARK = 0xe000;
export const MARKS = /[\uE000-\uF8FF]/g;
export const markAt = (index) => String.fromCharCode(FIRST_MARK + index);
export const withoutMarks = (text) => text.replace(MARKS, "");
export const marksIn = (text) => text.match(MARKS) ?? [];

const ENTITIES = new Map(Object.entries({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", copy: "©", deg: "°" }));
const SPECIAL = /[\\`$![<h*_~& \uE000-\uF8FF]/g;
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const IN_URL = /[^\s<>"'`\uE000-\uF8FF]*/y;
const MAX_URL = 2048;
const MAX_NESTING = 24;
const MAX_PARENTHESES = 4;

/** Nodes of one run of inline Markdown; `context.mark(index)` makes the node of a mark. */
export function inline(text, context) {
  return new Scanner(text, context, "links").nodes();
}

class Scanner {
  constructor(text, context, links) {
    Object.assign(this, { text, context, at: 0, out: [], depths: [], openers: [], bottoms: new Map(), missing: new Set() });
    this.fences = runsOf(text);
    this.links = links === "none" ? new Map() : labelsOf(text, links === "images");
    // A link inside a link's label is text; an image there is its own label.
    this.inner = links === "links" ? "images" : "none";
  }

  nodes() {
    const { text } = this;
    while (this.at < text.length) {
      SPECIAL.lastIndex = this.at;
      const next = SPECIAL.exec(text)?.index ?? text.length;
      if (next > this.at) this.put(text.slice(this.at, next), next);
      if (next < text.length && !this.special(text[next])) this.put(text[next], next + 1);
    }
    return this.out.map((one) => (one.count === undefined ? one : one.character.repeat(one.count)));
  }

  /** Appends `node`, which ends before `end`. */
  put(node, end, depth = 0) {
    const last = this.out.length - 1;
    if (typeof node === "string" && typeof this.out[last] === "string") this.out[last] += node;
    else {
      this.out.push(node);
      this.depths.push(depth);
    }
    this.at = end;
    return true;
  }

  putAll(nodes, end) {
    for (const node of nodes) this.put(node, end, 1);
    this.at = end;
    return true;
  }

  special(character) {
    switch (character) {
      case "\\": return this.escape();
      case "`": return this.code();
      case "$": return this.dollars();
      case "!":
      case "[": return this.link();
      case "<": return this.angle();
      case "h": return this.address();
      case "&": return this.entity();
      case " ": return this.spaces();
      case "*":
      case "_":
      case "~": return this.delimiters(character);
      default: return this.put(this.context.mark(character.charCodeAt(0) - FIRST_MARK), this.at + 1);
    }
  }

  /** Where `needle` stands from `from` on, or -1; a needle that is not there is not looked for again. */
  find(needle, from) {
    if (this.missing.has(needle)) return -1;
    const found = this.text.indexOf(needle, from);
    if (found < 0) this.missing.add(needle);
    return found;
  }

  escape() {
    const next = this.text[this.at + 1] ?? "";
    if (next === "(" || next === "[") {
      const close = this.find(next === "(" ? "\\)" : "\\]", this.at + 3);
      if (close > 0) return this.putAll(tex(this.text.slice(this.at + 2, close), next === "[", this.context), close + 2);
    }
    if (next === "\n") return this.put(h("br"), this.at + 2);
    return PUNCTUATION.test(next) && this.put(next, this.at + 2);
  }

  code() {
    const { text, at } = this;
    let end = at;
    while (text[end] === "`") end += 1;
    const close = closing(this.fences, end - at, end);
    if (close < 0) return this.put(text.slice(at, end), end);
    return this.putAll(code(text.slice(end, close), this.context), close + end - at);
  }

  dollars() {
    const { text, at } = this;
    if (text[at + 1] === "$") {
      const close = text.indexOf("$", at + 2);
      if (close > at + 2 && text[close + 1] === "$") return this.putAll(tex(text.slice(at + 2, close), true, this.context), close + 2);
      return false;
    }
    let close = at + 1;
    while (close < text.length && text[close] !== "$" && text[close] !== "\n") close += text[close] === "\\" ? 2 : 1;
    const source = text.slice(at + 1, close);
    const money = text[close] !== "$" || !/\S/.test(source[0] ?? " ") || /[\s\\]/.test(source.at(-1)) || /\d/.test(text[close + 1] ?? "");
    if (money || /^[\s\d.,]*$/.test(source)) return false;
    return this.putAll(tex(source, false, this.context), close + 1);
  }

  link() {
    const start = this.text[this.at] === "!" ? this.at + 1 : this.at;
    const found = this.links.get(start);
    if (!found) return false;
    const label = new Scanner(this.text.slice(start + 1, found.close), this.context, this.inner).nodes();
    const address = this.inner === "none" ? "" : found.address;
    return this.putAll(link(address, label, this.context), found.end);
  }

  angle() {
    const { text, at } = this;
    const line = /<br ?\/?>/y;
    line.lastIndex = at;
    if (line.test(text)) return this.put(h("br"), line.lastIndex);
    const found = /<((?:https?:\/\/|mailto:)[^\s<>]+)>/y;
    found.lastIndex = at;
    const address = found.exec(text)?.[1];
    return address && this.putAll(link(address, [withoutMarks(address)], this.context), found.lastIndex);
  }

  address() {
    const { text, at } = this;
    if (!text.startsWith("http://", at) && !text.startsWith("https://", at)) return false;
    IN_URL.lastIndex = text.indexOf("//", at) + 2;
    const start = IN_URL.lastIndex;
    IN_URL.test(text);
    let end = Math.min(IN_URL.lastIndex, start + MAX_URL);
    while (end > start && /[.,;:!?)\]*_~]/.test(text[end - 1])) end -= 1;
    if (end === start) return this.put(text.slice(at, start), start);
    const url = text.slice(at, end);
    return this.putAll(link(url, [url], this.context), end);
  }

  entity() {
    const found = /&(?:#(\d{1,6})|([a-z]{1,8}));/y;
    found.lastIndex = this.at;
    const [, number, name] = found.exec(this.text) ?? [];
    const point = Number(number);
    const shown = name ? ENTITIES.get(name) : point > 31 && point <= 0x10ffff ? String.fromCodePoint(point) : undefined;
    return shown !== undefined && this.put(shown, found.lastIndex);
  }

  spaces() {
    let end = this.at;
    while (this.text[end] === " ") end += 1;
    if (end - this.at > 1 && this.text[end] === "\n") return this.put(h("br"), end + 1);
    return this.put(this.text.slice(this.at, end), end);
  }

  /** A run of one delimiter closes what it can and opens with the rest (CommonMark's algorithm). */
  delimiters(character) {
    const { text, at } = this;
    let end = at;
    while (text[end] === character) end += 1;
    const before = text[at - 1] ?? " ";
    const after = text[end] ?? " ";
    // Underscores inside a word (snake_case) are not emphasis.
    const inner = (one) => character === "_" && /[\p{L}\p{N}]/u.test(one);
    const run = { character, length: end - at, count: end - at, opens: /\S/.test(after) && !inner(before), closes: /\S/.test(before) && !inner(after) };
    if (character === "~" && run.length !== 2) return this.put(text.slice(at, end), end);
    while (run.closes && run.count && this.close(run));
    if (run.count && run.opens) {
      run.place = this.out.length;
      this.openers.push(run);
      return this.put(run, end);
    }
    return this.put(character.repeat(run.count), end);
  }

  /** Wraps what stands between the nearest fitting opener and `run`; false if there is none. */
  close(run) {
    const { openers, out, depths } = this;
    const key = `${run.character}${run.length % 3}${run.opens}`;
    const bottom = this.bottoms.get(key) ?? 0;
    let index = openers.length - 1;
    while (index >= bottom && !fits(openers[index], run)) index -= 1;
    if (index < bottom) {
      this.bottoms.set(key, openers.length);
      return false;
    }
    const opener = openers[index];
    const depth = 1 + depths.slice(opener.place + 1).reduce((most, one) => Math.max(most, one), 0);
    if (depth > MAX_NESTING) {
      this.bottoms.set(key, openers.length);
      return false;
    }
    const used = run.character === "~" || (opener.count > 1 && run.count > 1) ? 2 : 1;
    const inside = out.splice(opener.place + 1).map((one) => (one.count === undefined ? one : one.character.repeat(one.count)));
    depths.length = opener.place + 1;
    openers.length = index + 1;
    opener.count -= used;
    run.count -= used;
    if (opener.count === 0) {
      openers.pop();
      out.pop();
      depths.pop();
    }
    for (const [name, known] of this.bottoms) this.bottoms.set(name, Math.min(known, openers.length));
    const tag = run.character === "~" ? "del" : used === 2 ? "strong" : "em";
    out.push(h(tag, {}, inside));
    depths.push(depth);
    return true;
  }
}

/** May `opener` be closed by `run`? The rule of three keeps `*a**b*` one emphasis. */
function fits(opener, run) {
  if (opener.character !== run.character) return false;
  const mixed = run.opens || opener.closes;
  return !mixed || (opener.length + run.length) % 3 !== 0 || (opener.length % 3 === 0 && run.length % 3 === 0);
}

/** Starts of the backtick runs of `text` by their length, ascending. */
function runsOf(text) {
  const runs = new Map();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    if (!runs.has(run.length)) runs.set(run.length, { starts: [], next: 0 });
    runs.get(run.length).starts.push(index);
  }
  return runs;
}

/** The first run of `length` backticks at or after `from`, which only ever grows; -1 if none. */
function closing(runs, length, from) {
  const known = runs.get(length);
  if (!known) return -1;
  while (known.starts[known.next] < from) known.next += 1;
  return known.starts[known.next] ?? -1;
}

/** Links `[label](address "title")` by the place of their bracket; of two nested ones the inner. */
function labelsOf(text, imagesOnly) {
  const found = new Map();
  if (!text.includes("](")) return found;
  const fences = runsOf(text);
  let open = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "`") {
      let end = at;
      while (text[end] === "`") end += 1;
      const close = closing(fences, end - at, end);
      at = (close < 0 ? end : close + end - at) - 1;
    } else if (text[at] === "[") open.push(at);
    else if (text[at] === "]" && open.length) {
      const start = open.pop();
      const image = text[start - 1] === "!";
      const target = (image || !imagesOnly) && text[at + 1] === "(" && destination(text, at + 2);
      if (!target) continue;
      found.set(start, { close: at, ...target });
      if (!image) open = [];
      at = target.end - 1;
    }
  }
  return found;
}

/** `{address, end}` of what stands behind `](`, or null. Looks at a bounded stretch only. */
function destination(text, from) {
  const part = text.slice(from, from + MAX_URL);
  let at = part.length - part.trimStart().length;
  const angle = part[at] === "<";
  if (angle) at += 1;
  const start = at;
  let depth = 0;
  for (; at < part.length && !/[\s<>]/.test(part[at]); at += 1) {
    if (part[at] === "(" && (depth += 1) > MAX_PARENTHESES) return null;
    if (part[at] === ")" && (depth -= 1) < 0) break;
  }
  const address = part.slice(start, at);
  if (angle && part[at++] !== ">") return null;
  const title = /\s{1,9}(?:"[^"]*"|'[^']*'|\([^)]*\))/y;
  title.lastIndex = at;
  if (title.test(part)) at = title.lastIndex;
  while (/\s/.test(part[at] ?? "")) at += 1;
  return part[at] === ")" ? { address, end: from + at + 1 } : null;
}

const marksOf = (text, context) => marksIn(text).map((mark) => context.mark(mark.charCodeAt(0) - FIRST_MARK));

function code(text, context) {
  const line = withoutMarks(text).replace(/\n/g, " ");
  const padded = line.length > 2 && line[0] === " " && line.at(-1) === " " && line.trim();
  return [h("code", { dir: "ltr" }, padded ? line.slice(1, -1) : line), ...marksOf(text, context)];
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
