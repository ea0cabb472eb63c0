// What the widget and the page that it stands on do for each other: theme, room, a steady text.

const ROOM = new CSSStyleSheet();
ROOM.replaceSync(`
  html[data-book-chat-room=""] body { padding-inline-end: var(--book-chat-room) !important; box-sizing: border-box; }
  html[data-book-chat-room="frame"] body { position: relative; min-height: 100vh; margin-inline-end: var(--book-chat-room) !important; }
  ::highlight(book-chat-cited) { background-color: #ffe28a; color: #1d1a14; }
`);
document.adoptedStyleSheets.push(ROOM);

/**
 * `css` with its `rem` in pixels of the reader's own text size: books set the size of their root
 * for their own ends (mdBook to 10 pixels, Material to 20), and the widget would shrink and grow.
 */
export function inReadersSize(css) {
  const probe = document.createElement("i");
  probe.style.fontSize = "medium";
  document.documentElement.append(probe);
  const size = parseFloat(getComputedStyle(probe).fontSize);
  probe.remove();
  return css.replace(/(\d*\.?\d+)rem\b/g, (_, number) => `${number * size}px`);
}

/** Where the text of a book's page stands, when its author does not say so. */
export const TEXT = "article, main, [role=main]";

/** How much of its width the page must give up so that `panel` covers none of its text; pixels. */
function roomFor(panel, content) {
  const box = panel.getBoundingClientRect();
  const overlaps = [...document.querySelectorAll(content)].some((text) => {
    const { left, right, width } = text.getBoundingClientRect();
    return width > 0 && left < box.right && right > box.left;
  });
  return overlaps ? box.width : 0;
}

/** Makes the page's text narrower beside an open `panel`; sites that do so themselves need none. */
export function makeRoom(panel, content, open) {
  const page = document.documentElement;
  page.removeAttribute("data-book-chat-room");
  const width = open ? roomFor(panel, content) : 0;
  if (!width) return page.style.removeProperty("--book-chat-room");
  page.style.setProperty("--book-chat-room", `${width}px`);
  page.setAttribute("data-book-chat-room", "");
  // Read the Docs' theme lays itself over the whole window, whatever room its body has.
  if (content !== "body" && roomFor(panel, content)) page.setAttribute("data-book-chat-room", "frame");
  return undefined;
}

/** Does `change`, which moves the page's text about; what the reader looks at keeps its place. */
export function anchored(content, change) {
  const kept = anchor(content);
  const before = kept?.getBoundingClientRect().top;
  change();
  if (!kept || scrollY === 0) return;
  const moved = kept.getBoundingClientRect().top - before;
  if (moved) scrollBy({ top: moved, behavior: "instant" });
}

/** The selected paragraph, else the first block of the text that can be read. */
function anchor(content) {
  const selection = document.getSelection();
  if (selection && !selection.isCollapsed && selection.rangeCount) {
    const start = selection.getRangeAt(0).startContainer;
    const element = start.nodeType === Node.ELEMENT_NODE ? start : start.parentElement;
    if (element?.closest(content)) return element;
  }
  const blocks = document.querySelectorAll(`:is(${content}) :is(p, li, pre, tr, h1, h2, h3, h4, h5, h6)`);
  return [...blocks].find((one) => one.getBoundingClientRect().top > 80) ?? null;
}

const DARK_CLASSES = ["dark", "coal", "navy", "ayu"];

/** What the page says about itself: Docusaurus, mdBook and Material for MkDocs say it differently. */
function themeOfPage() {
  const { dataset, classList } = document.documentElement;
  if (dataset.theme) return dataset.theme;
  if (DARK_CLASSES.some((name) => classList.contains(name))) return "dark";
  if (["light", "rust"].some((name) => classList.contains(name))) return "light";
  const scheme = document.body.dataset.mdColorScheme;
  return scheme && (scheme === "slate" ? "dark" : "light");
}

/** Keeps `root.dataset.theme` light or dark, as the element says, else the page, else the system. */
export function followTheme(element, root) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const set = () => {
    const said = element.getAttribute("theme") || themeOfPage();
    root.dataset.theme = said === "dark" || said === "light" ? said : system.matches ? "dark" : "light";
  };
  const observer = new MutationObserver(set);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });
  observer.observe(element, { attributes: true, attributeFilter: ["theme"] });
  system.addEventListener("change", set);
  set();
  return () => {
    observer.disconnect();
    system.removeEventListener("change", set);
  };
}
