/**
 * What stands below an answer: why it is not whole, and the last line, which says what is waited for, how to stop it, and
 * in the end what there is to know of the answer.
 */

import { running } from "./clock.ts";
import { copyButton } from "./copy.ts";
import { h, put, say } from "./dom.ts";
import { MARKDOWN } from "./parts/prose.ts";
import type { End, Model } from "./protocol.ts";
import type { Session } from "./session.ts";
import { Standing } from "./standing.ts";
import { wayOf } from "./stop.ts";

const KEYS = "To stop: press I twice (command mode), or the ■ button";
const LOST = "The kernel is gone; this is what had come.";

export class Footer {
  readonly el: HTMLElement;
  private readonly dot = h("span", { class: "jps-dot", "aria-hidden": "true" });
  private readonly text = h("span", { class: "jps-footer-text" });
  private readonly clock = h("span", { class: "jps-clock", "aria-hidden": "true" });
  private readonly stop = h("button", { type: "button", class: "jps-button jps-stop", "aria-label": "Stop the answer" });
  private readonly copy: HTMLButtonElement;
  private readonly standing: Standing;

  constructor(
    private readonly session: Session,
    private readonly model: Model,
  ) {
    this.copy = copyButton("Copy the answer", () => session.answer.source, session.clock);
    this.standing = new Standing((number) => model.send({ kind: "version", number }));
    this.stop.append(h("span", { class: "jps-square", "aria-hidden": "true" }), h("span", {}, "Stop"));
    this.stop.addEventListener("click", () => this.press());
    this.el = h("div", { class: "jps-footer" }, this.dot, this.text, this.standing.el, this.clock, this.stop, this.copy);
  }

  /** Stops the answer; whether there was a way to. */
  press(): boolean {
    if (!this.session.running || wayOf(this.model) !== "button") return false;
    this.session.stop.press(this.model);
    return true;
  }

  draw(now: number): void {
    const { session } = this;
    const way = session.running ? wayOf(this.model) : "";
    const { pressed, again } = session.stop;
    put(this.dot, "hidden", !session.running || pressed);
    put(this.el, "data-over", !session.running);
    say(this.text, this.words(way));
    put(this.text, "hidden", !this.text.textContent);
    put(this.stop, "hidden", way !== "button");
    put(this.stop, "aria-disabled", pressed ? "true" : null);
    say(this.stop.lastElementChild as Element, pressed ? "Stopping…" : again ? "Stop again" : "Stop");
    put(this.copy, "hidden", !session.answer.parts.some((part) => (part.kind === "text" && part.text.length) || part.table?.rows.length));
    this.standing.draw(session.answer.end ?? {}, !session.closed);
    this.tick(now);
  }

  /** The running time goes on; whether it does. */
  tick(now: number): boolean {
    const { answer } = this.session;
    const waiting = this.waiting && answer.asked !== null;
    say(this.clock, waiting ? running(now - (answer.asked ?? now)) : "");
    put(this.clock, "hidden", !waiting);
    return waiting;
  }

  private words(way: string): string {
    const { answer, lost } = this.session;
    if (answer.end) return (answer.end.footer ?? []).join(" · ");
    if (lost) return LOST;
    const waiting = this.waiting ? [asking(answer.title), answer.status] : [];
    return [...waiting, way === "keys" ? KEYS : ""].filter(Boolean).join(" · ");
  }

  /** Whether the model is still silent, and nobody has asked it to stop. */
  private get waiting(): boolean {
    const { answer, running, stop } = this.session;
    return running && !answer.parts.length && !stop.pressed;
  }
}

/** The line until the first word comes, as the kernel's `asking`. */
function asking(title: string): string {
  return `Asking ${title || "the model"}…`;
}

const SIGN = /^([^\p{L}\p{N}\s"'([{<])\s+/u;

/**
 * Why an answer is not whole, and what to know of its model: lines, each with its own sign, the first of the mark. Then
 * who answered, as it is saved.
 */
export function notes({ mark, notes = [], byline }: End): HTMLElement {
  const lines = notes.map((note, index) => line(note, index === 0 && mark ? mark : "note"));
  if (byline) lines.push(h("p", { class: "jps-byline", dir: "auto" }, h("em", {}, byline)));
  return h("div", { class: `jps-part jps-notes ${MARKDOWN}` }, ...lines);
}

function line(note: string, mark: string): HTMLElement {
  const sign = SIGN.exec(note)?.[1];
  const text = h("em", {}, sign ? note.replace(SIGN, "") : note);
  const icon = sign ? [h("span", { class: "jps-sign", "aria-hidden": "true" }, sign), " "] : [];
  return h("p", { class: "jps-note", "data-mark": mark, dir: "auto" }, ...icon, text);
}
