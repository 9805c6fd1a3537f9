/**
 * When the kernel replaces a view by the final Markdown, Lab empties the output for some frames, and the page would
 * jump. The place is held for a moment, and the muted last line is left below what comes, as a node of the page that
 * is in no notebook's model, and goes with the output that it belongs to.
 */

import type { Clock } from "./clock.ts";
import { copyButton } from "./copy.ts";
import { h, say } from "./dom.ts";

/** How long the height of the place is held, and thoughts are opened, in ms. */
const HOLD = 1000;
/** How long something may take to come to the place. */
const WAIT = 5000;
/** After this time it is said that the answer is over. */
const VOICE = 100;

/** What stays of a view when its output is replaced. */
export interface Rest {
  footer: string[];
  /** Said to those who cannot see that it is over. */
  words: string;
  /** The Markdown that the model wrote, to be copied; '' where there is none. */
  source: string;
  /** Of each thought, whether the reader has opened it: it stays open. */
  opened: boolean[];
}

/** Prepares for the swap of the output that `root` is in; does nothing outside of a Jupyter output area. */
export function prepare(root: Element, rest: Rest, clock: Clock): void {
  const area = root.closest<HTMLElement>(".jp-OutputArea");
  const child = area && [...area.children].find((one) => one.contains(root));
  if (!area || !child) return;
  keep(area, clock);
  const indent = root.getBoundingClientRect().left - child.getBoundingClientRect().left;
  inherit(area, child, clock, (heir) => {
    leave(heir as HTMLElement, rest, indent, clock);
    if (rest.opened.includes(true)) open(heir, rest.opened, clock);
  });
}

function keep(area: HTMLElement, clock: Clock): void {
  const before = area.style.minHeight;
  const held = `${area.getBoundingClientRect().height}px`;
  area.style.minHeight = held;
  clock.after(HOLD, () => {
    if (area.style.minHeight === held) area.style.minHeight = before;
  });
}

/** Calls `then` with what takes the place of `child`, if something does. */
function inherit(area: Element, child: Element, clock: Clock, then: (heir: Element) => void): void {
  const place = [...area.children].indexOf(child);
  const observer = new MutationObserver((records) => {
    if (child.isConnected) return;
    observer.disconnect();
    const added = new Set(records.flatMap((record) => [...record.addedNodes]));
    const heir = area.children[place];
    // A cleared output has no heir: what is added later is another's.
    if (heir && added.has(heir)) then(heir);
  });
  observer.observe(area, { childList: true });
  clock.after(WAIT, () => observer.disconnect());
}

/** Puts the line below what `heir` shows, in the flow of the page, under the prompt and the output that Lab lays out. */
function leave(heir: HTMLElement, { footer, words, source }: Rest, indent: number, clock: Clock): void {
  const voice = h("span", { class: "jps-hidden", role: "status", "aria-live": "polite" });
  const copy = source ? [copyButton("Copy the answer", () => source, clock)] : [];
  const line = h("div", { class: "jps-left" }, h("span", { class: "jps-footer-text" }, footer.join(" · ")), ...copy, voice);
  line.style.paddingLeft = `${indent}px`;
  heir.append(line);
  heir.classList.add("jps-heir");
  // A reader of screens notices what changes, not what is there from the start.
  clock.after(VOICE, () => say(voice, words));
}

/** Opens the thoughts in `heir`, which are there when its Markdown has been rendered. */
function open(heir: Element, opened: boolean[], clock: Clock): void {
  const look = () => {
    const found = heir.querySelectorAll("details");
    if (found.length < opened.length) return;
    observer.disconnect();
    for (const [index, one] of found.entries()) if (opened[index]) one.open = true;
  };
  const observer = new MutationObserver(look);
  observer.observe(heir, { childList: true, subtree: true });
  clock.after(HOLD, () => observer.disconnect());
  look();
}
