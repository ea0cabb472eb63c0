// A client of Book Chat's WebSocket, protocol 1: no dependency in a browser or Node 22 and later.
// Elsewhere hand in a WebSocket class, such as the one of the package "ws".

export interface Source {
  id: string;
  title: string;
  heading: string;
  breadcrumb: string[];
  path: string;
  url: string;
  text: string;
  score: number;
  /** Of a book with several versions. */
  version?: string | null;
  locale?: string | null;
  figures?: { url: string; alt: string }[];
}

/** Offsets count characters (Unicode code points), not UTF-16 units. */
export interface Citation {
  start: number;
  end: number;
  text: string;
  source_ids: string[];
}

export interface Answer {
  answer_id: string;
  session_id: string | null;
  status: "answered" | "not_in_book" | "degraded" | "small_talk";
  confidence: "high" | "low";
  answer: string;
  citations: Citation[];
  sources: Source[];
  standalone_question: string;
  suggestions: string[];
  book_version: string;
  model: string;
  usage: { input_tokens: number; output_tokens: number; provider_calls: number };
  timings_ms: Record<string, number>;
}

export interface Options {
  session_id?: string;
  selected_text?: string;
  section?: string;
  language?: string;
  version?: string;
  locale?: string;
  replaces?: string;
}

export type Frame =
  | { type: "ready"; protocol: 1; session_id: string }
  | { type: "start"; id: string; seq: number; answer_id: string }
  | { type: "sources"; id: string; seq: number; sources: Source[] }
  | { type: "token"; id: string; seq: number; text: string }
  | { type: "citation"; id: string; seq: number; citation: Citation }
  | { type: "done" | "cancelled"; id: string; seq: number; answer: Answer }
  | { type: "error"; id?: string; code: string; message: string; retry_after?: number }
  | { type: "pong" };

export class BookChatError extends Error {
  readonly code: string;
  readonly retryAfter: number | undefined;

  constructor(frame: Extract<Frame, { type: "error" }>) {
    super(frame.message);
    this.code = frame.code;
    this.retryAfter = frame.retry_after;
  }
}

/** What is used of a WebSocket. */
interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close" | "error", listener: () => void): void;
}
type SocketClass = new (url: string) => Socket;

/** One reader's conversation; one question at a time. */
export class BookChat {
  sessionId = "";
  readonly #url: string;
  readonly #Socket: SocketClass;
  #socket: Socket | undefined;
  #frames: Frame[] = [];
  #closed = true;
  #news: () => void = () => {};
  #asked = 0;

  constructor(url: string, socket?: SocketClass) {
    this.#url = url.replace(/^http/, "ws").replace(/\/$/, "") + "/ws/chat";
    const known = (globalThis as { WebSocket?: unknown }).WebSocket;
    this.#Socket = socket ?? (known as SocketClass);
  }

  /** Frames of one answer, from `start` to `done`; a dropped connection is resumed. */
  async *ask(question: string, options: Options = {}): AsyncGenerator<Frame, void> {
    if (this.#closed) await this.#connect();
    const id = `q${++this.#asked}`;
    this.#send({ type: "ask", id, session_id: this.sessionId, ...options, question });
    let answerId = "";
    let seq = -1;
    for (;;) {
      const frame = await this.#receive();
      if (frame === undefined) {
        if (!answerId) throw new Error("the connection was closed");
        await this.#connect();
        this.#send({ type: "resume", answer_id: answerId, after: seq });
        continue;
      }
      if (frame.type === "error") throw new BookChatError(frame);
      if ("seq" in frame) seq = frame.seq;
      if (frame.type === "start") answerId = frame.answer_id;
      yield frame;
      if (frame.type === "done" || frame.type === "cancelled") return;
    }
  }

  /** Stops the running answer; its last frame is `cancelled`. */
  cancel(): void {
    this.#send({ type: "cancel", id: `q${this.#asked}` });
  }

  close(): void {
    this.#socket?.close();
  }

  async #connect(): Promise<void> {
    const socket = new this.#Socket(this.#url);
    this.#socket = socket;
    this.#frames = [];
    this.#closed = false;
    socket.addEventListener("message", (event) => {
      this.#frames.push(JSON.parse(String(event.data)) as Frame);
      this.#news();
    });
    for (const end of ["close", "error"] as const) {
      socket.addEventListener(end, () => {
        if (socket === this.#socket) this.#closed = true;
        this.#news();
      });
    }
    const ready = await this.#receive();
    if (ready?.type !== "ready") throw new Error("the connection was refused");
    this.sessionId ||= ready.session_id;
  }

  #send(frame: object): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  /** The next frame; undefined when the connection is closed. */
  async #receive(): Promise<Frame | undefined> {
    while (this.#frames.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => (this.#news = resolve));
    }
    return this.#frames.shift();
  }
}
