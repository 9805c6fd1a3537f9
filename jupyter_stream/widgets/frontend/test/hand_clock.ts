/** A clock that a test moves by hand. */

import type { Cancel, Clock } from "../src/clock.ts";

interface Due {
  at: number;
  run: () => void;
}

export class HandClock implements Clock {
  private due: Due[] = [];
  private frames: Due[] = [];
  private idles: (() => void)[] = [];

  constructor(public time = 0) {}

  /** How many frames are asked for. */
  get waiting(): number {
    return this.frames.length;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, run: () => void): Cancel {
    const due = { at: this.time + ms, run };
    this.due.push(due);
    return () => void (this.due = this.due.filter((other) => other !== due));
  }

  frame(run: () => void): Cancel {
    const due = { at: this.time, run };
    this.frames.push(due);
    return () => void (this.frames = this.frames.filter((other) => other !== due));
  }

  idle(run: () => void): void {
    this.idles.push(run);
  }

  /** Time passes: what is due in it is called, in its order and at its time. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const [next] = this.due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.due = this.due.filter((other) => other !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = Math.max(this.time, end);
  }

  /** The screen shows a frame. */
  draw(): void {
    for (const { run } of this.frames.splice(0)) run();
  }

  /** The page has nothing else to do; whether something was waiting for that. */
  rest(): boolean {
    const runs = this.idles.splice(0);
    for (const run of runs) run();
    return runs.length > 0;
  }
}
