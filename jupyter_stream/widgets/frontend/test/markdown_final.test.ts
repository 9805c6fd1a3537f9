/** What is cut off and final: the same as if all of the text had been read at once, and the same nodes to the end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { HandClock } from "./hand_clock.ts";
import { Extras } from "../src/markdown/extras.ts";
import { Lines } from "../src/markdown/lines.ts";
import { parse } from "../src/markdown/parser.ts";
import { patchChildren } from "../src/markdown/patch.ts";
import { visible } from "../src/visible.ts";
import { nodesOf } from "../src/markdown/tree.ts";
import { LONG, SNIPPETS } from "./markdown_corpus.ts";
import { atOnce, html, pieces, random, soup, stream, window } from "./markdown_page.ts";

const CORPUS = Object.entries({ ...SNIPPETS, ...LONG });

/** The text read in one go: no windows, no cuts. */
function uncut(text: string): string {
  const root = window.document.createElement("div");
  const source = visible(text, false);
  const parsed = parse(source, { references: Object.create(null), unfinished: false });
  parsed.inline();
  patchChildren(root, [], nodesOf(parsed.tokens, false, new Lines(source, Infinity), true), new Extras(root, {}, new HandClock()));
  return html({ root });
}

/** The cuts that change what is shown (see markdown/index.ts): a list loose in part, an item of over 64,000 characters. */
const CHANGED = new Set(["mixedList", "bigItem"]);

for (const [name, text] of CORPUS) {
  test(`${name}: cut or not, the same is shown`, () => {
    if (CHANGED.has(name)) assert.notEqual(atOnce(text), uncut(text), "it is not an exception any more");
    else assert.equal(atOnce(text), uncut(text));
  });
}

test("the exceptions keep every word", () => {
  const words = (markup: string): string[] => markup.replace(/<[^>]*>/g, " ").split(/\s+/);
  for (const name of CHANGED) assert.deepEqual(words(atOnce(LONG[name] as string)), words(uncut(LONG[name] as string)));
});

for (const [name, text] of CORPUS) {
  test(`${name}: top-level nodes before the last two are never replaced`, () => {
    const grown = stream();
    let before: Node[] = [];
    const late = /^\s*\[[^\]]+\]:/m.test(text); // a definition makes anew what uses it
    for (const piece of pieces(text, random(text.length), text.length > 5000 ? 700 : 9)) {
      grown.append(piece);
      grown.render();
      const now = [...grown.root.children];
      if (!late) assert.deepEqual(now.slice(0, Math.max(0, before.length - 2)), before.slice(0, -2));
      before = now;
    }
    grown.finish();
    if (!late) assert.deepEqual([...grown.root.children].slice(0, Math.max(0, before.length - 2)), before.slice(0, -2));
  });
}

test("an underline makes a heading, whatever formula follows after it", () => {
  const text = "Title\n===\nText $$\na\n$$ end.\n";
  assert.match(atOnce(text), /^<h1>Title<\/h1><p>Text <span/);
  assert.match(atOnce("a $$\nb\n===\nc $$ d\n"), /^<p>a <span/);
});

test("any text in any pieces ends as the text at once", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const next = random(seed);
    const text = soup(next, 300);
    const grown = stream();
    for (const piece of pieces(text, next, 1 + Math.floor(next() * 30))) {
      grown.append(piece);
      grown.render();
    }
    grown.finish();
    assert.equal(html(grown), atOnce(text), `seed ${seed}: ${JSON.stringify(text)}`);
  }
});
