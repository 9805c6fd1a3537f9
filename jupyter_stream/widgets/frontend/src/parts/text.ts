/** Text: Markdown that grows, with the marks of its footnotes. */

import type { Block } from "../answer.ts";
import { directionOf } from "../direction.ts";
import { h, put } from "../dom.ts";
import { MarkdownStream } from "../markdown/index.ts";
import { list, marks } from "./sources.ts";
import { Flow, type Frame, type Home, type Part } from "./part.ts";

/** The classes that make a node look as Jupyter's own Markdown. */
export const MARKDOWN = "jps-md jp-RenderedHTMLCommon jp-RenderedMarkdown";

/** Markdown read from a block, drawn into a node. */
export class Prose {
  readonly el = h("div", { class: MARKDOWN, dir: "ltr" });
  private readonly stream: MarkdownStream;
  private readonly flow: Flow;
  private finished = false;
  /** Whether a letter came, and whether one is shown. */
  private letter = false;
  private directed = false;

  constructor(
    private readonly block: Block,
    home: Home,
  ) {
    this.stream = new MarkdownStream(this.el, home.tools);
    this.flow = new Flow(block);
  }

  /** Brings the text up to date; whether something is still held back. */
  draw(frame: Frame): boolean {
    const fresh = this.flow.next(frame);
    if (fresh) {
      if (fresh.anew) this.stream.set(fresh.text);
      else this.stream.append(fresh.text);
      this.stream.render();
      this.finished = false;
      this.direct(fresh.text, fresh.anew);
    }
    const left = this.flow.left > 0;
    if (!left && !this.finished && (this.block.ended || frame.over)) {
      this.stream.finish();
      this.finished = true;
    }
    return left;
  }

  upgrade(): void {
    this.stream.upgrade();
  }

  /** Once a letter is shown, the text runs as it does; one that came may be in the name of a language, which is not. */
  private direct(fresh: string, anew: boolean): void {
    if (anew) this.letter = this.directed = false;
    this.letter ||= !!directionOf(fresh);
    if (this.directed || !this.letter) return;
    const direction = directionOf(this.el.textContent ?? "");
    this.directed = !!direction;
    put(this.el, "dir", direction ?? "ltr");
  }
}

export class TextPart implements Part {
  readonly el = h("div", { class: "jps-part" });
  private readonly prose: Prose;
  private sources: unknown = null;
  private marks: HTMLElement | null = null;
  private list: HTMLElement | null = null;

  constructor(
    readonly block: Block,
    home: Home,
  ) {
    this.prose = new Prose(block, home);
    this.prose.el.classList.add("jps-text");
    this.el.append(this.prose.el);
  }

  draw(frame: Frame): boolean {
    const left = this.prose.draw(frame);
    if (!left && (this.block.ended || frame.over)) this.cite();
    return left;
  }

  upgrade(): void {
    this.prose.upgrade();
  }

  private cite(): void {
    const { sources } = this.block;
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
