/**
 * When the kernel replaces a view by the final Markdown, Lab empties the output for some frames, then shows the text, and
 * sets its formulas later still. So the view itself stays over the place until the Markdown is as it is to be, and what
 * the reader had there is carried over. The muted last line is left below.
 */

import { type Thought, carryCode, carryFocus, carrySelection, carryThoughts, focusOn, mark, markedIn } from "./carry.ts";
import type { Clock } from "./clock.ts";
import { codeButton } from "./copy.ts";
import { h } from "./dom.ts";
import { HOLD, heirAt, hold, type Left, shownIn } from "./left.ts";

/** How long something may take to come to the place. */
const WAIT = 5000;

/** What stays of a view when its output is replaced. */
export interface Rest {
  /** The line that is left below. */
  left: Left;
  thoughts: Thought[];
  /** Called when something has taken the view's place. */
  replaced: () => void;
}

/** Prepares for the swap of the output that `root` is in; does nothing outside of a Jupyter output area. */
export function prepare(root: HTMLElement, rest: Rest, clock: Clock): void {
  const area = root.closest<HTMLElement>(".jp-OutputArea");
  const child = area && [...area.children].find((one) => one.contains(root));
  if (!area || !child) return;
  hold(area, { clock });
  const place = placeOf(root, child);
  const reader = new Reader(root);
  inherit(area, child, clock, (heir) => {
    const cover = new Cover(root, heir, place);
    reader.restore();
    rest.replaced();
    whenRendered(root, heir, clock, () => settle(cover, rest, clock));
  });
  clock.after(WAIT, () => reader.leave());
}

/** Calls `then` with what takes the place of `child`, if something does. */
function inherit(area: Element, child: Element, clock: Clock, then: (heir: HTMLElement) => void): void {
  const place = [...area.children].indexOf(child);
  const observer = new MutationObserver((records) => {
    if (child.isConnected) return;
    observer.disconnect();
    const heir = heirAt(area, place, records);
    if (heir) then(heir);
  });
  observer.observe(area, { childList: true });
  clock.after(WAIT, () => observer.disconnect());
}

// ------------------------------------------------------------------ until the Markdown is there

/** What the reader has marked in the view, and where the focus is: Lab takes both away with the nodes. */
class Reader {
  private marked: ReturnType<typeof markedIn>;
  private held: Element | null;

  constructor(private readonly root: HTMLElement) {
    this.marked = markedIn(root);
    const { activeElement } = document;
    this.held = root.contains(activeElement) ? activeElement : null;
    document.addEventListener("selectionchange", this.look);
    root.addEventListener("focusin", this.take);
    root.addEventListener("focusout", this.lose);
  }

  /** Makes it so again, unless the reader has gone elsewhere. */
  restore(): void {
    this.leave();
    mark(this.marked);
    const { activeElement, body } = document;
    if (this.held && (!activeElement || activeElement === body)) focusOn(this.held as HTMLElement);
  }

  leave(): void {
    document.removeEventListener("selectionchange", this.look);
    this.root.removeEventListener("focusin", this.take);
    this.root.removeEventListener("focusout", this.lose);
  }

  private readonly look = (): void => {
    if (this.root.isConnected) this.marked = markedIn(this.root);
  };
  private readonly take = ({ target }: FocusEvent): void => {
    this.held = target as Element;
  };
  // What is taken out of the page loses the focus to nothing.
  private readonly lose = ({ relatedTarget }: FocusEvent): void => {
    if (relatedTarget) this.held = null;
  };
}

interface Place {
  left: number;
  top: number;
  width: number;
}

/** Where the view stands in its output, in px. */
function placeOf(root: Element, child: Element): Place {
  const own = root.getBoundingClientRect();
  const around = child.getBoundingClientRect();
  return { left: own.left - around.left, top: own.top - around.top, width: own.width };
}

/** The view over the place of its heir, whose own content is not seen meanwhile. */
class Cover {
  private readonly el: HTMLElement;

  constructor(
    readonly root: HTMLElement,
    readonly heir: HTMLElement,
    { left, top, width }: Place,
  ) {
    this.el = h("div", { class: "jps-cover", style: `left:${left}px;top:${top}px;width:${width}px` }, root);
    heir.classList.add("jps-heir", "jps-covered");
    heir.append(this.el);
  }

  lift(): void {
    this.heir.classList.remove("jps-covered");
    this.el.remove();
  }
}

/** Calls `then` once the heir shows the Markdown with its formulas, or when that has been waited for long enough. */
function whenRendered(root: Element, heir: Element, clock: Clock, then: () => void): void {
  const until = clock.now() + HOLD;
  const formulas = root.querySelectorAll("math").length;
  const look = (): void => {
    const shown = heir.querySelector(".jp-OutputArea-output");
    const set = shown?.querySelectorAll("mjx-container, math").length ?? 0;
    const ready = !shown || (shown.childElementCount > 0 && set >= formulas);
    if (!heir.isConnected) return;
    if (ready || clock.now() >= until) then();
    else clock.frame(look);
  };
  look();
}

/** The Markdown is there: it gets what the reader had, and the view goes. */
function settle(cover: Cover, { left, thoughts }: Rest, clock: Clock): void {
  const { root, heir } = cover;
  const shown = shownIn(heir);
  const marked = markedIn(root);
  const held = root.contains(document.activeElement) ? document.activeElement : null;
  cover.lift();
  carryCode(root, shown, (pre) => codeButton(pre, clock));
  carryThoughts(thoughts, shown);
  carrySelection(marked, root, shown);
  left.stay(heir);
  if (held) carryFocus(held, root, shown, left.copy);
}
