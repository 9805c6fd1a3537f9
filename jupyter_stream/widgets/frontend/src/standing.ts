/** Where an answer stands in its thread, on its last line: what it was asked with, and which of its cell's it is. */

import { h, put, say } from "./dom.ts";
import type { End } from "./protocol.ts";

let count = 0;

export class Standing {
  readonly el = h("span", { class: "jps-standing" });
  private readonly sent = new Sent();
  private readonly pager: Pager;

  /** `turn` asks for another of the cell's answers: its number, from 1. */
  constructor(turn: (number: number) => void) {
    this.pager = new Pager(turn);
  }

  /** Shows what the end of the answer says; `open`: there is a kernel that can be asked for another one. */
  draw({ sent: [words, lines] = ["", ""], versions: [position, of] = [1, 1] }: End, open: boolean): void {
    this.sent.draw(words, lines);
    this.pager.draw(position, of);
    const wanted = [...(words ? [this.sent.el] : []), ...(open && of > 1 ? [this.pager.el] : [])];
    if (wanted.length !== this.el.childElementCount || wanted.some((one) => one.parentNode !== this.el)) {
      this.el.replaceChildren(...wanted);
    }
  }
}

// ------------------------------------------------------------------ what it was asked with

/** A few words, whose lines are shown to who points at them, reaches them by the keyboard, or touches them. */
class Sent {
  readonly el = h("span", { class: "jps-sent" });
  private readonly lines = h("span", { class: "jps-lines", id: `jps-lines-${(count += 1)}`, role: "tooltip", popover: "manual" });
  private readonly button = h("button", { type: "button", class: "jps-words" });
  private shown = false;

  constructor() {
    this.el.append(this.button, this.lines);
    this.el.addEventListener("mouseenter", () => this.show());
    this.el.addEventListener("mouseleave", () => this.hide());
    this.button.addEventListener("focus", () => this.show());
    this.button.addEventListener("blur", () => this.hide());
    this.button.addEventListener("click", () => this.show());
    this.el.addEventListener("keydown", (event) => this.key(event));
  }

  draw(words: string, lines: string): void {
    say(this.button, words);
    say(this.lines, lines);
    put(this.button, "aria-describedby", lines ? this.lines.id : null);
  }

  // In the top layer of the page: what is within a view, or an output of Lab's, is cut off at its edges.
  private show(): void {
    if (this.shown || !this.lines.textContent || !this.lines.showPopover || !this.el.isConnected) return;
    this.shown = true;
    this.lines.showPopover();
    this.place();
    addEventListener("scroll", this.place, { capture: true, passive: true });
  }

  private readonly place = (): void => {
    const words = this.button.getBoundingClientRect();
    const { width, height } = this.lines.getBoundingClientRect();
    const above = words.top - height;
    this.lines.style.left = `${Math.max(0, Math.min(words.left, innerWidth - width))}px`;
    this.lines.style.top = `${above >= 0 ? above : words.bottom}px`;
  };

  private readonly hide = (): void => {
    if (!this.shown) return;
    this.shown = false;
    removeEventListener("scroll", this.place, { capture: true });
    if (this.lines.matches(":popover-open")) this.lines.hidePopover();
  };

  private key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.shown) return;
    event.preventDefault();
    event.stopPropagation();
    this.hide();
  }
}

// ------------------------------------------------------------------ which of its cell's answers it is

class Pager {
  readonly el: HTMLElement;
  private readonly at = h("span", { class: "jps-at" });
  private readonly former: HTMLElement;
  private readonly next: HTMLElement;
  private position = 1;

  constructor(private readonly turn: (number: number) => void) {
    this.former = this.button("Former answer", "‹", -1);
    this.next = this.button("Next answer", "›", 1);
    this.el = h("span", { class: "jps-pager", role: "group", "aria-label": "Answers of this cell" }, this.former, this.at, this.next);
  }

  draw(position: number, of: number): void {
    this.position = position;
    say(this.at, `${position}/${of}`);
    // Not `disabled`: who turns to the last one by the keyboard would lose the place.
    put(this.former, "aria-disabled", position <= 1 ? "true" : null);
    put(this.next, "aria-disabled", position >= of ? "true" : null);
  }

  private button(label: string, sign: string, step: number): HTMLElement {
    const button = h("button", { type: "button", class: "jps-turn", "aria-label": label, title: label }, sign);
    button.addEventListener("click", () => {
      if (!button.hasAttribute("aria-disabled")) this.turn(this.position + step);
    });
    return button;
  }
}
