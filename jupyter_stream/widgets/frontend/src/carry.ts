/**
 * What is carried over from a view to the Markdown that takes its place, which shows the same in other nodes: what the
 * reader has marked, where the focus is, the colours of code, and thoughts with their look, their time and their state.
 */

import { h, say } from "./dom.ts";

// ------------------------------------------------------------------ the selection

type Point = [node: Node, offset: number];

/** The ends of a selection, and whether it runs forward. */
export interface Marked {
  anchor: Point;
  focus: Point;
  forward: boolean;
}

/** What is marked in `root`, in part at least; null where nothing is. */
export function markedIn(root: Node): Marked | null {
  const selection = getSelection();
  if (!selection?.anchorNode || !selection.focusNode || selection.isCollapsed) return null;
  if (!selection.getRangeAt(0).intersectsNode(root)) return null;
  const anchor: Point = [selection.anchorNode, selection.anchorOffset];
  const focus: Point = [selection.focusNode, selection.focusOffset];
  return { anchor, focus, forward: isBefore(anchor, focus) };
}

/** Marks the same again. */
export function mark(marked: Omit<Marked, "forward"> | null): void {
  if (marked) getSelection()?.setBaseAndExtent(...marked.anchor, ...marked.focus);
}

/** Marks in `to` what is `marked` in `from`, where its text is the same; ends elsewhere stay where they are. */
export function carrySelection(marked: Marked | null, from: Node, to: Node): void {
  if (!marked) return;
  const texts = { from: new Letters(from), to: new Letters(to) };
  const move = (point: Point, opens: boolean) => (from.contains(point[0]) ? moved(point, texts, opens) : point);
  const anchor = move(marked.anchor, marked.forward);
  const focus = move(marked.focus, !marked.forward);
  if (anchor && focus) mark({ anchor, focus });
}

function isBefore([node, offset]: Point, other: Point): boolean {
  const range = document.createRange();
  range.setStart(node, offset);
  return range.comparePoint(...other) >= 0;
}

/** How many letters around an end tell its place: as many as are the same in both. */
const CONTEXTS = [24, 8, 3];

/** Where a point is in the other text: it has the same letters around it, or else on the side that is marked. */
function moved(point: Point, { from, to }: { from: Letters; to: Letters }, opens: boolean): Point | null {
  const at = from.before(point);
  for (const size of CONTEXTS) {
    const back = from.text.slice(Math.max(at - size, 0), at);
    const next = from.text.slice(at, at + size);
    for (const [before, after] of [[back, next], opens ? ["", next] : [back, ""]] as const) {
      const part = before + after;
      const place = part ? nth(to.text, part, count(from.text, part, at - before.length)) : -1;
      if (place >= 0) return to.point(place + before.length, opens);
    }
  }
  return null;
}

/** How many times `part` stands in `text` before `end`. */
function count(text: string, part: string, end: number): number {
  let found = 0;
  for (let at = text.indexOf(part); at >= 0 && at < end; at = text.indexOf(part, at + 1)) found += 1;
  return found;
}

/** Where `part` stands in `text` after standing there `times` times; -1 where it does not. */
function nth(text: string, part: string, times: number): number {
  let at = text.indexOf(part);
  for (let left = times; left > 0 && at >= 0; left -= 1) at = text.indexOf(part, at + 1);
  return at;
}

const SPACE = /\s+/g;
/** What is no part of the answer. */
const BESIDE = ".jps-footer, .jps-left, button";

/** The letters of an answer in their order, white space left out: it is where two renderings of one text differ. */
class Letters {
  readonly text: string;
  private readonly nodes: { node: Text; from: number }[] = [];

  constructor(root: Node) {
    const walker = document.createTreeWalker(root, 4 /* NodeFilter.SHOW_TEXT */);
    const pieces: string[] = [];
    let from = 0;
    while (walker.nextNode()) {
      const node = walker.currentNode as Text;
      if (node.parentElement?.closest(BESIDE)) continue;
      const piece = node.data.replace(SPACE, "");
      this.nodes.push({ node, from });
      pieces.push(piece);
      from += piece.length;
    }
    this.text = pieces.join("");
  }

  /** How many letters come before a point. */
  before([node, offset]: Point): number {
    const own = this.nodes.find((one) => one.node === node);
    if (own) return own.from + own.node.data.slice(0, offset).replace(SPACE, "").length;
    const after = this.nodes.find((one) => !isBefore([one.node, 0], [node, offset]) || one.node === node.childNodes[offset]);
    return after?.from ?? this.text.length;
  }

  /** The point before letter `at` or, where it does not open what is marked, after the letter before that. */
  point(at: number, opens: boolean): Point | null {
    const letter = opens ? at : at - 1;
    const found = this.nodes.filter(({ from }) => from <= letter).at(-1);
    if (!found) return null;
    const places = [...found.node.data.matchAll(/\S/g)].map(({ index = 0 }) => index);
    const place = places[letter - found.from];
    return place === undefined ? null : [found.node, opens ? place : place + 1];
  }
}

// ------------------------------------------------------------------ the focus

/** What can have the focus in both. */
const REACHED = ["a[href]", "summary", "pre > .jps-copy"];

/** Puts the focus, which `held` had in `from`, on the same thing in `to`, or else on `to` itself. */
export function carryFocus(held: Element, from: Element, to: HTMLElement, copy: HTMLElement | undefined): void {
  const same = held.matches(".jps-footer > .jps-copy") ? copy : sameIn(held, from, to);
  if (same) same.focus({ preventScroll: true });
  else focusOn(Object.assign(to, { role: "group", ariaLabel: "Answer" }));
}

/** Puts the focus on something that is no control. */
export function focusOn(node: HTMLElement): void {
  if (!node.hasAttribute("tabindex")) node.tabIndex = -1;
  node.focus({ preventScroll: true });
}

/** Of each kind those with the same text are counted: Lab gives headings links of its own. */
function sameIn(held: Element, from: Element, to: Element): HTMLElement | undefined {
  const kind = REACHED.find((one) => held.matches(one));
  if (!kind) return undefined;
  const alike = (root: Element) =>
    [...root.querySelectorAll<HTMLElement>(kind)].filter((one) => one.textContent === held.textContent);
  return alike(to)[alike(from).findIndex((one) => one === held)];
}

// ------------------------------------------------------------------ code and thoughts

/** Gives the code in `to` the colours that it has in `from`, and its button by `button`. */
export function carryCode(from: Element, to: Element, button: (pre: HTMLElement) => void): void {
  const known = new Map([...from.querySelectorAll("pre > code")].map((code) => [code.textContent?.trimEnd(), code]));
  for (const code of to.querySelectorAll("pre > code")) {
    const same = known.get(code.textContent?.trimEnd());
    if (!same) continue;
    if (same.childElementCount) code.replaceChildren(...[...same.childNodes].map((node) => node.cloneNode(true)));
    if (same.parentElement?.querySelector(".jps-copy")) button(code.parentElement as HTMLElement);
  }
}

/** A thought as the view showed it at its end. */
export interface Thought {
  label: string;
  /** Whether the reader has opened it. */
  opened: boolean;
}

/** Makes the thoughts in `to` look as in the view. The notebook says 'Thinking', since a time differs with each run. */
export function carryThoughts(thoughts: readonly Thought[], to: Element): void {
  const found = [...to.querySelectorAll<HTMLDetailsElement>("details")];
  if (found.length !== thoughts.length) return;
  for (const [index, { label, opened }] of thoughts.entries()) {
    const details = found[index] as HTMLDetailsElement;
    const summary = details.querySelector("summary");
    if (!summary) continue;
    say(summary, label);
    details.classList.add("jps-thinking");
    details.append(h("div", { class: "jps-thought" }, ...[...details.childNodes].filter((node) => node !== summary)));
    if (opened) details.open = true;
  }
}
