// The server's plain HTTP routes, and what the browser remembers about them.

/** What went wrong, by the server's code; `unreachable` when there was no answer at all. */
export class Problem extends Error {
  constructor(code, message = "", retryAfter = null) {
    super(message);
    this.code = code;
    this.retryAfter = retryAfter;
  }

  static async of(response) {
    const body = await response.json().catch(() => ({}));
    const wait = Number(response.headers.get("retry-after")) || null;
    return new Problem(body.code ?? (response.status >= 500 ? "unreachable" : "internal"), body.detail, wait);
  }
}

/** Version and locale of the book's page that the reader is on, as Docusaurus writes them down. */
export function edition() {
  const said = (name) => document.querySelector(`meta[name="docusaurus_${name}"]`)?.content;
  const version = /^docs-default-(.+)/.exec(said("tag") ?? "")?.[1];
  const locale = said("locale");
  return { ...(version && { version }), ...(locale && { locale }) };
}

export class Service {
  /** `base` ends with a slash. */
  constructor(base) {
    this.base = base;
    this.socketUrl = new URL("ws/chat", base).href.replace(/^http/, "ws");
  }

  async call(method, path, body, signal) {
    const headers = body ? { "content-type": "application/json" } : {};
    const options = { method, headers, body: body && JSON.stringify(body), signal, credentials: "omit" };
    let response;
    try {
      response = await fetch(new URL(path, this.base), options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem("unreachable", error.message);
    }
    if (!response.ok) throw await Problem.of(response);
    return response;
  }

  /** What is served: title, first questions, what its answerer can do, how far its index is. */
  async book() {
    return (await this.call("GET", "book?pages=false")).json();
  }

  /** Passages for what was typed so far. */
  async search(typed, signal) {
    const { version } = edition();
    const query = new URLSearchParams({ q: typed, k: "8", mode: "typing", ...(version && { version }) });
    return (await (await this.call("GET", `search?${query}`, undefined, signal)).json()).sources;
  }

  async newSession() {
    return (await (await this.call("POST", "sessions")).json()).session_id;
  }

  async turns(session) {
    return (await (await this.call("GET", `sessions/${encodeURIComponent(session)}/turns`)).json()).turns;
  }

  /** A link to the turns so far, for reading only; the one before ends. */
  async share(session) {
    const { share_id: id } = await (await this.call("POST", `sessions/${encodeURIComponent(session)}/share`)).json();
    return id;
  }

  unshare(session) {
    return this.call("DELETE", `sessions/${encodeURIComponent(session)}/share`);
  }

  async shared(id) {
    return (await (await this.call("GET", `shared/${encodeURIComponent(id)}`)).json()).turns;
  }

  forget(session) {
    return this.call("DELETE", `sessions/${encodeURIComponent(session)}`);
  }

  rate(answer, session, rating, comment) {
    const body = { rating, session_id: session, ...(comment ? { comment } : {}) };
    return this.call("POST", `answers/${encodeURIComponent(answer)}/feedback`, body);
  }

  /** Does plain HTTP get through? */
  async reachable() {
    try {
      await this.call("GET", "health/live", undefined, AbortSignal.timeout(5000));
      return true;
    } catch {
      return false;
    }
  }
}

/** Where storage is off or full, notes last as long as the page. */
export function attempt(act) {
  try {
    return act();
  } catch {
    return null;
  }
}

const EMPTY = { session: null, sessions: [], names: {}, shares: {}, pending: null, language: null };

/** Session ids and the answer under way, in localStorage where the browser allows it. No cookies. */
export class Notes {
  constructor(base) {
    this.key = `book-chat ${base}`;
    this.kept = { ...EMPTY, ...attempt(() => JSON.parse(localStorage.getItem(this.key))) };
  }

  get(name) {
    return this.kept[name];
  }

  set(changes) {
    Object.assign(this.kept, changes);
    attempt(() => localStorage.setItem(this.key, JSON.stringify(this.kept)));
  }

  /** Remembers a session, also after a newer one, so that its data can be deleted later. */
  use(session) {
    if (!session || session === this.kept.session) return;
    this.set({ session, sessions: [...new Set([...this.kept.sessions, session])].slice(-50) });
  }

  /** Names a conversation, unless it has a name: by its first question, or as the reader wants. */
  name(session, name, replace = false) {
    if (!session || (!replace && this.kept.names[session])) return;
    this.set({ names: { ...this.kept.names, [session]: name.slice(0, 120) } });
  }

  forget(session) {
    const without = ({ [session]: _, ...others }) => others;
    const { names, shares, sessions } = this.kept;
    this.set({ names: without(names), shares: without(shares), sessions: sessions.filter((one) => one !== session) });
    if (this.kept.session === session) this.set({ session: null, pending: null });
  }

  clear() {
    this.kept = { ...EMPTY };
    attempt(() => localStorage.removeItem(this.key));
  }
}

// The same answer over plain HTTP: POST /chat/stream, server-sent events of partial Answers.

/** Runs an `Asking` to its end; throws Problem. */
export async function streamAnswer(asking) {
  const { listener, question, connection, abort } = asking;
  if (!question.session_id) question.session_id = await connection.service.newSession();
  listener.session(question.session_id);
  asking.tell("asked");
  const answer = { answer: "", citations: [], sources: [] };
  try {
    const response = await connection.service.call("POST", "chat/stream", { input: question }, abort.signal);
    for await (const { event, data } of events(response.body)) {
      if (event === "error") throw new Problem(data.code, data.detail, data.retry_after ?? null);
      if (event === "data") tell(listener, answer, data);
      if (event === "end") return asking.finish("done", answer);
    }
    throw new Problem("interrupted");
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    if (error.code === "not_found" && !asking.forgot) {
      // The session is gone on the server: once more in a new one.
      asking.forgot = true;
      question.session_id = undefined;
      return streamAnswer(asking);
    }
    throw error instanceof Problem ? error : new Problem("interrupted", error.message);
  }
}

function tell(listener, answer, part) {
  for (const [name, value] of Object.entries(part)) {
    if (name === "answer") answer.answer += value;
    else if (name === "citations" || name === "sources") answer[name].push(...value);
    else answer[name] = value;
  }
  if (part.answer_id) listener.start(part.answer_id);
  if (part.sources) listener.sources(part.sources);
  if (part.answer) listener.token(part.answer);
  for (const citation of part.citations ?? []) listener.citation(citation);
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) yield parsed(block);
  }
}

function parsed(block) {
  const fields = { event: "message", data: "" };
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === "data") fields.data += value;
    else if (name) fields[name] = value;
  }
  return { event: fields.event, data: fields.data ? JSON.parse(fields.data) : null };
}
