/**
 * The muted last line that is left below an answer's Markdown: a node of the page that is in no notebook's model. It goes
 * with the output that it belongs to, and stays where the kernel draws that anew: as a former answer, or as a stale one.
 */

import { copyButton } from "./copy.ts";
import { h, say } from "./dom.ts";
import type { Model } from "./protocol.ts";
import type { Session, Watcher } from "./session.ts";
import { Standing } from "./standing.ts";
import { speak } from "./voice.ts";

/** How long the height of a place is held while what it shows is replaced, in ms. */
export const HOLD = 1000;

/** What an output of Lab's shows; itself where it is none. */
export function shownIn(output: HTMLElement): HTMLElement {
  return output.querySelector<HTMLElement>(".jp-OutputArea-output") ?? output;
}

/** What has taken the place of a child of `area` that stood at `place`, if something has. */
export function heirAt(area: Element, place: number, records: MutationRecord[]): HTMLElement | null {
  const heir = area.children[place];
  // A cleared output has no heir: what is added later is another's.
  return heir && records.some((record) => [...record.addedNodes].includes(heir)) ? (heir as HTMLElement) : null;
}

export class Left implements Watcher {
  readonly el = h("div", { class: "jps-left" });
  private readonly button: HTMLButtonElement;
  private readonly text = h("span", { class: "jps-footer-text" });
  private readonly standing: Standing;
  private readonly observer = new MutationObserver((records) => this.look(records));
  private position = 0;
  private output: HTMLElement | null = null;
  private place = 0;
  private leave: () => void = () => {};
  private held: HTMLElement | null = null;

  constructor(
    private readonly session: Session,
    private readonly model: Model,
  ) {
    this.button = copyButton("Copy the answer", () => session.answer.source, session.clock);
    this.standing = new Standing((number) => model.send({ kind: "version", number }));
    this.el.append(this.text, this.standing.el);
    this.el.addEventListener("focusin", ({ target }) => (this.held = target as HTMLElement));
    // What is taken out of the page loses the focus to nothing.
    this.el.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && (this.held = null));
  }

  /** The button that copies the answer, where there is one. */
  get copy(): HTMLElement | undefined {
    return this.button.parentNode ? this.button : undefined;
  }

  /** Puts the line below what `output` shows, and keeps it there. */
  stay(output: HTMLElement): void {
    this.draw();
    shownIn(output).append(this.el);
    this.leave = this.session.follow(this.model, this);
    this.watch(output);
  }

  changed(): void {
    const { end } = this.session.answer;
    const [position = 1, of = 1] = end?.versions ?? [];
    const turned = position !== this.position;
    this.draw();
    if (!turned) return;
    if (this.output?.parentElement) hold(this.output.parentElement, this.session);
    speak(`Answer ${position} of ${of}.`, this.session.clock);
  }

  swapped(): void {}

  private draw(): void {
    const { answer, closed } = this.session;
    const end = answer.end ?? {};
    this.position = end.versions?.[0] ?? 1;
    say(this.text, (end.footer ?? []).join(" · "));
    this.standing.draw(end, !closed);
    if (!answer.source) this.button.remove();
    else if (!this.copy) this.el.append(this.button);
  }

  // ---------------------------------------------------------------- when the output is drawn anew

  private watch(output: HTMLElement): void {
    this.output = output;
    this.observer.disconnect();
    this.observer.observe(shownIn(output), { childList: true });
    const { parentElement } = output;
    if (!parentElement) return;
    this.place = [...parentElement.children].indexOf(output);
    this.observer.observe(parentElement, { childList: true });
  }

  /** Lab renders text of the same kind in the node that there is, and any other in a new one. */
  private look(records: MutationRecord[]): void {
    const { output } = this;
    const area = records.map(({ target }) => target as Element).find((target) => target !== output && !output?.contains(target));
    if (area && output?.parentElement !== area) {
      const heir = heirAt(area, this.place, records);
      if (!heir) return this.go();
      heir.classList.add("jps-heir");
      this.watch(heir);
    } else if (area && output) this.place = [...area.children].indexOf(output);
    if (this.output) this.append(shownIn(this.output));
  }

  private append(shown: HTMLElement): void {
    if (!shown.childElementCount || shown.lastElementChild === this.el) return;
    const { held } = this;
    shown.append(this.el);
    const { activeElement, body } = document;
    if (held?.isConnected && (!activeElement || activeElement === body)) held.focus({ preventScroll: true });
  }

  private go(): void {
    this.observer.disconnect();
    this.leave();
  }
}

/** Holds the height of `area` for a moment, so that the page does not jump. */
export function hold(area: HTMLElement, { clock }: Pick<Session, "clock">): void {
  const before = area.style.minHeight;
  const held = `${area.getBoundingClientRect().height}px`;
  area.style.minHeight = held;
  clock.after(HOLD, () => {
    if (area.style.minHeight === held) area.style.minHeight = before;
  });
}
