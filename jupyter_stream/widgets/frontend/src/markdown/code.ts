/** A block of code that may grow. */

import type { Extras } from "./extras.ts";

/** Code is coloured while it grows up to so many characters, else when it is whole, and longer than LONGEST never. */
const LIVELY = 3000;
const LONGEST = 60_000;

/** A <pre> with a <code>. Growing costs O(what came), but for the colours of short code. */
export class CodeView {
  readonly element: HTMLElement;
  private readonly code: HTMLElement;
  /** What is not coloured: the end of `text`, and `loose`. */
  private readonly tail: Text;
  private text = "";
  private loose = "";
  private coloured = 0;
  private closed = false;
  private language = "";

  constructor(private readonly extras: Extras) {
    const { page } = extras;
    this.element = page.createElement("pre");
    this.code = page.createElement("code");
    this.tail = page.createTextNode("");
    this.code.append(this.tail);
    this.element.append(this.code);
    extras.tools.copyButton?.(this.element);
  }

  /** The code is this now. */
  update(text: string, language: string, closed: boolean): void {
    if (language !== this.language) this.restart(language);
    else if (!text.startsWith(this.text)) this.restart(language);
    this.grow(text.slice(this.text.length));
    if (closed) this.close();
  }

  /** The code goes on; `loose` is shown after it until more comes. */
  grow(more: string, loose = ""): void {
    if (this.coloured > this.text.length) this.uncolour();
    const shown = this.loose;
    const now = more + loose;
    this.text += more;
    this.loose = loose;
    if (more) this.closed = false;
    if (now.startsWith(shown)) this.tail.appendData(now.slice(shown.length));
    else this.tail.replaceData(this.tail.length - shown.length, shown.length, now);
    if (more.includes("\n") && this.text.length <= LIVELY) this.colour(this.text.lastIndexOf("\n") + 1);
  }

  /** It is whole. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const length = this.text.length + this.loose.length;
    if (length <= LONGEST) this.colour(length);
  }

  private restart(language: string): void {
    this.language = language;
    if (language) this.code.className = `language-${language}`;
    else this.code.removeAttribute("class");
    this.text = this.loose = "";
    this.closed = false;
    this.extras.drop(this.element);
    this.uncolour();
  }

  private uncolour(): void {
    this.coloured = 0;
    this.tail.data = this.text + this.loose;
    this.code.replaceChildren(this.tail);
  }

  private colour(end: number): void {
    if (!this.language || end <= this.coloured) return;
    this.extras.later(this.element, "highlight", () => {
      const shown = this.text + this.loose;
      const nodes = end <= shown.length ? this.extras.tools.highlight?.(shown.slice(0, end), this.language) : null;
      if (nodes && lengthOf(nodes) === end) this.show(nodes, shown, end);
    });
  }

  /** Put the coloured nodes in place of those there are; equal ones stay, and with them what a reader has selected. */
  private show(nodes: Node[], shown: string, end: number): void {
    let same = 0;
    const old = [...this.code.childNodes].slice(0, -1);
    while (same < old.length && nodes[same]?.isEqualNode(old[same] as Node)) same++;
    for (const node of old.slice(same)) (node as ChildNode).remove();
    this.tail.before(...nodes.slice(same));
    this.tail.data = shown.slice(end);
    this.coloured = end;
  }
}

function lengthOf(nodes: Node[]): number {
  return nodes.reduce((sum, node) => sum + (node.textContent?.length ?? 0), 0);
}
