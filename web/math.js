// TeX as books use it, to MathML. What is not understood throws; the caller shows the source.
import { ns } from "./dom.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const m = (tag, attributes, ...children) => ns(MATHML, tag, attributes, ...children);

// Without a prototype: \constructor is no letter.
const table = (entries) => Object.assign(Object.create(null), entries);
const pairs = (text) => table(Object.fromEntries(text.trim().split(/\s+/).map((pair) => pair.split(":"))));
const MAX_DEPTH = 64;
const LETTERS = pairs(`alpha:α beta:β gamma:γ delta:δ epsilon:ϵ varepsilon:ε zeta:ζ eta:η theta:θ
  kappa:κ lambda:λ mu:μ nu:ν xi:ξ pi:π rho:ρ sigma:σ tau:τ phi:ϕ
  chi:χ psi:ψ omega:ω Gamma:Γ Delta:Δ Theta:Θ Lambda:Λ Pi:Π Sigma:Σ Phi:Φ
  Omega:Ω ell:ℓ hbar:ℏ infty:∞ partial:∂ nabla:∇`);
const OPERATORS = pairs(`cdot:⋅ times:× div:÷ pm:± circ:∘ le:≤ leq:≤ ge:≥ geq:≥ ne:≠
  neq:≠ approx:≈ equiv:≡ sim:∼ propto:∝ ll:≪ gg:≫ in:∈ notin:∉ subset:⊂ subseteq:⊆
  cup:∪ cap:∩ forall:∀ exists:∃ neg:¬ land:∧ wedge:∧ lor:∨ vee:∨ to:→
  rightarrow:→ Rightarrow:⇒ mid:∣ parallel:∥ perp:⊥
  ldots:… dots:… cdots:⋯ otimes:⊗ prime:′ langle:⟨ rangle:⟩
  lfloor:⌊ rfloor:⌋ lceil:⌈ rceil:⌉ Vert:‖ vert:|`);
const BIG = pairs("sum:∑ prod:∏ int:∫ oint:∮");
const NAMED = new Set("sin cos tan cot atan2 exp log ln det tr rank diag sgn".split(" "));
const LIMITS = new Set("lim max min sup inf argmax argmin".split(" "));
const ACCENTS = pairs("hat:^ widehat:^ bar:¯ overline:¯ vec:→ dot:˙ ddot:¨ tilde:~ widetilde:~");
const SPACES = table({ ",": "0.17em", ":": "0.22em", ";": "0.28em", "!": "-0.17em", " ": "0.3em", quad: "1em", qquad: "2em" });
const STYLES = table({ mathbf: "bold", boldsymbol: "bold", bm: "bold", mathbb: "double-struck", mathcal: "script", mathit: "italic" });
const FENCES = table({ matrix: ["", ""], pmatrix: ["(", ")"], bmatrix: ["[", "]"], cases: ["{", ""], aligned: ["", ""], align: ["", ""], "align*": ["", ""], array: ["", ""] });
const DOUBLE_STRUCK = pairs("R:ℝ N:ℕ Z:ℤ Q:ℚ C:ℂ P:ℙ E:𝔼");

/** A <math> element. Throws SyntaxError for TeX beyond this subset. */
export function math(tex, display) {
  const reader = new Reader(tex);
  const row = reader.row();
  if (reader.peek() !== undefined) throw new SyntaxError(`unexpected ${reader.peek()}`);
  const source = m("annotation", { encoding: "application/x-tex" }, tex);
  return m("math", { display: display ? "block" : "inline", dir: "ltr" }, m("semantics", {}, row, source));
}

class Reader {
  constructor(tex) {
    this.tokens = tex.match(/\\[a-zA-Z]+\*?|\\.|\d+(?:\.\d+)?|\s+|[^]/gu) ?? [];
    this.at = 0;
    this.depth = 0;
  }

  peek() {
    while (/^\s+$/.test(this.tokens[this.at] ?? "")) this.at += 1;
    return this.tokens[this.at];
  }

  next() {
    const token = this.peek();
    if (token === undefined) throw new SyntaxError("unexpected end");
    this.at += 1;
    return token;
  }

  /** Atoms up to one of `ends`, which stays unread. */
  row(ends = ["}", "&", "\\\\", "\\right", "\\end", "]"]) {
    const parts = [];
    while (this.peek() !== undefined && !ends.includes(this.peek())) parts.push(this.scripted());
    return parts.length === 1 ? parts[0] : m("mrow", {}, parts);
  }

  scripted() {
    const base = this.atom();
    let sub = null;
    let sup = null;
    for (;;) {
      const token = this.peek();
      if (token === "_") sub = (this.next(), this.atom());
      else if (token === "^") sup = (this.next(), this.atom());
      else if (token === "'") sup = (this.next(), m("mo", {}, "′"));
      else break;
    }
    const kind = base.under ? ["munder", "mover", "munderover"] : ["msub", "msup", "msubsup"];
    if (sub && sup) return m(kind[2], {}, base, sub, sup);
    if (sub) return m(kind[0], {}, base, sub);
    return sup ? m(kind[1], {}, base, sup) : base;
  }

  group() {
    if (this.peek() !== "{") return this.atom();
    this.next();
    const row = this.row(["}"]);
    this.expect("}");
    return row;
  }

  expect(token) {
    if (this.next() !== token) throw new SyntaxError(`expected ${token}`);
  }

  /** The characters of a {group} as they stand, for \text and names. */
  words() {
    this.expect("{");
    let text = "";
    while (this.tokens[this.at] !== "}") {
      if (this.at >= this.tokens.length) throw new SyntaxError("unclosed text");
      text += this.tokens[this.at++];
    }
    this.at += 1;
    return text.replace(/\\([_&%#$ ])/g, "$1");
  }

  atom() {
    if ((this.depth += 1) > MAX_DEPTH) throw new SyntaxError("nested too deep");
    const node = this.plain();
    this.depth -= 1;
    return node;
  }

  plain() {
    const token = this.next();
    if (token === "{") return (this.at -= 1, this.group());
    if (token[0] === "\\") return this.command(token.slice(1));
    if (/^\d/.test(token)) return m("mn", {}, token);
    if (/^\p{L}$/u.test(token)) return m("mi", {}, token);
    if (token === "~") return m("mspace", { width: "0.3em" });
    if ("_^}&$#%".includes(token)) throw new SyntaxError(`unexpected ${token}`);
    return operator(token === "-" ? "−" : token, "()[]|/".includes(token) ? { stretchy: "false" } : {});
  }

  command(name) {
    if (name in LETTERS) return m("mi", /^[A-Z]/.test(name) ? { mathvariant: "normal" } : {}, LETTERS[name]);
    if (name in OPERATORS) return operator(OPERATORS[name]);
    if (name in BIG) return Object.assign(operator(BIG[name]), { under: !BIG[name].match(/[∫∮]/) });
    if (NAMED.has(name)) return m("mi", {}, name);
    if (LIMITS.has(name)) return Object.assign(operator(name), { under: true });
    if (name in SPACES) return m("mspace", { width: SPACES[name] });
    if (name in ACCENTS) return m("mover", { accent: "true" }, this.group(), m("mo", {}, ACCENTS[name]));
    if (name in STYLES) return this.styled(STYLES[name]);
    if (/^[{}|%#&_$]$/.test(name)) return operator(name === "|" ? "‖" : name, { stretchy: "false" });
    const special = this[`tex_${name}`];
    if (!special) throw new SyntaxError(`unknown \\${name}`);
    return special.call(this);
  }

  styled(variant) {
    const row = this.group();
    const plain = row.localName === "mi" && DOUBLE_STRUCK[row.textContent];
    if (variant === "double-struck" && plain) return m("mi", {}, plain);
    return m("mstyle", { class: variant }, row);
  }

  tex_frac() { return m("mfrac", {}, this.group(), this.group()); }
  tex_dfrac() { return this.tex_frac(); }
  tex_tfrac() { return this.tex_frac(); }
  tex_text() { return m("mtext", {}, this.words()); }
  tex_textbf() { return this.tex_text(); }
  tex_mathrm() { return m("mi", { mathvariant: "normal" }, this.words()); }
  tex_operatorname() { return this.tex_mathrm(); }

  tex_sqrt() {
    if (this.peek() !== "[") return root(this.group());
    this.next();
    const index = this.row(["]"]);
    this.expect("]");
    return m("mroot", {}, this.group(), index);
  }

  tex_left() {
    const open = this.fence();
    const row = this.row(["\\right"]);
    this.expect("\\right");
    return m("mrow", {}, open, row, this.fence());
  }

  fence() {
    const token = this.next();
    const shown = token === "." ? "" : token[0] === "\\" ? OPERATORS[token.slice(1)] ?? token.slice(1) : token;
    return m("mo", { fence: "true", stretchy: "true" }, shown);
  }

  tex_begin() {
    const name = this.words();
    if (!(name in FENCES)) throw new SyntaxError(`unknown environment ${name}`);
    if (name === "array") this.words();
    const rows = [[]];
    for (;;) {
      rows.at(-1).push(m("mtd", {}, this.row(["&", "\\\\", "\\end"])));
      const token = this.next();
      if (token === "\\end") break;
      if (token === "\\\\") rows.push([]);
    }
    if (this.words() !== name) throw new SyntaxError(`unclosed ${name}`);
    const [open, close] = FENCES[name].map((fence) => m("mo", { fence: "true", stretchy: "true" }, fence));
    const cells = m("mtable", { class: name }, rows.map((cells) => m("mtr", {}, cells)));
    return m("mrow", {}, open, cells, close);
  }
}

let drawn;

/** Where no font with mathematical glyphs is installed, browsers leave the root's sign out. */
function root(row) {
  if (drawn === undefined) {
    const x = m("mi", {}, "x");
    const probe = m("math", {}, m("msqrt", {}, x));
    document.documentElement.append(probe);
    drawn = probe.firstChild.getBoundingClientRect().width > x.getBoundingClientRect().width + 2;
    probe.remove();
  }
  return drawn ? m("msqrt", {}, row) : m("mrow", {}, m("mo", {}, "√"), m("mrow", { class: "radicand" }, row));
}

const operator = (text, attributes = {}) => m("mo", attributes, text);
