// The conversations of this browser: opened again, renamed, exported as Markdown, deleted.
import { copyButton, directionOf, h, iconButton } from "./dom.js";

export class Chats {
  /** `host`: the element, with its words, frame and conversation. */
  constructor(host) {
    this.host = host;
    const { words } = host;
    this.list = h("ul", { class: "chat-list" });
    this.node = h("dialog", { class: "palette", "aria-label": words.chats, onclick: (event) => event.target === this.node && this.close(),
      oncancel: (event) => (event.preventDefault(), event.stopPropagation(), this.close()) },
      h("div", { class: "palette-box" },
        h("div", { class: "typed" }, h(`h${host.level}`, {}, words.chats), iconButton("close", words.close, () => this.close())), this.list));
  }

  open() {
    this.host.frame.root.append(this.node);
    this.#draw();
    this.node.showModal();
  }

  close() {
    this.node.close();
    this.node.remove();
  }

  /** `session`: the row that the reader was at, where the focus stays. */
  #draw(session = null) {
    const { words, conversation } = this.host;
    const sessions = conversation.notes.get("sessions").toReversed();
    const rows = sessions.map((one) => this.#row(one));
    this.list.replaceChildren(...(rows.length ? rows : [h("li", { class: "label" }, words.chatsNone)]));
    if (!session) return;
    const row = rows[Math.max(0, sessions.indexOf(session))] ?? this.node;
    row.querySelector("button").focus();
  }

  #row(session) {
    const { words, conversation } = this.host;
    const name = conversation.notes.get("names")[session] ?? words.untitled;
    const current = session === conversation.notes.get("session");
    const row = h("li", { class: "chat-row" });
    const open = h("button", { type: "button", class: "chat-name", dir: directionOf(name), "aria-current": current && "true", onclick: () => this.#open(session) }, name);
    row.append(open,
      iconButton("edit", `${words.rename}: ${name}`, () => this.#rename(row, session, name)),
      iconButton("share", `${words.share}: ${name}`, () => this.#share(row, session)),
      iconButton("download", `${words.exportChat}: ${name}`, () => this.#export(session, name)),
      iconButton("bin", `${words.remove}: ${name}`, () => this.#remove(row, session)));
    return row;
  }

  async #open(session) {
    if (this.host.conversation.asking) return;
    this.close();
    await this.host.conversation.change(session);
    this.host.composer.focus();
  }

  #rename(row, session, name) {
    const { words, conversation } = this.host;
    const input = h("input", { type: "text", value: name, maxlength: "120", "aria-label": words.renameLabel, dir: directionOf(name) });
    const keep = (event) => {
      event.preventDefault();
      if (input.value.trim()) conversation.notes.name(session, input.value.trim(), true);
      this.#draw(session);
    };
    row.replaceChildren(h("form", { class: "chat-edit", onsubmit: keep }, input, h("button", { type: "submit", class: "again" }, words.save)));
    input.select();
  }

  /** Makes a link for reading, or shows the one that was made, to be copied or ended. */
  #share(row, session) {
    const { words, conversation } = this.host;
    const { notes, service } = conversation;
    const keep = (id) => {
      const { [session]: _, ...others } = notes.get("shares");
      notes.set({ shares: id ? { ...others, [session]: id } : others });
    };
    const attempting = (act) => async () => {
      try {
        await act();
      } catch {
        this.host.notice(words.shareFailed);
        this.#draw(session);
      }
    };
    const make = attempting(async () => {
      keep(await service.share(session));
      this.#share(row, session);
    });
    const end = attempting(async () => {
      await service.unshare(session);
      keep(null);
      this.#draw(session);
    });
    const button = (label, act, strong = false) => h("button", { type: "button", class: strong ? "text strong" : "text", onclick: act }, label);
    const id = notes.get("shares")[session];
    if (!id) {
      const no = button(words.cancel, () => this.#draw(session));
      row.replaceChildren(h("span", { class: "chat-ask" }, words.shareAsk), button(words.shareYes, make, true), no);
      return no.focus();
    }
    const link = new URL(`?shared=${encodeURIComponent(id)}`, service.base).href;
    const field = h("input", { type: "text", readonly: true, value: link, dir: "ltr", "aria-label": words.shareLink, onfocus: () => field.select() });
    row.replaceChildren(h("div", { class: "chat-edit" }, field), copyButton(words.copyLink, words.copied, () => link), button(words.shareEnd, end));
    return field.focus();
  }

  async #export(session, name) {
    let text;
    try {
      text = await this.host.conversation.markdown(session);
    } catch {
      this.host.notice(this.host.words.errors.unreachable);
      return;
    }
    const file = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
    const link = h("a", { href: file, download: `${name.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60) || "chat"}.md` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(file), 10_000);
  }

  #remove(row, session) {
    const { words } = this.host;
    const yes = h("button", { type: "button", class: "text strong", onclick: async () => {
      const gone = await this.host.conversation.remove(session);
      if (!gone) this.host.notice(words.clearFailed);
      this.#draw(session);
    } }, words.remove);
    const no = h("button", { type: "button", class: "text", onclick: () => this.#draw(session) }, words.clearNo);
    row.replaceChildren(h("span", { class: "chat-ask" }, words.removeAsk), yes, no);
    no.focus();
  }
}
