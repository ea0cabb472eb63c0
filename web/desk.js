// The author's desk. The key stays in this tab (sessionStorage) and goes out as a bearer token
// with each request; there is no cookie.
import { directionOf, h, ns } from "./dom.js";
import { render } from "./markdown.js";
import { wordsOf } from "./words.js";

const BASE = new URL("..", import.meta.url);
const KEY = "book-chat admin key";
const SVG = "http://www.w3.org/2000/svg";
const POLL_MS = 1500;
const DAY_MS = 86_400_000;
const EXCERPT = 500;
const desk = document.getElementById("desk");
const tools = document.getElementById("tools");
let key = sessionStorage.getItem(KEY) ?? "";

async function call(path, method = "GET") {
  const response = await fetch(new URL(path, BASE), { method, headers: { authorization: `Bearer ${key}` }, credentials: "omit", cache: "no-store" });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw Object.assign(new Error(problem.detail ?? `The server answered ${response.status}.`), { status: response.status });
}

function askForKey(said = "") {
  sessionStorage.removeItem(KEY);
  key = "";
  tools.replaceChildren();
  const field = h("input", { id: "key", type: "password", autocomplete: "off", required: true, "aria-describedby": "key-note" });
  const enter = (event) => {
    event.preventDefault();
    key = field.value.trim();
    open();
  };
  desk.replaceChildren(h("section", {}, h("h2", {}, "The admin key"), h("form", { class: "key", onsubmit: enter },
    h("label", { for: "key" }, "Value of ADMIN_API_KEY"), field,
    h("p", { class: "soft", id: "key-note" }, "It is kept in this tab only."),
    said && h("p", { class: "alert", role: "alert" }, said), h("button", { type: "submit", class: "main" }, "Open the desk"))));
  field.focus();
}

async function open() {
  if (!/^[\x21-\x7e]+$/.test(key)) return askForKey("A key has letters, digits and signs, and no spaces.");
  let tables;
  let index;
  try {
    [tables, index] = await Promise.all(["admin/insights", "admin/index"].map(async (path) => (await call(path)).json()));
  } catch (error) {
    return askForKey(error.status === 401 ? "This key is not accepted." : error.message);
  }
  sessionStorage.setItem(KEY, key);
  tools.replaceChildren(button("Refresh", open), button("Export as CSV", exported), button("Leave", () => askForKey()));
  desk.replaceChildren(summary(tables), byDay(tables.questions_by_day), unanswered(tables), badRatings(tables),
    section("Most cited sections", table(["Section", "Page", "Cited", "Found"],
      tables.busiest_sections.map((row) => [link(row), row.path, row.cited, row.retrieved]), "No answer has cited anything yet.")),
    section("Pages never cited", table(["Page", "File"], tables.pages_never_cited.map((row) => [link(row, row.title), row.path]), "Every page has been cited.")),
    indexState(index), calls(tables));
  return undefined;
}

const button = (name, act, attributes = {}) => h("button", { type: "button", ...attributes, onclick: act }, name);
const section = (name, ...content) => h("section", { "aria-label": name }, h("h2", {}, name), content);
const wide = (node) => (node.classList.add("wide"), node);

/** Only addresses of the web, and of the service's own pages, become links. */
function link({ url, heading }, name = heading) {
  if (!url) return name;
  const { href, protocol } = new URL(url.replace(/^\//, ""), BASE);
  return /^https?:$/.test(protocol) ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, name || url) : name;
}

function table(columns, rows, empty) {
  if (!rows.length) return h("p", { class: "soft" }, empty);
  const cell = (value) => h("td", { class: typeof value === "number" ? "number" : null }, value instanceof Node ? value : String(value ?? ""));
  return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": columns.join(", ") }, h("table", {},
    h("thead", {}, h("tr", {}, columns.map((name, at) => h("th", { scope: "col", class: typeof rows[0][at] === "number" ? "number" : null }, name)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell))))));
}

function summary(tables) {
  const since = new Date(Date.now() - 6 * DAY_MS).toISOString().slice(0, 10);
  const week = tables.questions_by_day.filter((row) => row.day >= since);
  const sum = (name) => week.reduce((total, row) => total + row[name], 0);
  const [time] = tables.answer_seconds;
  const month = new Date().toISOString().slice(0, 7);
  const spent = tables.calls.filter((row) => row.month === month).reduce((total, row) => total + row.calls, 0);
  const limit = tables.call_budget[0].calls_a_month;
  const figures = [
    ["questions in the last 7 days", sum("questions")],
    ["of them not in the book", sum("not_in_book")],
    ["seconds an answer takes (median)", time ? time.p50.toFixed(2) : "–"],
    ["seconds at most for 95 of 100", time ? time.p95.toFixed(2) : "–"],
    [limit ? `of ${limit} provider calls this month` : "provider calls this month", spent],
  ];
  return wide(section("At a glance", h("dl", { class: "figures" }, figures.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))))));
}

const s = (tag, attributes, ...children) => ns(SVG, tag, attributes, ...children);

/** Bars of questions by day, the unanswered ones in another colour. */
function byDay(rows) {
  if (!rows.length) return wide(section("Questions by day", h("p", { class: "soft" }, "Nobody has asked yet.")));
  const days = calendar(rows);
  // One unit is one pixel, so that the labels keep their size on a phone.
  const [width, height, left, foot] = [Math.max(260, Math.min(1200, desk.clientWidth - 100)), 190, 34, 22];
  const most = Math.max(1, ...days.map((day) => day.questions));
  const step = (width - left) / days.length;
  const y = (value) => (height - foot) * (1 - value / most);
  const bars = days.map((day, at) => {
    const frame = { x: left + at * step + step * 0.12, width: step * 0.76 };
    const answered = day.questions - day.not_in_book;
    return s("g", {}, s("title", {}, `${day.day}: ${day.questions} questions, ${day.not_in_book} not in the book`),
      s("rect", { ...frame, class: "answered", y: y(day.questions), height: y(day.not_in_book) - y(answered + day.not_in_book) }),
      s("rect", { ...frame, class: "not_in_book", y: y(day.not_in_book), height: y(0) - y(day.not_in_book) }));
  });
  const lines = [...new Set([0, Math.ceil(most / 2), most])].map((value) => s("g", {},
    s("line", { class: "grid", x1: left, x2: width, y1: y(value), y2: y(value) }), s("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value))));
  const labels = [0, days.length - 1].map((at) => s("text", { x: at ? width : left, y: height - 4, "text-anchor": at ? "end" : "start" }, days[at].day));
  const total = days.reduce((sum, day) => sum + day.questions, 0);
  const name = `${total} questions in ${days.length} days, at most ${most} a day`;
  const swatch = (kind, text) => h("li", {}, s("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, s("rect", { class: kind, width: 10, height: 10 })), text);
  return wide(section("Questions by day", s("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": name }, lines, bars, labels),
    h("ul", { class: "legend" }, swatch("answered", "answered"), swatch("not_in_book", "not in the book"))));
}

/** The days from the first to the last with questions, at most 60, gaps included. */
function calendar(rows) {
  const known = new Map(rows.map((row) => [row.day, row]));
  const last = new Date(`${rows[0].day}T00:00:00Z`);
  const first = new Date(`${rows.at(-1).day}T00:00:00Z`);
  const days = Math.min(60, Math.max(14, (last - first) / DAY_MS + 1));
  return Array.from({ length: days }, (_, at) => {
    const day = new Date(last - (days - 1 - at) * DAY_MS).toISOString().slice(0, 10);
    return known.get(day) ?? { day, questions: 0, not_in_book: 0 };
  });
}

function unanswered(tables) {
  const nearest = Map.groupBy(tables.nearest_sections, (row) => row.question);
  const rows = tables.unanswered_questions.map((row) => [
    h("div", { dir: directionOf(row.question) }, row.question, (row.wordings ?? []).slice(0, 5).map((other) => h("p", { class: "soft" }, other))), row.asked, h("time", {}, row.last_asked.slice(0, 10)), list((nearest.get(row.question) ?? []).map((one) => link(one)))]);
  return wide(section("Asked, but not in the book", table(["Question", "Asked", "Last", "Nearest sections"], rows, "Every question was answered.")));
}

function badRatings(tables) {
  const passages = Map.groupBy(tables.passages_of_bad_ratings, (row) => row.answer_id);
  const rows = tables.bad_ratings.map((row) => {
    const read = passages.get(row.answer_id) ?? [];
    const cited = read.filter((one) => one.cited);
    return [h("div", {}, h("b", { dir: directionOf(row.question) }, row.question), answerOf(row.answer)), row.comment ?? "",
      list((cited.length ? cited : read.slice(0, 3)).map((one) => link(one)))];
  });
  return wide(section("Thumbs down", table(["Question and answer", "Comment", "Passages it rests on"], rows, "Nobody found an answer unhelpful.")));
}

/** The beginning of an answer, as its reader saw it. */
function answerOf(text) {
  const node = h("div", { class: "answer" });
  render(node, text.length < EXCERPT ? text : `${text.slice(0, text.lastIndexOf(" ", EXCERPT))} …`, { level: 3, words: wordsOf("en"), mark: () => "" });
  return node;
}

const list = (nodes) => h("div", { class: "places" }, nodes.map((node) => h("div", {}, node)));

function calls({ calls: rows }) {
  return section("Provider calls", table(["Month", "Provider", "Operation", "Outcome", "Calls"],
    rows.map((row) => [row.month, row.provider, row.operation, row.outcome, row.calls]), "No call was made."));
}

const STATES = { idle: "The index rests.", done: "The index is complete.", failed: "The last index failed." };

/** What the last index did, in the words of an author. */
function facts({ pages, chunks, added, removed, embedding_calls: embedding, seconds, collection, problems = [] }) {
  const rows = [["pages", pages], ["passages", chunks], ["passages added", added], ["passages removed", removed],
    ["embedding calls", embedding], ["seconds", seconds && Math.round(seconds)], ["collection", collection]];
  return [...rows, ...problems.map((problem) => ["problem", String(problem)])].filter(([, value]) => value !== undefined);
}

function indexState(state) {
  const said = h("div", { role: "status" });
  const actions = [
    button("Reindex", () => act("admin/index")),
    button("Rebuild from scratch", () => act("admin/index?rebuild=true")),
    button("Roll back", () => act("admin/index/rollback")),
  ];
  async function act(path) {
    try {
      const answer = await (await call(path, "POST")).json();
      if (answer.serving) said.replaceChildren(h("p", {}, `Serving ${answer.serving}.`));
      else show(answer);
    } catch (error) {
      said.replaceChildren(h("p", { class: "alert" }, error.message));
    }
  }
  function show(now) {
    const running = now.state === "running";
    actions.forEach((one) => (one.disabled = running));
    said.replaceChildren(h("p", {}, running ? `Indexing: ${now.done ?? 0} of ${now.total ?? "?"} passages.` : STATES[now.state] ?? now.state, now.detail ? ` ${now.detail}` : ""),
      running ? h("progress", { max: now.total || null, value: now.total ? now.done : null, "aria-label": "Indexing" })
        : table(["Last index", ""], facts(now.summary ?? {}), "No index was made since the start."));
    if (running) setTimeout(async () => said.isConnected && show(await (await call("admin/index")).json()), POLL_MS);
  }
  show(state);
  return section("Index", said, h("div", { class: "row" }, actions));
}

async function exported() {
  const file = URL.createObjectURL(await (await call("admin/insights?format=csv")).blob());
  h("a", { href: file, download: `book-chat-${new Date().toISOString().slice(0, 10)}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(file), 10_000);
}

if (key) open();
else askForKey();
