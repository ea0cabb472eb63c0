// Shows the formulas of a page of the book; without this script their TeX stands there, readable.
import { math } from "./math.js";

for (const holder of document.querySelectorAll(".math")) {
  try {
    holder.replaceChildren(math(holder.textContent, holder.matches(".block")));
  } catch {
    // TeX beyond what math.js reads stays as it is written.
  }
}
