/** Time: the clock that everything on a page is given, so that tests move it by hand, and times as they are read. */

/** How often to look while nobody can see the page, in ms. */
const HIDDEN = 250;

/** Calls off what was asked for; does nothing once it has happened. */
export type Cancel = () => void;

/** The time in ms from some moment on, and calls at a later one. */
export interface Clock {
  now(): number;
  after(ms: number, run: () => void): Cancel;
  /** With the next frame of the screen. */
  frame(run: () => void): Cancel;
  /** When the page has nothing else to do, within a moment in any case. */
  idle(run: () => void): void;
}

export const pageClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  frame(run) {
    if (document.hidden) return this.after(HIDDEN, run); // a page out of sight gets no frames
    const frame = requestAnimationFrame(run);
    return () => cancelAnimationFrame(frame);
  },
  idle(run) {
    if (typeof requestIdleCallback === "function") requestIdleCallback(run, { timeout: 200 });
    else this.after(0, run); // Safari
  },
};

/** A length of time that is over, to the second: '3 s', '2 min 5 s'. */
export function span(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A time that runs: tenths of a second at first, '0.4 s', then as `span`. */
export function running(ms: number): string {
  return ms < 10_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : span(Math.floor(ms / 1000) * 1000);
}
