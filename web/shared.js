// A conversation that its reader shared by a link: to be read, not to be gone on with.
import { h } from "./dom.js";
import { Turn } from "./turn.js";

/** Shows what the link with `id` opens, in place of the reader's own conversation. */
export async function showShared(host, id) {
  const { words, frame, conversation } = host;
  const own = new URL(location.href);
  own.search = "";
  document.head.append(h("meta", { name: "robots", content: "noindex" }));
  frame.root.classList.remove("empty");
  frame.top.querySelector(".fresh").remove();
  const said = h("p", { class: "index", role: "status" }, words.sharedNote, " ", h("a", { href: own.href }, words.sharedOwn));
  frame.top.after(said);
  frame.foot.hidden = true;
  try {
    const [turns] = await Promise.all([conversation.service.shared(id), host.ready()]);
    frame.log.replaceChildren(...turns.map((one) => Turn.remembered(host, one, true).node));
  } catch (error) {
    const text = error.code === "not_found" ? words.sharedGone : words.errors[error.code] ?? words.errors.internal;
    frame.log.replaceChildren(h("div", { class: "problem", role: "alert" }, text));
  }
}
