/** The style sheet, once in each document or shadow tree that shows a view. */

import css from "./style.css";

const dressed = new WeakSet<Node>();

/** Sees to it that the styles apply to `element`, with those of the notebook or, where it has none, without. */
export function dress(element: Element): void {
  const root = element.getRootNode();
  const styled = getComputedStyle(element).getPropertyValue("--jp-content-line-height");
  element.classList.toggle("jps-bare", element.isConnected && !styled);
  const place = root instanceof ShadowRoot ? root : element.ownerDocument.head;
  if (dressed.has(place)) return;
  dressed.add(place);
  const style = element.ownerDocument.createElement("style");
  style.textContent = css;
  place.append(style);
}
