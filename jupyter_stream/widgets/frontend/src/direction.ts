/**
 * Which way a text runs, as `dir=auto` has it: as its first letter does.
 *
 * Not left to the browser, which looks for that letter anew at each node that comes or goes: with 80,000 signs before it
 * 5,000 nodes take Chromium 1.2 s so, and 6 ms without.
 */

const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The direction of a text; null while nothing in it says which. */
export function directionOf(text: string): "ltr" | "rtl" | null {
  const letter = LETTER.exec(text)?.[0];
  return letter ? (RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr") : null;
}
