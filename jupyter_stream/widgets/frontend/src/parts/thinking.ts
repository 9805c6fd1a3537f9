/** Thinking: open while it lasts and closed after, unless the reader has touched it. */

import type { Part } from "../answer.ts";
import { span } from "../clock.ts";
import { h, put, say, selectedIn } from "../dom.ts";
import type { Frame, Home, PartView } from "./part.ts";
import { Prose } from "./prose.ts";

/** Below this a duration says nothing, in ms. */
const WORTH = 500;

/** What stands above a thought. */
export function labelOf({ took }: Part, over: boolean): string {
  if (!over) return "Thinking …";
  return took !== null && took >= WORTH ? `Thought for ${span(took)}` : "Thought";
}

export class ThinkingView implements PartView {
  readonly el: HTMLDetailsElement;
  private readonly label = h("span", { class: "jps-label" });
  private readonly time = h("span", { class: "jps-clock", "aria-hidden": "true" });
  private readonly box: HTMLElement;
  private readonly prose: Prose;
  private over = false;

  constructor(
    readonly part: Part,
    private readonly home: Home,
  ) {
    this.prose = new Prose(part, home);
    this.box = h("div", { class: "jps-thought" }, this.prose.el);
    const summary = h("summary", {}, this.label, this.time);
    this.el = h("details", { class: "jps-part jps-thinking" }, summary, this.box);
    summary.addEventListener("click", () => this.touch());
  }

  draw(frame: Frame): boolean {
    if (this.part.ended || frame.over) this.passed();
    put(this.el, "open", this.part.opened ?? !this.over);
    put(this.el, "data-live", !this.over);
    this.tick(frame.now);
    const left = this.el.open && this.follow(() => this.prose.draw(frame));
    return left;
  }

  passed(): void {
    if (this.over) return;
    this.over = true;
    // Who has marked some of it is reading it.
    if (this.el.isConnected && this.el.open && selectedIn(this.el)) this.part.opened ??= true;
  }

  tick(now: number): boolean {
    const { began } = this.part;
    say(this.label, labelOf(this.part, this.over));
    const running = !this.over && began !== null;
    say(this.time, running && now - began >= 1000 ? span(now - began) : "");
    return running;
  }

  upgrade(): void {
    this.prose.upgrade();
  }

  private touch(): void {
    // The click opens or closes after this.
    this.part.opened = !this.el.open;
    this.home.loosen();
    if (this.part.opened) this.home.redraw();
  }

  /** Keeps the end of a growing thought in sight, if it was. */
  private follow(draw: () => boolean): boolean {
    const { box } = this;
    const at = !this.over && box.scrollHeight - box.scrollTop - box.clientHeight < 4;
    const left = draw();
    if (at && box.scrollHeight > box.clientHeight) box.scrollTop = box.scrollHeight;
    return left;
  }
}
