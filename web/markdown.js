// Block Markdown to DOM nodes. A streaming answer is parsed again and again, but only the blocks
// that changed are made anew, so that what the reader has already selected or focused stays.
import { copyButton, directionOf, h } from "./dom.js";
import { highlight } from "./highlight.js";
import { inline, marksIn, tex, withoutMarks } from "./inline.js";

const MAX_DEPTH = 16;
const QUOTE = /^ {0,3}>\s?/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])(\s+)(?=\S)/;
const MATH = /^\s*(\$\$|\\\[)/;

// Fences, headings, rules and tables are read by hand: their patterns would try every way to share
// a long run of spaces or dashes between two of their parts.

/** `{indent, mark, language, title}` of a line that opens a fence, or null. */
function fenceOf(line) {
  const [, indent, mark] = /^( *)(`{3,}|~{3,})/.exec(line) ?? [];
  const info = mark && line.slice(indent.length + mark.length).trim();
  if (!mark || info.includes("`")) return null;
  const language = /^[^\s{]*/.exec(info)[0];
  const title = /\b(?:title|filename|file)\s{0,3}=\s{0,3}(?:"([^"]{1,200})"|'([^']{1,200})')/.exec(info);
  return { indent: indent.length, mark, language, title: title?.[1] ?? title?.[2] ?? "" };
}

/** Does `line` end a fence that `mark` opened? */
function closesFence(line, mark) {
  const found = line.trim();
  return found.startsWith(mark) && !found.replaceAll(mark[0], "");
}

/** `{level, text}` of a heading, or null. */
function headingOf(line) {
  const hashes = /^ {0,3}(#{1,6})(?=\s)/.exec(line);
  if (!hashes) return null;
  const text = line.slice(hashes[0].length).trim();
  let end = text.length;
  while (text[end - 1] === "#") end -= 1;
  const closed = end < text.length && (end === 0 || /\s/.test(text[end - 1]));
  return { level: hashes[1].length, text: closed ? text.slice(0, end).trimEnd() : text };
}

function isRule(line) {
  if (!/^ {0,3}[-*_]/.test(line)) return false;
  const bare = line.replace(/\s/g, "");
  return bare.length > 2 && !bare.replaceAll(bare[0], "");
}

function isDelimiterRow(line) {
  return line.includes("-") && line.includes("|") && cells(line).every((cell) => /^:?-+:?$/.test(cell));
}

/** Brings `holder`'s children up to date with `source`. `context`: see `inline`, plus labels. */
export function render(holder, source, context) {
  const blocks = split(source.split("\n"));
  const known = holder.blocks ?? [];
  blocks.forEach((block, index) => {
    block.key = block.lines.join("\n");
    block.key += marksIn(block.key).map((mark) => context.sign?.(mark)).join();
    if (known[index]?.key === block.key && known[index].kind === block.kind) {
      block.node = known[index].node;
      return;
    }
    block.node = node(block, context, true);
    if (known[index]) known[index].node.replaceWith(block.node);
    else holder.append(block.node);
  });
  for (const block of known.slice(blocks.length)) block.node.remove();
  holder.blocks = blocks;
}

/** Lines to `{kind, lines}`; marks of citations are invisible to the structure. */
function split(lines) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (!withoutMarks(lines[at]).trim()) {
      at += 1;
      continue;
    }
    const kind = kindAt(lines, at);
    const end = ENDS[kind](lines, at);
    blocks.push({ kind, lines: lines.slice(at, end) });
    at = end;
  }
  return blocks;
}

function kindAt(lines, at) {
  const line = withoutMarks(lines[at]);
  if (fenceOf(line)) return "fence";
  if (headingOf(line)) return "heading";
  if (isRule(line)) return "rule";
  if (QUOTE.test(line)) return "quote";
  if (ITEM.test(line)) return "list";
  if (MATH.test(line)) return "math";
  if (line.includes("|") && at + 1 < lines.length && isDelimiterRow(withoutMarks(lines[at + 1]))) return "table";
  return "paragraph";
}

const until = (lines, start, stops) => {
  let end = start;
  while (end < lines.length && !stops(withoutMarks(lines[end]), end)) end += 1;
  return end;
};
const one = (lines, at) => at + 1;
const ENDS = {
  heading: one,
  rule: one,
  fence(lines, at) {
    const { mark } = fenceOf(withoutMarks(lines[at]));
    return Math.min(lines.length, until(lines, at + 1, (line) => closesFence(line, mark)) + 1);
  },
  math(lines, at) {
    const first = withoutMarks(lines[at]).trim();
    const close = first.startsWith("$$") ? "$$" : "\\]";
    if (first.slice(2).includes(close)) return at + 1;
    return Math.min(lines.length, until(lines, at + 1, (line) => line.includes(close)) + 1);
  },
  quote: (lines, at) => until(lines, at, (line) => !QUOTE.test(line)),
  table: (lines, at) => until(lines, at, (line) => !line.trim() || !line.includes("|")),
  list(lines, at) {
    const first = ITEM.exec(withoutMarks(lines[at]));
    const numbered = /\d/.test(first[2]);
    let known = { next: -1 };
    return until(lines, at + 1, (line, index) => {
      if (!line.trim()) {
        // One answer for all the blank lines of a gap.
        if (known.next <= index) known = continues(lines, index, first[1].length, numbered);
        return !known.continues;
      }
      const item = ITEM.exec(line);
      if (item && item[1].length <= first[1].length + 1) return /\d/.test(item[2]) !== numbered;
      return /^ {0,1}\S/.test(line) && (fenceOf(line) || headingOf(line) || QUOTE.test(line) || isRule(line));
    });
  },
  paragraph: (lines, at) =>
    until(lines, at, (line, index) => {
      if (index === at) return false;
      const kind = kindAt(lines, index);
      const interrupts = kind !== "paragraph" && kind !== "list";
      return !line.trim() || interrupts || (kind === "list" && /^ {0,3}([-*+]|1[.)])\s/.test(line));
    }),
};

/** Does a list go on after the blank line at `index`? With the place of the next line of text. */
function continues(lines, index, indent, numbered) {
  let next = index;
  while (next < lines.length && !withoutMarks(lines[next]).trim()) next += 1;
  if (next === lines.length) return { next, continues: false };
  const line = withoutMarks(lines[next]);
  const item = ITEM.exec(line);
  if (item && item[1].length <= indent + 1) return { next, continues: /\d/.test(item[2]) === numbered };
  return { next, continues: line.startsWith(" ".repeat(indent + 2)) };
}

function node(block, context, outer = false) {
  const made = NODES[block.kind](block.lines, context);
  // Each block has its own direction: Urdu and English may alternate.
  if (outer && !["fence", "math", "rule"].includes(block.kind)) {
    made.setAttribute("dir", directionOf(block.lines.join(" ").replace(/`[^`]*`/g, "")));
  }
  return made;
}

const strays = (lines, context) => marksIn(lines.join("")).map((mark) => inline(mark, context)).flat();

/** Blocks inside a block; nobody nests deeper than this but to do harm. */
function nested(lines, context) {
  const depth = (context.depth ?? 0) + 1;
  const blocks = depth > MAX_DEPTH ? [{ kind: "paragraph", lines }] : split(lines);
  return blocks.map((block) => ({ ...block, node: node(block, { ...context, depth }) }));
}
const nodes = (blocks) => blocks.map((block) => block.node);

const NODES = {
  paragraph: (lines, context) => h("p", {}, inline(lines.map((line) => line.trimStart()).join("\n"), context)),
  rule: (lines, context) => h("div", { class: "rule" }, strays(lines, context)),
  heading(lines, context) {
    const found = headingOf(lines[0]) ?? headingOf(withoutMarks(lines[0]));
    const level = Math.min(6, Math.max(found.level, 2) + context.level - 1);
    return h(`h${level}`, {}, inline(found.text, context));
  },
  quote: (lines, context) => h("blockquote", {}, nodes(nested(lines.map((line) => line.replace(QUOTE, "")), context))),
  math(lines, context) {
    const source = lines.join("\n").trim().replace(/^(\$\$|\\\[)/, "").replace(/(\$\$|\\\])([\uE000-\uF8FF.,]*)\s*$/, "$2");
    return h("div", { class: "formula", tabindex: "0", role: "group", "aria-label": context.words.formula }, tex(source, true, context));
  },
  fence(lines, context) {
    const { indent, mark, language, title } = fenceOf(withoutMarks(lines[0]));
    const closed = lines.length > 1 && closesFence(withoutMarks(lines.at(-1)), mark);
    const body = lines.slice(1, closed ? -1 : undefined).map((line) => withoutMarks(line));
    const text = body.map((line) => line.slice(Math.min(indent, /^ */.exec(line)[0].length))).join("\n");
    const copy = copyButton(context.words.copyCode, context.words.copied, () => text);
    const name = title ? h("span", { class: "file" }, title) : h("span", {}, language);
    const bar = h("figcaption", {}, name, strays(lines, context), copy);
    const pre = h("pre", { tabindex: "0", role: "group", "aria-label": title || context.words.code, dir: "ltr" }, h("code", {}, highlight(text, language)));
    return h("figure", { class: "code", dir: "ltr" }, bar, pre);
  },
  list(lines, context) {
    const first = ITEM.exec(withoutMarks(lines[0]));
    const number = parseInt(first[2], 10);
    const items = listItems(lines, first[1].length);
    const loose = items.some((item) => item.slice(0, item.findLastIndex((line) => line.trim())).some((line) => !line.trim()));
    const children = items.map((item) => h("li", {}, listItem(item, loose, context)));
    return Number.isNaN(number) ? h("ul", {}, children) : h("ol", { start: number === 1 ? null : number }, children);
  },
  table(lines, context) {
    const aligns = cells(lines[1]).map((cell) => /^:?-+:$/.test(cell) && (cell[0] === ":" ? "center" : "end"));
    const row = (line, tag) => h("tr", {}, cells(line).slice(0, aligns.length).map((cell, column) =>
      h(tag, { class: aligns[column] || null, scope: tag === "th" && "col" }, inline(cell, context))));
    const body = lines.slice(2).map((line) => row(line, "td"));
    const table = h("table", {}, h("thead", {}, row(lines[0], "th")), h("tbody", {}, body));
    return h("div", { class: "table", tabindex: "0", role: "group", "aria-label": context.words.table }, table);
  },
};

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/\|(?=[\uE000-\uF8FF]*$)/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
}

/** Lines of each item without its marker and indentation. */
function listItems(lines, indent) {
  const items = [];
  let width = 0;
  for (const line of lines) {
    const found = ITEM.exec(line);
    if (found && found[1].length <= indent + 1) {
      width = found[0].length;
      items.push([line.slice(width)]);
    } else {
      // Models often indent nested lists by two spaces, whatever the marker's width.
      const space = /^ */.exec(line)[0].length;
      items.at(-1).push(line.slice(Math.min(space, width)));
    }
  }
  return items;
}

function listItem(lines, loose, context) {
  const task = /^\[([ xX])\]\s+/.exec(lines[0]);
  const box = task && h("input", { type: "checkbox", disabled: true, checked: task[1] !== " ", "aria-label": "" });
  const rest = task ? [lines[0].slice(task[0].length), ...lines.slice(1)] : lines;
  const made = nested(rest, context).map((block) =>
    !loose && block.kind === "paragraph" ? h("span", {}, [...block.node.childNodes]) : block.node);
  return [box, ...made];
}
