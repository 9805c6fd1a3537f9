/** Calm while the answer grows: its height never shrinks, and its end stays in sight for a reader who is at the end. */

import { selectedIn } from "./dom.ts";

/** How far below the edge the end may be and still count as seen, in px. */
const SLACK = 4;

/** Where a text ends and the reader's window on it; both in px of the screen. */
export interface Sight {
  bottom: number;
  edge: number;
}

/** How far to scroll after the end moved down by `grew`: nothing unless the end was in sight. */
export function drop({ bottom, edge }: Sight, grew: number): number {
  const before = bottom - grew;
  return grew > 0 && before <= edge + SLACK && bottom > edge ? bottom - edge : 0;
}

/** The nearest ancestor that scrolls; null where the page itself does. */
export function scrollerOf(element: Element): Element | null {
  for (let node = element.parentElement; node && node !== document.body; node = node.parentElement) {
    if (node.scrollHeight > node.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(node).overflowY)) return node;
  }
  return null;
}

function edgeOf(scroller: Element | null): number {
  if (!scroller) return innerHeight;
  return Math.min(scroller.getBoundingClientRect().top + scroller.clientTop + scroller.clientHeight, innerHeight);
}

/**
 * Keeps `outer` as high as its `content` ever was, until `release`. Sizes are read after layout, so that none is
 * forced. Calls `seen` when the content is first laid out.
 */
export class ScrollAnchor {
  private most = 0;
  private width = 0;
  private held = true;
  private away = false;
  private readonly observer: ResizeObserver | null = null;

  constructor(
    private readonly outer: HTMLElement,
    private readonly content: HTMLElement,
    private readonly seen: () => void,
  ) {
    if (typeof ResizeObserver === "undefined") return;
    this.observer = new ResizeObserver(() => this.settle());
    this.observer.observe(content);
    outer.ownerDocument.addEventListener("wheel", this.wheel, { passive: true, capture: true });
  }

  /** The reader has opened or closed something: the height is what that makes it. */
  loosen(): void {
    this.most = 0;
    this.outer.style.minHeight = "";
  }

  /** The answer is over. */
  release(): void {
    if (this.held) this.settle();
    this.held = false;
    this.loosen();
  }

  close(): void {
    this.observer?.disconnect();
    this.outer.ownerDocument.removeEventListener("wheel", this.wheel, { capture: true });
  }

  // A reader who turns the wheel up wants to be left alone, also within the slack.
  private readonly wheel = (event: WheelEvent): void => {
    if (event.deltaY) this.away = event.deltaY < 0;
  };

  private settle(): void {
    const { width, height } = this.content.getBoundingClientRect();
    if (!height) return;
    if (!this.width) this.seen();
    if (Math.abs(width - this.width) > 1) this.loosen();
    const before = this.width ? Math.max(this.most, 0) : height;
    this.width = width;
    if (!this.held) return;
    const now = Math.max(height, this.most);
    if (height < now - 0.5) this.outer.style.minHeight = `${now}px`;
    this.most = now;
    if (before) this.follow(now - before);
  }

  private follow(grew: number): void {
    if (grew <= 0 || this.away || selectedIn(this.outer)) return;
    const scroller = scrollerOf(this.outer);
    const by = drop({ bottom: this.outer.getBoundingClientRect().bottom, edge: edgeOf(scroller) }, grew);
    if (by) (scroller ?? document.scrollingElement)?.scrollBy({ top: by, behavior: "instant" });
  }
}
