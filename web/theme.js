// Light or dark: as the element says, else as the page says (Docusaurus' data-theme), else as
// the system says.

/** Keeps `root.dataset.theme` right; returns what stops it. */
export function followTheme(element, root) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const set = () => {
    const said = element.getAttribute("theme") || document.documentElement.dataset.theme;
    root.dataset.theme = said === "dark" || said === "light" ? said : system.matches ? "dark" : "light";
  };
  const observer = new MutationObserver(set);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  observer.observe(element, { attributes: true, attributeFilter: ["theme"] });
  system.addEventListener("change", set);
  set();
  return () => {
    observer.disconnect();
    system.removeEventListener("change", set);
  };
}
