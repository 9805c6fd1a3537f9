/**
 * Saying what goes on to those who cannot see it. A live region of the page's own, since one that goes with an output
 * is gone before it is read: an error clears the output, and the final Markdown takes its place.
 */

import type { Clock } from "./clock.ts";
import { h } from "./dom.ts";

/** How long what was said stays in the page, in ms. */
const STAYS = 10_000;

// Where an output is a page or a tree of its own, the style sheet is not here.
const UNSEEN = "position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap";

let region: HTMLElement | null = null;

/** The region. It has to be in the page for a while before the first words are. */
export function voice(): HTMLElement {
  region ??= h("div", { class: "jps-voice", role: "log", "aria-live": "polite", "aria-label": "Answers", style: UNSEEN });
  if (!region.isConnected) document.body.append(region);
  return region;
}

/** Says `words`, when the reader of the screen is next silent. */
export function speak(words: string, clock: Clock): void {
  const line = h("p", {}, words);
  voice().append(line);
  clock.after(STAYS, () => line.remove());
}
