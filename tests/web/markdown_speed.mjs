// Generated hostile Markdown against the page's own modules, under a time limit, without a browser.
//
//   node markdown_speed.mjs WEB_FOLDER SEED CASES
//
// Prints one JSON line: {cases, slowest_ms, failures}. A case fails when it is slow and four times
// the text takes far more than four times the time.
import { pathToFileURL } from "node:url";

const [folder, seed, count] = process.argv.slice(2);
const LARGE = 16_000;
const PATIENCE_MS = 60;
const GROWTH = 9;

// As much of a document as the modules touch while they build nodes.
class Element {
  constructor(name) {
    Object.assign(this, { localName: name, childNodes: [], attributes: {} });
  }
  get firstChild() { return this.childNodes[0] ?? null; }
  get textContent() { return this.childNodes.map((one) => one.textContent ?? one).join(""); }
  append(...nodes) {
    for (const node of nodes) if (typeof node !== "string" && !(node instanceof Element)) throw new TypeError(`no node: ${node}`);
    this.childNodes.push(...nodes);
  }
  setAttribute(name, value) { this.attributes[name] = value; }
  addEventListener() {}
  remove() {}
  replaceWith() {}
  getBoundingClientRect() { return { width: 8 }; }
}
globalThis.document = {
  createElement: (name) => new Element(name),
  createElementNS: (_, name) => new Element(name),
  documentElement: new Element("html"),
};

const at = (file) => pathToFileURL(`${folder}/${file}`).href;
const { render } = await import(at("markdown.js"));
const { placeMarks } = await import(at("citations.js"));

let state = Number(seed) || 1;
const random = (below) => {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((state / 2_147_483_648) * below);
};
const pick = (list) => list[random(list.length)];

// What the rules of the renderer look at, and what may stand between.
const PIECES = `* ** *** _ __ ~~ ~~~ \` \`\` \`\`\` $ $$ \\ \\( \\) \\[ \\] [ ] ( ) ]( ![ < > <br> https:// mailto: & &amp;
  &constructor; &#35; # ## - + > | : |- :-: 1. 2) " ' """ /* */ // <!-- --> = \\frac \\left( \\right) \\begin{matrix}
  \\end{matrix} \\sqrt[ \\hat { } ^ & . ! a word snake_case 1 1e5 x= [x] title="f" \ue000 \ue001 سلام 🤖`
  .split(/\s+/).concat([" ", "  ", "    ", "\n", "\n\n", "  \n", "\t", "\n- ", "\n> ", "\n| ", "\n```xml\n", "\n```python\n", "\n```\n", "\n$$\n"]);

function recipe() {
  const several = (most) => Array.from({ length: 1 + random(most) }, () => pick(PIECES)).join("");
  return { start: random(2) ? several(3) : "", unit: several(4), end: random(2) ? several(3) : "" };
}
const grown = ({ start, unit, end }, size) => start + unit.repeat(Math.ceil(size / unit.length)) + end;

const context = { level: 2, words: {}, mark: () => new Element("sup"), sign: () => "" };
function spent(source) {
  const before = process.cpuUsage();
  render(new Element("div"), source, context);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function marked(size) {
  const answer = "word ".repeat(size / 5);
  const sources = Array.from({ length: 8 }, (_, id) => ({ id: String(id) }));
  const citations = Array.from({ length: size / 20 }, (_, n) => ({ start: n * 20, end: n * 20 + 9, source_ids: [String(n % 8)] }));
  const before = process.cpuUsage();
  placeMarks(answer, citations, sources);
  return process.cpuUsage(before).user / 1000;
}

const failures = [];
let slowest = 0;
function judge(name, measure) {
  let small = measure(LARGE / 4);
  let large = measure(LARGE);
  // The best of a few: a run may have paid for compilation, or for the memory of those before it.
  for (let more = 4; more && large > PATIENCE_MS && large > GROWTH * small; more -= 1) {
    small = Math.min(small, measure(LARGE / 4));
    large = Math.min(large, measure(LARGE));
  }
  if (large > PATIENCE_MS && large > GROWTH * small) failures.push({ name, small, large });
  slowest = Math.max(slowest, large);
}

const recipes = PIECES.flatMap((one) => [{ start: "", unit: one, end: "" }, { start: "", unit: one, end: "x" }, { start: one, unit: `${one}a`, end: "" }]);
while (recipes.length < Number(count)) recipes.push(recipe());
for (const one of recipes) judge(JSON.stringify(one), (size) => spent(grown(one, size)));
judge("parts in bold", (size) => spent(`The node my_topic talks to ${Array.from({ length: size / 12 }, (_, n) => `**part${n}**`).join(", ")}.`));
judge("citations", marked);
console.log(JSON.stringify({ cases: recipes.length + 2, slowest_ms: slowest, failures }));
