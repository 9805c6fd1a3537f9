/** One loop for a page: draws what has changed, 30 times a second at most, and less often where drawing takes long. */

import type { Cancel, Clock } from "./clock.ts";

/** The shortest time between two renders of one view, in ms. */
export const FRAME = 33;
/** How much of one frame of the screen all views together may use, in ms. */
const SHARE = 8;
/** A render of t ms is followed by a pause of at least this many t. */
const REST = 4;

/** Something that is drawn. */
export interface Drawn {
  /** Draws; returns when to draw again: 'soon' to go on at the usual pace, 'now' at the next frame, or not at all. */
  draw(now: number): "soon" | "now" | null;
}

export class Frames {
  private readonly due = new Map<Drawn, number>();
  private readonly rest = new Map<Drawn, number>();
  private cancel: Cancel | null = null;

  constructor(private readonly clock: Clock) {}

  /** Asks for `drawn` to be drawn when its turn comes. */
  ask(drawn: Drawn): void {
    if (!this.due.has(drawn)) this.due.set(drawn, this.rest.get(drawn) ?? 0);
    this.cancel ??= this.clock.frame(() => this.tick());
  }

  /** Draws no more. */
  forget(drawn: Drawn): void {
    this.due.delete(drawn);
    this.rest.delete(drawn);
  }

  /** Takes a frame of another kind: the page was hidden or came back. */
  turn(): void {
    if (!this.cancel) return;
    this.cancel();
    this.cancel = this.clock.frame(() => this.tick());
  }

  private tick(): void {
    this.cancel = null;
    const began = this.clock.now();
    const waiting = [...this.due].filter(([, at]) => at <= began).sort((a, b) => a[1] - b[1]);
    for (const [drawn] of waiting) {
      const from = this.clock.now();
      if (from - began >= SHARE) break;
      this.due.delete(drawn);
      this.draw(drawn, from);
    }
    if (this.due.size) this.cancel ??= this.clock.frame(() => this.tick());
  }

  private draw(drawn: Drawn, from: number): void {
    const again = drawn.draw(from);
    const took = this.clock.now() - from;
    // Frames come every 16.7 ms or so: a little earlier is the frame that was meant.
    const next = again === "now" ? from : from + Math.max(FRAME - 4, took * (1 + REST));
    this.rest.set(drawn, next);
    if (again) this.due.set(drawn, next);
  }
}
