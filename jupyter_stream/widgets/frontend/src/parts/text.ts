/** Text, with its citations as footnotes: small numbers in it, a list of the sources below, as in the saved Markdown. */

import type { Part } from "../answer.ts";
import { h } from "../dom.ts";
import { mayLink } from "../markdown/links.ts";
import type { Source } from "../protocol.ts";
import type { Frame, Home, PartView } from "./part.ts";
import { MARKDOWN, Prose } from "./prose.ts";

export class TextView implements PartView {
  readonly el = h("div", { class: "jps-part" });
  private readonly prose: Prose;
  private sources: unknown = null;
  private marks: HTMLElement | null = null;
  private list: HTMLElement | null = null;

  constructor(
    readonly part: Part,
    home: Home,
  ) {
    this.prose = new Prose(part, home);
    this.prose.el.classList.add("jps-text");
    this.el.append(this.prose.el);
  }

  draw(frame: Frame): boolean {
    const left = this.prose.draw(frame);
    if (!left && (this.part.ended || frame.over)) this.cite();
    return left;
  }

  upgrade(): void {
    this.prose.upgrade();
  }

  private cite(): void {
    const { sources } = this.part;
    if (sources !== this.sources) {
      this.sources = sources;
      this.marks?.remove();
      this.list?.remove();
      this.marks = sources.length ? marks(sources) : null;
      this.list = sources.length ? h("div", { class: MARKDOWN }, ...list(sources)) : null;
      if (this.list) this.el.append(this.list);
    }
    if (!this.marks) return;
    const place = lastLine(this.prose.el) ?? this.prose.el;
    if (this.marks.parentElement !== place) place.append(this.marks);
  }
}

/** What holds the last sentence; null where the text does not end in one. */
function lastLine(node: Element): Element | null {
  const last = node.lastElementChild;
  if (last?.tagName === "P") return last;
  if (last?.tagName === "LI") return lastLine(last) ?? (last.querySelector("pre, table") ? null : last);
  return last && /^[OU]L$/.test(last.tagName) ? lastLine(last) : null;
}

// ------------------------------------------------------------------ citations

/** The address of a source if it may be opened, else null. */
function safe(url: string | null | undefined): string | null {
  if (!url || !mayLink(url)) return null;
  try {
    return new URL(url).href;
  } catch {
    return null;
  }
}

/** The marks that stand in the text. */
function marks(sources: readonly Source[]): HTMLElement {
  return h("span", { class: "jps-marks" }, ...sources.map((source, index) => h("sup", {}, mark(source, index + 1))));
}

/** The list that stands below it. */
function list(sources: readonly Source[]): HTMLElement[] {
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
