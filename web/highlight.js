// Light highlighting: comments, strings, numbers and the words that a language keeps to itself.
import { h } from "./dom.js";

const words = (text) => new Set(text.trim().split(/\s+/));
const KEYWORDS = {
  python: words(`and as assert async await break class continue def del elif else except Falsely for from
    global if import in is lambda None nonlocal not or pass raise return self True try while with yield match case`),
  c: words(`async auto await bool boolean break case catch char class const constexpr continue
    default delete do double else enum export extends false float for  from function
    if import in inline int interface let long namespace new null nullptr of operator
    override private protected public return short sizeof static string struct super switch template this
    throw true try typename undefined union unsigned using var virtual void while yield`),
  shell: words(`if then else elif fi for while do done case esac function in export source sudo cd echo set
    include find_package add_executable target_link_libraries install`),
  data: words("true false null yes no on off"),
};
const FAMILY = {
  __proto__: null,
  py: "python", python: "python",
  sh: "shell", bash: "shell", shell: "shell", console: "shell", cmake: "shell",
  yaml: "data", yml: "data", toml: "data", ini: "data", json: "data",
  xml: "markup", html: "markup", urdf: "markup", xacro: "markup", sdf: "markup",
  text: "none", txt: "none", "": "none",
};
const STRINGS = String.raw`"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?`;
const NUMBER = String.raw`\b(?:0x[\da-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\b`;
const scan = (comment, strings = STRINGS) =>
  new RegExp(`(?<comment>${comment})|(?<string>${strings})|(?<number>${NUMBER})|(?<word>[A-Za-z_][\\w-]*)`, "g");
const SCANNERS = {
  python: scan("#[^\\n]*"),
  shell: scan("(?<=^|\\s)#[^\\n]*"),
  data: scan("(?<=^|\\s)[#;][^\\n]*"),
  c: scan("//[^\\n]*|/\\*[^]*?(?:\\*/|$)", `${STRINGS}|\`(?:\\\\.|[^\`\\\\])*\`?`),
  markup: /(?<comment><!--[^]*?(?:-->|$))|(?<string>"[^"]*"|'[^']*')|(?<word><\/?[\w:.-]+|\/?>)|(?<number>(?<![\w:-])[\w:-]+(?==))/g,
};

/** Nodes of `code`: plain text and spans of the classes comment, string, number, keyword. */
export function highlight(code, language) {
  const family = FAMILY[language.toLowerCase()] ?? "c";
  if (family === "none") return [code];
  const nodes = [];
  let at = 0;
  for (const match of code.matchAll(SCANNERS[family])) {
    const kind = kindOf(match.groups, family);
    if (!kind) continue;
    nodes.push(code.slice(at, match.index), h("span", { class: kind }, match[0]));
    at = match.index + match[0].length;
  }
  return [...nodes, code.slice(at)];
}

function kindOf(groups, family) {
  if (groups.word) return family === "markup" || KEYWORDS[family].has(groups.word) ? "keyword" : null;
  return ["comment", "string", "number"].find((kind) => groups[kind]);
}
