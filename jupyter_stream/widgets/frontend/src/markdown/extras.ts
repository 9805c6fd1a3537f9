/** What needs a tool that comes later: code is coloured and formulas are typeset when that is possible and affordable. */

import type { Clock } from "../clock.ts";
import type { Asset } from "../protocol.ts";
import type { Tools } from "./tools.ts";

/** How much of such work is done in one turn of the page, in ms; the rest is done in the turns that follow. */
const AT_ONCE = 5;

type Run = () => void;

/** The work of one stream that waits for a tool, or for its turn. */
export class Extras {
  private waiting = new Map<HTMLElement, { asset: Asset; run: Run }>();
  private queue = new Map<HTMLElement, Run>();
  private needed = new Set<Asset>();
  private began = -AT_ONCE;
  private scheduled = false;

  constructor(
    private readonly root: HTMLElement,
    readonly tools: Tools,
    private readonly clock: Clock,
  ) {}

  get page(): Document {
    return this.root.ownerDocument;
  }

  /** A new turn of the page begins. */
  turn(): void {
    this.began = this.clock.now();
  }

  /** Do it as soon as the asset is there and there is time. What `element` waited for before is forgotten. */
  later(element: HTMLElement, asset: Asset, run: Run): void {
    this.drop(element);
    if (!this.tools[asset]) {
      this.waiting.set(element, { asset, run });
      this.need(asset);
    } else if (!this.spent) run();
    else {
      this.queue.set(element, run);
      this.schedule();
    }
  }

  /** What `element` waits for is not wanted any more. */
  drop(element: HTMLElement): void {
    this.waiting.delete(element);
    this.queue.delete(element);
  }

  /** An asset has come: what waited for it is done. */
  upgrade(): void {
    this.turn();
    for (const [element, { asset, run }] of [...this.waiting]) {
      if (!this.root.contains(element)) this.drop(element);
      else if (this.tools[asset]) this.later(element, asset, run);
    }
  }

  clear(): void {
    this.waiting.clear();
    this.queue.clear();
  }

  private get spent(): boolean {
    return this.clock.now() - this.began >= AT_ONCE;
  }

  private need(asset: Asset): void {
    if (this.needed.has(asset)) return;
    this.needed.add(asset);
    this.tools.need?.(asset);
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.clock.idle(() => {
      this.scheduled = false;
      this.turn();
      for (const [element, run] of [...this.queue]) {
        this.queue.delete(element);
        if (this.root.contains(element)) run();
        if (this.spent) break;
      }
      if (this.queue.size) this.schedule();
    });
  }
}
