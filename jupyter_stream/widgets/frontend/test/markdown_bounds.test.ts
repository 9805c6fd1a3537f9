/** Bounds that no text of a person meets: how deep things nest, and how much is done in one turn of the page. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { HandClock } from "./hand_clock.ts";
import { stream, window } from "./markdown_page.ts";

function shown(text: string): HTMLElement {
  const grown = stream();
  grown.append(text);
  grown.finish();
  return grown.root;
}

/** How many elements are around the innermost one. */
function depth(root: Element): number {
  let deepest = 0;
  for (const node of root.querySelectorAll("*")) {
    let level = 0;
    for (let at: Element | null = node; at && at !== root; at = at.parentElement) level++;
    deepest = Math.max(deepest, level);
  }
  return deepest;
}

test("no line is in more than 20 containers; what is further in is text", () => {
  for (const [mark, tag] of [[">", "blockquote"], ["- ", "ul"], ["1. ", "ol"]] as const) {
    const root = shown(`${mark.repeat(19)}x`);
    assert.equal(root.querySelectorAll(tag).length, 19, mark);
    const deep = shown(`${mark.repeat(30)}x`);
    assert.equal(deep.querySelectorAll(tag).length, 20, mark);
    assert.equal(deep.textContent?.replace(/[^x]/g, ""), "x");
  }
  assert.equal(shown(`${"> - ".repeat(30)}x`).querySelectorAll("blockquote, ul").length, 20);
});

test("one block beside another is as deep in as it was", () => {
  const root = shown(`${">".repeat(15)} a\n\n`.repeat(5));
  assert.equal(root.querySelectorAll("blockquote").length, 75);
});

test("emphasis is shown 100 deep; further in its words are", () => {
  const nested = (times: number) => `${"**a ".repeat(times)}x${" b**".repeat(times)}`;
  assert.equal(depth(shown(nested(99))), 100);
  const deep = shown(nested(150));
  assert.equal(depth(deep), 101);
  assert.equal(deep.textContent, `${"a ".repeat(150)}x${" b".repeat(150)}`);
});

/** A stream whose tool takes 3 ms for a block of code, and in how many of ten blocks it has worked. */
function slow(): { clock: HandClock; coloured: () => number; grown: ReturnType<typeof stream> } {
  const clock = new HandClock();
  const highlight = (code: string) => {
    clock.pass(3);
    const span = window.document.createElement("span");
    span.textContent = code;
    return [span];
  };
  const grown = stream({ highlight }, clock);
  grown.append("```js\nx\n```\n\n".repeat(10));
  return { clock, grown, coloured: () => grown.root.querySelectorAll("span").length };
}

test("a turn of the page colours what 5 ms are enough for, the turns that follow the rest", () => {
  const { clock, grown, coloured } = slow();
  grown.finish();
  assert.equal(coloured(), 2);
  const counts = [];
  while (clock.rest()) counts.push(coloured());
  assert.deepEqual(counts, [4, 6, 8, 10]);
});

test("what is not in the page any more is not coloured", () => {
  const { clock, grown, coloured } = slow();
  grown.finish();
  grown.set("other words");
  grown.finish();
  assert.equal(clock.rest(), true);
  assert.equal(clock.time, 6, "the two that were done before");
  assert.equal(coloured(), 0);
  assert.equal(clock.rest(), false);
});
