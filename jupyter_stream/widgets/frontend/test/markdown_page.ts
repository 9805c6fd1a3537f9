/** A document for the tests of the Markdown that grows, and what several of them do with it. */

import { JSDOM } from "jsdom";
import { HandClock } from "./hand_clock.ts";
import { MarkdownStream } from "../src/markdown/index.ts";
import type { Tools } from "../src/markdown/tools.ts";

export const { window } = new JSDOM("<!doctype html><body></body>");
Object.assign(globalThis, { document: window.document, Node: window.Node });

/** A stream on a clock that stands still, unless another is given: no turn of the page is ever over. */
export function stream(tools: Tools = {}, clock = new HandClock()): MarkdownStream {
  return new MarkdownStream(window.document.createElement("div"), tools, clock);
}

/** What is shown, however many text nodes it is in. */
export function html({ root }: { root: HTMLElement }): string {
  const copy = root.cloneNode(true) as HTMLElement;
  copy.normalize();
  return copy.innerHTML;
}

export function atOnce(text: string, tools: Tools = {}): string {
  const whole = stream(tools);
  whole.append(text);
  whole.finish();
  return html(whole);
}

/** Random numbers with a seed (mulberry32). */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The text in random pieces. */
export function* pieces(text: string, next: () => number, longest: number): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const size = 1 + Math.floor(next() * longest);
    yield text.slice(at, at + size);
    at += size;
  }
}

/** Texts out of all that has a meaning in Markdown, in an order that no person would write. */
export function soup(next: () => number, length: number): string {
  const pick = (): string => MARKS[Math.floor(next() * MARKS.length)] as string;
  const some = Array.from({ length: 2 + Math.floor(next() * 10) }, pick);
  let text = "";
  while (text.length < length) text += some[Math.floor(next() * some.length)];
  return text;
}

const MARKS = [
  ..."a|word |*|**|_|~~|`|``|```|- |1. |> |# |$|$$|\\[|\\]|\\(|\\)|[|](|]|![|<|<https://a.b>|https://x.y |&amp;|&|\\|(|)|é|😀|:|{|}|^|5|@a.b |    ".split("|"),
  ..."\n\n,\n,\n```\n,~~~\n,|, | ,|---|\n,| a | b |\n|---|---|\n,\n$$\n,\n\\[\n,\\begin{align},\\end{align},\r,\r\n,\u2028,\t,===\n,---\n,[a]: https://b.c\n,[a],- [ ] ,\u0000".split(","),
];
