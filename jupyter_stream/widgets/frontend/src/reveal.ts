/** How much of a growing text to show now, so that what comes in lumps is seen to flow. Times are milliseconds. */

/** What has come is shown after this time at the latest: as long as the kernel waits for more, and a little. */
export const BEHIND = 380;
/** How soon more is taken to come while nothing is known of that. */
const FIRST = 150;

/** Up to where the text has to be shown, and when. */
interface Due {
  upto: number;
  at: number;
}

/** Spreads what came over about as long as it takes until more comes. */
export class Reveal {
  private known = 0;
  private arrived = Number.NaN;
  private last = Number.NaN;
  private gap = FIRST;
  private readonly dues: Due[] = [];

  /** How many characters to show next, of a text of `length` of which `shown` are shown. */
  step(now: number, length: number, shown: number): number {
    if (length > this.known) this.note(now, length);
    const since = Math.min(Math.max(now - (this.last || now - 33), 1), 100);
    this.last = now;
    while (this.dues[0] && this.dues[0].upto <= shown) this.dues.shift();
    let most = 0;
    for (const due of this.dues) {
      const left = due.at - now;
      const share = left <= since ? 1 : since / left;
      most = Math.max(most, Math.ceil((due.upto - shown) * share));
    }
    return most;
  }

  private note(now: number, length: number): void {
    this.known = length;
    const gap = now - this.arrived;
    const known = gap < 1000;
    if (known) this.gap += 0.3 * (gap - this.gap);
    this.arrived = now;
    // Pauses grow at first: the last one tells more than those before it.
    const next = known ? Math.max(this.gap, gap) : this.gap;
    this.dues.push({ upto: length, at: now + Math.min(Math.max(next, 33), BEHIND) });
  }
}

/** A frame that took longer than this, layout and painting included, had too much to draw, in ms. */
const LONG = 40;
const LEAST = 2000;
const MOST = 24_000;

/** How much text to draw in one frame where there is much: as much as the page can bear. */
export class FrameBudget {
  private size = 2 * LEAST;
  private last: number | null = null;

  /** The size of the next frame's, at `now`. */
  next(now: number): number {
    if (this.last !== null) {
      const size = this.size * (now - this.last > LONG ? 0.6 : 1.5);
      this.size = Math.floor(Math.min(Math.max(size, LEAST), MOST));
    }
    this.last = null;
    return this.size;
  }

  /** The frame at `now` was full, and the next one comes at once. */
  full(now: number): void {
    this.last = now;
  }
}
