// One WebSocket for many questions: opened when needed, reopened with growing pauses, and given
// up for plain HTTP streaming where sockets are blocked.
import { Problem, streamAnswer } from "./service.js";

const PAUSES = [300, 700, 1500, 3000, 5000, 8000, 10000];
const GIVE_UP_MS = 180_000;
const OPEN_MS = 12_000;
const AWAY_MS = 4000;
const PING_MS = 10_000;
const SILENCE_MS = 25_000;
const CANCEL_MS = 3000;

/** The connection went away; asking again may help. */
class Lost extends Error {}

export class Connection {
  constructor(service) {
    this.service = service;
    this.socket = null;
    this.streaming = false;
    this.wasOpen = false;
  }

  /** A socket that has said `ready`; `receive` and `lost` are told what happens from now on. */
  open(onready, receive, lost) {
    if (this.socket?.readyState === WebSocket.OPEN && this.session) {
      this.receive = receive;
      this.lost = lost;
      onready(this.session);
      return;
    }
    this.close();
    const socket = new WebSocket(this.service.socketUrl);
    this.socket = socket;
    this.receive = receive;
    this.lost = lost;
    const late = setTimeout(() => socket.close(), OPEN_MS);
    const current = () => this.socket === socket;
    socket.onmessage = ({ data }) => {
      if (!current()) return;
      this.heard = performance.now();
      const frame = JSON.parse(data);
      if (frame.type !== "ready") return this.receive?.(frame);
      clearTimeout(late);
      this.session = frame.session_id;
      this.wasOpen = true;
      onready(frame.session_id);
    };
    socket.onclose = () => {
      clearTimeout(late);
      if (!current()) return;
      this.socket = null;
      this.lost?.();
    };
  }

  send(frame) {
    this.socket?.send(JSON.stringify(frame));
  }

  rest() {
    this.receive = this.lost = null;
  }

  close() {
    const socket = this.socket;
    this.socket = null;
    this.session = null;
    socket?.close();
  }
}

/**
 * One question on its way to an answer. `listener` has `state(name)`, `session(id)`, `start(id)`,
 * `sources(list)`, `token(text)`, `citation(citation)`, and one of `done(answer)`,
 * `cancelled(answer)`, `failed(Problem)` at the end.
 */
export class Asking {
  constructor(connection, question, listener) {
    Object.assign(this, { connection, question, listener });
    this.id = Math.random().toString(36).slice(2);
    this.answerId = null;
    this.seq = -1;
    this.ended = false;
    this.abort = new AbortController();
  }

  /** Picks up an answer that began before the page was reloaded. */
  static resume(connection, answerId, question, listener) {
    const asking = new Asking(connection, question, listener);
    asking.answerId = answerId;
    asking.reloaded = true;
    return asking;
  }

  async run() {
    const since = performance.now();
    // A reader who waits hears soon that nobody answers, while the attempts go on.
    const away = setTimeout(() => !this.ended && !this.here && this.tell("away"), AWAY_MS);
    try {
      await this.#attempts(since);
    } finally {
      clearTimeout(away);
    }
  }

  /** Tells the listener how the connection is; "away" stays until the server is there. */
  tell(state) {
    this.here = state === "asked";
    if (this.here) this.away = false;
    else if (this.away) return;
    else if (state === "away") this.away = true;
    this.listener.state(state);
  }

  async #attempts(since) {
    for (let attempt = 0; !this.ended; attempt += 1) {
      try {
        if (this.connection.streaming) await streamAnswer(this);
        else await this.#overSocket();
        return;
      } catch (error) {
        if (this.ended) return;
        if (!(error instanceof Lost)) return this.#fail(error);
        if (performance.now() - since > GIVE_UP_MS) return this.#fail(new Problem("unreachable"));
        this.tell(this.connection.wasOpen ? "reconnecting" : "waking");
        if (!this.connection.wasOpen && attempt > 0 && (await this.connection.service.reachable())) {
          this.connection.streaming = true;
          continue;
        }
        await this.#pause(PAUSES[Math.min(attempt, PAUSES.length - 1)]);
      }
    }
  }

  stop() {
    if (this.ended) return;
    if (this.sent) {
      this.connection.send({ type: "cancel", id: this.id });
      setTimeout(() => this.#stopHere(), CANCEL_MS);
    } else this.#stopHere();
  }

  /** Leaves without a word, as when the reader starts a new chat. */
  leave() {
    this.stop();
    this.ended = true;
  }

  #stopHere() {
    if (this.ended) return;
    this.connection.close();
    this.abort.abort();
    this.finish("cancelled", { answer_id: this.answerId });
  }

  finish(kind, value) {
    if (this.ended) return;
    this.ended = true;
    this.listener[kind](value);
  }

  #fail(error) {
    this.finish("failed", error instanceof Problem ? error : new Problem("internal", error.message));
  }

  async #overSocket() {
    const slow = setTimeout(() => this.tell(this.connection.wasOpen ? "reconnecting" : "waking"), 1200);
    let watch = 0;
    try {
      await new Promise((resolve, reject) => {
        const lost = () => reject(new Lost());
        const receive = (frame) => this.#receive(frame, resolve, reject);
        this.abort.signal.addEventListener("abort", resolve, { once: true });
        const ready = (session) => {
          clearTimeout(slow);
          this.#ready(session);
        };
        this.connection.open(ready, receive, lost);
        watch = setInterval(() => this.#watch(), PING_MS);
      });
    } finally {
      clearTimeout(slow);
      clearInterval(watch);
      this.sent = false;
      this.connection.rest();
    }
  }

  #ready(session) {
    if (!this.question.session_id) this.question.session_id = session;
    this.listener.session(this.question.session_id);
    this.tell("asked");
    this.sent = true;
    this.connection.heard = performance.now();
    if (this.answerId) this.connection.send({ type: "resume", answer_id: this.answerId, after: this.seq });
    else this.connection.send({ type: "ask", id: this.id, ...this.question });
  }

  /** A connection can die without a close; only an answer to a ping proves that it lives. */
  #watch() {
    if (!this.sent) return;
    if (performance.now() - this.connection.heard > SILENCE_MS) this.#drop();
    else this.connection.send({ type: "ping" });
  }

  #drop() {
    const lost = this.connection.lost;
    this.connection.close();
    lost?.();
  }

  #receive(frame, resolve, reject) {
    if (frame.type === "error") return this.#refused(frame, resolve, reject);
    if (frame.seq === undefined || (this.answerId ? false : frame.id !== this.id)) return;
    if (frame.seq <= this.seq) return;
    if (frame.seq > this.seq + 1) return this.#drop();
    this.seq = frame.seq;
    this.id = frame.id;
    if (frame.type === "start") {
      this.answerId = frame.answer_id;
      this.listener.start(frame.answer_id);
    } else if (frame.type === "sources") this.listener.sources(frame.sources);
    else if (frame.type === "token") this.listener.token(frame.text);
    else if (frame.type === "citation") this.listener.citation(frame.citation);
    else {
      this.finish(frame.type, frame.answer);
      resolve();
    }
  }

  #refused(frame, resolve, reject) {
    const resuming = this.answerId !== null && frame.id === undefined;
    if (frame.code === "busy") {
      // An answer that this page has given up still runs over there: take a fresh connection.
      this.connection.close();
      return reject(new Lost());
    }
    if (frame.code === "not_found" && resuming && this.seq <= 1 && !this.reloaded) {
      // The server was restarted before it said anything: ask again.
      this.#anew();
      this.connection.send({ type: "ask", id: this.id, ...this.question });
      return;
    }
    if (frame.code === "not_found" && !resuming && !this.forgot) {
      // The session is gone (deleted, or the server signs with another secret): take a new one.
      this.forgot = true;
      this.question.session_id = undefined;
      this.#anew();
      this.connection.close();
      return reject(new Lost());
    }
    if (frame.id !== undefined && frame.id !== this.id) return;
    const code = frame.code === "not_found" ? "interrupted" : frame.code;
    reject(new Problem(code, frame.message, frame.retry_after ?? null));
  }

  #anew() {
    this.answerId = null;
    this.seq = -1;
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds * (0.8 + 0.4 * Math.random()));
      const now = () => (clearTimeout(timer), resolve());
      addEventListener("online", now, { once: true });
      this.abort.signal.addEventListener("abort", now, { once: true });
    });
  }
}
