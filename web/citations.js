// From citation offsets to numbered marks: which source gets which number, and where marks stand.
import { FIRST_MARK, markAt, MARKS } from "./inline.js";

const SENTENCE_END = /[.!?۔؟]\s|\n/;

/**
 * The answer's text with one mark character at the end of each cited span.
 *
 * Returns `{text, marks, order}`: `marks[i] = {number, source, citation}` for mark character i,
 * `order` = cited sources by number. Offsets count characters (code points), as the server does.
 */
export function placeMarks(answer, citations, sources) {
  const text = answer.replace(MARKS, "\ufffd");
  const byId = new Map(sources.map((source) => [source.id, source]));
  const order = [];
  const marks = [];
  const inserts = [];
  const spans = [...citations].sort((a, b) => a.end - b.end || a.start - b.start);
  const ends = unitOffsets(text, spans.map((span) => span.end));
  spans.forEach((citation, index) => {
    const end = backOverSpace(text, ends[index]);
    for (const id of new Set(citation.source_ids)) {
      const source = byId.get(id);
      if (!source) continue;
      if (!order.includes(source)) order.push(source);
      if (citedAgain(id, index, spans, ends, text)) continue;
      inserts.push([end, marks.length]);
      marks.push({ number: order.indexOf(source) + 1, source, citation });
    }
  });
  return { text: insertAll(text, inserts), marks, order };
}

/** Code-point offsets (ascending) to UTF-16 offsets. */
function unitOffsets(text, points) {
  if (!/[\ud800-\udbff]/.test(text)) return points.map((point) => Math.min(point, text.length));
  const units = [0];
  for (const character of text) units.push(units.at(-1) + character.length);
  return points.map((point) => units[Math.min(point, units.length - 1)]);
}

function backOverSpace(text, end) {
  while (end > 0 && /\s/.test(text[end - 1])) end -= 1;
  return end;
}

/** Is the same source cited later in the same sentence? Then its mark stands there, once. */
function citedAgain(id, index, spans, ends, text) {
  for (let later = index + 1; later < spans.length; later += 1) {
    if (SENTENCE_END.test(text.slice(ends[index] - 1, ends[later] - 1))) return false;
    if (spans[later].source_ids.includes(id)) return true;
  }
  return false;
}

function insertAll(text, inserts) {
  let marked = "";
  let from = 0;
  for (const [at, index] of inserts) {
    marked += text.slice(from, at) + markAt(index);
    from = at;
  }
  return marked + text.slice(from);
}

/** The answer as Markdown with [n] marks and its list of sources, for the clipboard. */
export function asMarkdown(question, answer, citations, sources, sourcesLabel, base) {
  const { text, marks, order } = placeMarks(answer, citations, sources);
  const numbered = text.replace(MARKS, (mark) => `[${marks[mark.charCodeAt(0) - FIRST_MARK].number}]`);
  const list = order.map((source, index) => `${index + 1}. ${linked(source, base)}`);
  const parts = [`**${question}**`, numbered.trim()];
  if (list.length) parts.push(`${sourcesLabel}:\n\n${list.join("\n")}`);
  return `${parts.join("\n\n")}\n`;
}

function linked(source, base) {
  const name = trail(source).join(" › ");
  return source.url ? `[${name}](${new URL(source.url, base).href})` : name;
}

/** Page and headings down to the source, each once. */
export function trail(source) {
  const steps = source.breadcrumb?.length ? source.breadcrumb : [source.title, source.heading];
  return steps.filter((step, index) => step && step !== steps[index - 1]);
}

/** The part of a passage that speaks most of what was cited, about `length` characters. */
export function excerpt(passage, cited, length = 620) {
  const blocks = passage.replace(/^:::.*$/gm, "").split(/\n{2,}/).filter((block) => block.trim());
  const wanted = new Set(terms(cited));
  const scores = blocks.map((block) => new Set(terms(block).filter((term) => wanted.has(term))).size);
  let at = Math.max(0, scores.indexOf(Math.max(...scores)));
  if (/^#{1,6}\s/.test(blocks[at] ?? "")) at = Math.min(at + 1, blocks.length - 1);
  let shown = blocks[at] ?? passage;
  while (shown.length < length / 2 && at + 1 < blocks.length) shown += `\n\n${blocks[++at]}`;
  const cut = shown.length > length && !shown.startsWith("```") && shown.lastIndexOf(" ", length);
  return cut ? `${shown.slice(0, cut)} …` : shown;
}

const terms = (text) => text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
