/** A tool call or what a tool returned: a card with a name and JSON, which fills in as it comes. */

import type { Part } from "../answer.ts";
import { h, put, say } from "../dom.ts";
import { Indenter, coloured, pretty } from "../json.ts";
import { visible } from "../visible.ts";
import { Flow, type Frame, type Home, type PartView } from "./part.ts";
import { MARKDOWN } from "./prose.ts";

/** Longer JSON stays in one colour. */
const COLOURED = 50_000;

export class ToolView implements PartView {
  readonly el: HTMLElement;
  private readonly name = h("code");
  private readonly code = h("code", { class: "language-json" });
  private text = document.createTextNode("");
  private readonly flow: Flow;
  private indenter = new Indenter();
  private settled: unknown = null;

  constructor(
    readonly part: Part,
    home: Home,
  ) {
    this.flow = new Flow(part);
    const head = h("p", { class: "jps-head" }, h("strong", {}, part.kind === "tool" ? "Tool call" : "Tool result"), " ", this.name);
    const pre = h("pre", { dir: "ltr" }, this.code);
    home.tools.copyButton?.(pre);
    this.code.append(this.text);
    this.el = h("div", { class: "jps-part" }, h("div", { class: `${MARKDOWN} jps-card jps-${part.kind}` }, head, pre));
  }

  draw(frame: Frame): boolean {
    say(this.name, this.part.name.replace(/[^A-Za-z0-9_.:/+-]/g, "_") || "?");
    const fresh = this.flow.next(frame);
    if (fresh) this.grow(fresh.text, fresh.anew);
    const left = this.flow.left > 0;
    const whole = this.part.ended || frame.over;
    put(this.el, "data-live", !whole);
    if (whole && !left) this.settle();
    return left;
  }

  private grow(text: string, anew: boolean): void {
    if (anew || this.settled !== null) {
      // What is shown is not what the indenter made: begin again.
      this.indenter = new Indenter();
      this.text = document.createTextNode("");
      this.code.replaceChildren(this.text);
      text = anew ? text : this.part.text.whole.slice(0, this.part.text.length - this.flow.left);
      this.settled = null;
    }
    this.text.appendData(this.indenter.feed(text));
  }

  private settle(): void {
    const whole = this.part.text.whole;
    if (this.settled === whole) return;
    this.settled = whole;
    const text = whole ? (pretty(whole) ?? visible(whole)) : "{}";
    if (text.length > COLOURED) return say(this.code, text);
    const pieces = [...coloured(text)].map(([piece, name]) => (name ? h("span", { class: name }, piece) : piece));
    this.code.replaceChildren(...pieces);
  }
}
