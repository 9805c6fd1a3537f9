/** Why an answer is not whole, and what to know of its model: lines below it, each with its own sign. */

import { h } from "../dom.ts";
import type { End } from "../protocol.ts";
import { MARKDOWN } from "./text.ts";

const SIGN = /^([^\p{L}\p{N}\s"'([{<])\s+/u;

/** The lines; the first is of the mark, if there is one. */
export function notes({ mark, notes = [] }: End): HTMLElement {
  const lines = notes.map((note, index) => line(note, index === 0 && mark ? mark : "note"));
  return h("div", { class: `jps-part jps-notes ${MARKDOWN}` }, ...lines);
}

function line(note: string, mark: string): HTMLElement {
  const sign = SIGN.exec(note)?.[1];
  const text = h("em", {}, sign ? note.replace(SIGN, "") : note);
  const icon = sign ? [h("span", { class: "jps-sign", "aria-hidden": "true" }, sign), " "] : [];
  return h("p", { class: "jps-note", "data-mark": mark, dir: "auto" }, ...icon, text);
}
