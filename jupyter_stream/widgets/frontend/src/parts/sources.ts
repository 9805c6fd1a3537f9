/** Citations as footnotes: small numbers in the text, a list of the sources below it, as the saved Markdown has it. */

import { h } from "../dom.ts";
import type { Source } from "../protocol.ts";

const SAFE = /^(?:https?|mailto):/i;

/** The address of a source if it may be opened, else null. */
export function safe(url: string | null | undefined): string | null {
  if (!url || !SAFE.test(url)) return null;
  try {
    return new URL(url).href;
  } catch {
    return null;
  }
}

/** The marks that stand in the text. */
export function marks(sources: readonly Source[]): HTMLElement {
  return h("span", { class: "jps-marks" }, ...sources.map((source, index) => h("sup", {}, mark(source, index + 1))));
}

/** The list that stands below it. */
export function list(sources: readonly Source[]): HTMLElement[] {
  const items = sources.map((source) => h("li", {}, link(source, nameOf(source), { title: source.quote })));
  return [h("p", {}, h("em", {}, "Sources")), h("ol", { class: "jps-sources" }, ...items)];
}

function nameOf(source: Source): string {
  return source.title?.trim() || source.url?.trim() || "A source without a name";
}

function mark(source: Source, number: number): HTMLElement {
  const name = nameOf(source);
  return link(source, String(number), { title: name, "aria-label": `Source ${number}: ${name}` });
}

function link(source: Source, label: string, attributes: Record<string, string | null | undefined>): HTMLElement {
  const href = safe(source.url);
  if (!href) return h("span", attributes, label);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow", ...attributes }, label);
}
