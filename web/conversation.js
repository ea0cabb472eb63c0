// The turns of one conversation: asking, what comes back, what was there before a reload.
import { Asking, Connection } from "./connection.js";
import { Notes, Problem } from "./service.js";
import { Turn } from "./turn.js";

const GONE = ["not_found", "invalid_request"];

export class Conversation {
  /** `host`: the element, with its words, frame and composer. */
  constructor(host, service) {
    this.host = host;
    this.service = service;
    this.connection = new Connection(service);
    this.notes = new Notes(service.base);
    this.turns = [];
    this.asking = null;
  }

  /** Asks in place of `replaced`, a turn that is asked again or whose question was changed. */
  ask({ replaces, ...asked }, replaced = null) {
    if (this.asking) return;
    this.host.notice("");
    const known = replaced?.known;
    const question = known ? { ...asked, replaces: known } : asked;
    const turn = new Turn(this.host, question);
    this.#add(turn, replaced);
    const session = this.notes.get("session");
    const sent = session ? { ...question, session_id: session } : { ...question };
    this.#run(new Asking(this.connection, sent, this.#listener(turn)), turn);
  }

  #run(asking, turn) {
    this.asking = asking;
    this.host.composer.busy(true);
    this.host.announce(this.host.words.searching);
    asking.run();
    this.#show(turn);
  }

  /** Brings `turn` to the top of the conversation, and moves nothing else. */
  #show(turn) {
    const { scroll } = this.host.frame;
    scroll.scrollTop += turn.node.getBoundingClientRect().top - scroll.getBoundingClientRect().top;
  }

  #add(turn, replaced = null) {
    replaced?.node.remove();
    this.turns = [...this.turns.filter((one) => one !== replaced), turn];
    this.host.frame.log.append(turn.node);
    this.#arrange();
  }

  #arrange() {
    this.host.frame.root.classList.toggle("empty", this.turns.length === 0);
  }

  #listener(turn) {
    const { words } = this.host;
    const end = (finish, spoken) => (value) => {
      this.asking = null;
      this.notes.set({ pending: null });
      finish(value);
      this.host.composer.busy(false);
      this.host.announce(spoken());
    };
    return {
      state: (name) => this.#state(name, turn),
      session: (id) => {
        this.notes.use(id);
      },
      start: (id) => {
        turn.answer.answer_id = id;
        this.notes.set({ pending: { answerId: id, session: this.notes.get("session"), ...turn.question } });
      },
      sources: (list) => {
        turn.sources(list);
        // A greeting, which finds nothing, is no name for a conversation.
        if (list.length) this.notes.name(this.notes.get("session"), turn.question.question);
      },
      token: (text) => turn.token(text),
      citation: (citation) => turn.citation(citation),
      done: end((answer) => turn.settle(answer), () => `${words.complete} ${turn.spoken()}`),
      cancelled: end((answer) => turn.settle({ ...turn.answer, ...answer }, words.stopped), () => words.stopped),
      failed: end((problem) => turn.fail(problem), () => ""),
    };
  }

  #state(name, turn) {
    const { words } = this.host;
    const begun = turn.answer.answer ? words.writing : words.searching;
    turn.say(name === "asked" ? begun : words[name]);
    if (name !== "asked") this.host.announce(words[name]);
  }

  /** Shows the conversation before a reload, and goes on with the answer that was under way. */
  async restore() {
    const session = this.notes.get("session");
    const pending = this.notes.get("pending");
    if (!session) return;
    let found = [];
    try {
      found = await this.service.turns(session);
    } catch (error) {
      if (error instanceof Problem && GONE.includes(error.code)) this.notes.set({ session: null, pending: null });
      return;
    }
    await this.host.ready();
    if (session !== this.notes.get("session")) return;
    const known = new Set(this.turns.map((turn) => turn.answer.answer_id));
    const earlier = found
      .filter(({ answer }) => !known.has(answer.answer_id) && answer.answer_id !== pending?.replaces)
      .map((one) => Turn.remembered(this.host, one));
    this.host.frame.log.prepend(...earlier.map((turn) => turn.node));
    this.turns.unshift(...earlier);
    this.#arrange();
    const told = found.some((one) => one.answer.answer_id === pending?.answerId);
    if (pending && !told && !this.asking) this.#resume(pending);
    else if (this.turns.length) this.#show(this.turns.at(-1));
  }

  #resume({ answerId, session, ...question }) {
    const turn = new Turn(this.host, question);
    turn.answer.answer_id = answerId;
    this.#add(turn);
    this.#run(Asking.resume(this.connection, answerId, { ...question, session_id: session }, this.#listener(turn)), turn);
  }

  /** Draws every turn again, for a host in another language. */
  redraw() {
    const turns = this.turns;
    this.turns = [];
    for (const { question, answer, rating } of turns) this.#add(Turn.remembered(this.host, { ...question, answer, rating }));
    this.#arrange();
  }

  /** Shows another conversation of this browser. */
  async change(session) {
    this.renew();
    this.notes.set({ session });
    await this.restore();
  }

  /** Deletes one conversation, here and on the server; false if it could not. */
  async remove(session) {
    try {
      await this.service.forget(session);
    } catch (error) {
      if (!GONE.includes(error.code)) return false;
    }
    if (session === this.notes.get("session")) this.renew();
    this.notes.forget(session);
    return true;
  }

  /** A conversation as Markdown with its sources. */
  async markdown(session) {
    const turns = await this.service.turns(session);
    return turns.map((one) => Turn.remembered(this.host, one).markdown()).join("\n---\n\n");
  }

  /** Begins anew; the old session stays on the server until its data are cleared. */
  renew() {
    this.asking?.leave();
    this.asking = null;
    this.connection.close();
    this.notes.set({ session: null, pending: null });
    this.host.composer.edit(null);
    this.turns = [];
    this.host.frame.log.replaceChildren();
    this.#arrange();
  }

  /** Deletes every session that this browser knows, here and on the server; false if it could not. */
  async clear() {
    const sessions = this.notes.get("sessions");
    const results = await Promise.allSettled(sessions.map((session) => this.service.forget(session)));
    if (results.some(({ reason }) => reason && !GONE.includes(reason.code))) return false;
    this.renew();
    this.notes.clear();
    return true;
  }

  /** Stores what a reader thinks of an answer; false if it could not. */
  async rate(answer, rating, comment) {
    const session = answer.session_id ?? this.notes.get("session");
    try {
      await this.service.rate(answer.answer_id, session, rating, comment);
      return true;
    } catch {
      return false;
    }
  }
}
