/** No text makes the engine loop or read it over and over: work is counted, and time only against a freeze. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../src/markdown/parser.ts";
import { MarkdownStream } from "../src/markdown/index.ts";
import { LONG, SNIPPETS } from "./markdown_corpus.ts";
import { html, pieces, random, soup, stream } from "./markdown_page.ts";

/** Counts the steps of all streams, and the characters read in them; a render that takes too many steps fails. */
const work = { steps: 0, read: 0 };
const MOST_STEPS = 2000;
const engine = MarkdownStream.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
for (const name of ["step", "takeGiant", "growCode"]) {
  const original = engine[name] as (...args: unknown[]) => unknown;
  engine[name] = function (this: unknown, ...args: unknown[]) {
    assert.ok(++work.steps < MOST_STEPS, `${name} goes on and on`);
    if (typeof args[0] === "string") work.read += args[0].length;
    return original.apply(this, args);
  };
}

function grow(text: string, next: () => number, longest: number): void {
  const grown = stream();
  for (const piece of pieces(text, next, longest)) {
    work.steps = 0;
    grown.append(piece);
    grown.render();
  }
  work.steps = 0;
  grown.finish();
}

test("every render ends", () => {
  for (const text of [...Object.values(SNIPPETS), ...Object.values(LONG)]) grow(text, random(text.length), text.length > 5000 ? 2000 : 12);
  for (let seed = 1000; seed < 1060; seed++) {
    const next = random(seed);
    grow(soup(next, 600), next, 40);
  }
});

test("what thinking text, a table, a paragraph and a fence are drawn in ends, a character at a time", () => {
  const paragraph = "Lorem **ipsum** dolor `sit` amet.\n\n";
  grow(`| a | b |\n|---|---|\n| 1 | 2 |\n\n${paragraph}\`\`\`\ncode\n\`\`\`\n${paragraph}`, () => 0, 1);
});

test("a long text that grows is not read again from its beginning", () => {
  const kinds: [name: string, most: number][] = [
    ["list", 8], ["looseList", 8], ["table", 8], ["bareTable", 8], ["fence", 2], ["quote", 8], ["blocks", 4], ["oneLine", 20],
  ];
  for (const [name, most] of kinds) {
    const text = LONG[name] as string;
    work.read = 0;
    grow(text, () => 0.999, 500);
    assert.ok(work.read < text.length * most, `${name}: ${(work.read / text.length).toFixed(1)} times its length`);
  }
});

/** Milliseconds of the processor, so that a busy machine changes nothing. */
function spent(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Openings that all look for an end that never comes, or for the same one. */
const OPENINGS = ["<\n\\[\n", "\\[\n", "$$~~~\n", "> \\[\n", "- $$\n", "\\\\[ \\[\n", "<\n\\begin{align}\n", "a $$\nb\n===\n", "```` $$\n", "[a][b", "`a``"];
for (const unit of OPENINGS) {
  test(`thousands of openings are read in one go: ${JSON.stringify(unit)}`, () => {
    const text = unit.repeat(20_000 / unit.length);
    for (const end of ["", "\\]", "$$", "\\end{align}"]) {
      const took = spent(() => parse(text + end, { references: {}, unfinished: true }).inline());
      assert.ok(took < 2000, `${took} ms`);
    }
  });
}

test("what thousands of openings are read as is what each alone is read as", () => {
  const text = `${"- a \\[\n  b\n".repeat(50)}\n\n${"> \\[\n> x\n".repeat(5)}> \\]\n\n\\[ a\n\\[ b\n\\] c`;
  const grown = stream();
  grown.append(text);
  grown.finish();
  assert.equal(grown.root.querySelectorAll("li").length, 50);
  assert.equal(grown.root.querySelectorAll(".jstream-maths").length, 2);
  assert.match(html(grown), /<p>\[ a\n<span class="jstream-maths jstream-display"><code>b<\/code><\/span> c<\/p>$/);
});
