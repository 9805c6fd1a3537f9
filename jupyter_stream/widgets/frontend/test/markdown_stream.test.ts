/** Markdown that grows: whatever the pieces, the nodes at the end are the same, and what is final is not touched again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { highlight } from "../src/highlight.ts";
import { MarkdownStream, type Tools } from "../src/markdown/index.ts";
import { maths } from "../src/maths.ts";
import { LONG, SNIPPETS } from "./markdown_corpus.ts";

const { window } = new JSDOM("<!doctype html><body></body>");
Object.assign(globalThis, { document: window.document, Node: window.Node });

function stream(tools: Tools = {}): MarkdownStream {
  return new MarkdownStream(window.document.createElement("div"), tools);
}

function html({ root }: MarkdownStream): string {
  root.normalize();
  return root.innerHTML;
}

function atOnce(text: string, tools: Tools = {}): string {
  const whole = stream(tools);
  whole.append(text);
  whole.finish();
  return html(whole);
}

/** A random number generator with a seed (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The text as a stream that gets it at once keeps it: what controls a screen is made visible. */
function whole(text: string): string {
  const one = stream();
  one.append(text);
  one.finish();
  return one.text;
}

function* pieces(text: string, next: () => number, longest: number): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const size = 1 + Math.floor(next() * longest);
    yield text.slice(at, at + size);
    at += size;
  }
}

for (const [name, text] of Object.entries(SNIPPETS)) {
  test(`${name}: any pieces give the same as the whole`, () => {
    const wanted = atOnce(text);
    for (const [seed, longest] of [1, 2, 3, 8, 40].entries()) {
      const grown = stream();
      for (const piece of pieces(text, random(seed + text.length), longest)) {
        grown.append(piece);
        grown.render();
      }
      grown.finish();
      assert.equal(html(grown), wanted);
      assert.equal(grown.text, whole(text));
    }
  });
}

for (const [name, text] of Object.entries(LONG)) {
  test(`${name}, which is long: any pieces give the same as the whole`, () => {
    const grown = stream();
    for (const piece of pieces(text, random(7), 1500)) {
      grown.append(piece);
      grown.render();
    }
    grown.finish();
    assert.equal(html(grown), atOnce(text));
  });
}

test("final blocks keep their nodes, and their text is not read again", () => {
  const grown = stream();
  const text = "# A title\n\nSome *text*.\n\n- one\n- two\n\n```\ncode\n```\n\n";
  grown.append(text);
  grown.render();
  const nodes = [...grown.root.children];
  for (let n = 0; n < 50; n++) {
    grown.append(`Word${n} and `);
    grown.render();
  }
  grown.finish();
  assert.deepEqual([...grown.root.children].slice(0, nodes.length), nodes);
});

test("a text that grows keeps its nodes, so that a selection in it survives", () => {
  const grown = stream();
  grown.append("Some **bold** words");
  grown.render();
  const [paragraph] = [...grown.root.children];
  const bold = paragraph?.querySelector("strong")?.firstChild;
  grown.append(" and more");
  grown.render();
  assert.equal(grown.root.firstChild, paragraph);
  assert.equal(paragraph?.querySelector("strong")?.firstChild, bold);
});

const HALF: [string, RegExp, RegExp][] = [
  ["Some **bold wor", /<strong>bold wor<\/strong>/, /\*/],
  ["Some *it", /<em>it<\/em>/, /\*/],
  ["Some **", /Some/, /\*/],
  ["A [link](https://exam", /A.*link/, /\[|\(|http/],
  ["A [li", /A.*li/, /\[/],
  ["Code `x = 1", /<code>x = 1<\/code>/, /`/],
  ["```python\nx = 1", /<code[^>]*>x = 1/, /`/],
  ["Text\n\n``", /Text/, /`/],
  ["Text\n\n- ", /Text/, /-/],
  ["Text\n-", /Text/, /-/],
  ["Text\n\n#", /Text/, /#/],
  ["| a | b |\n", /^$/, /\|/],
  ["| a | b |\n| - | - |\n| 1 |", /<td>1<\/td>/, /\|/],
  ["The area \\(a^2", /a\^2/, /\\\(/],
];
for (const [text, shown, raw] of HALF) {
  test(`what is half there is not shown raw: ${JSON.stringify(text)}`, () => {
    const grown = stream();
    for (const char of text) {
      grown.append(char);
      grown.render();
    }
    assert.match(html(grown), shown);
    assert.doesNotMatch(grown.root.textContent ?? "", raw);
  });
}

test("at the end the text is shown as it is", () => {
  assert.match(atOnce("Some **bold wor"), /Some \*\*bold wor/);
  assert.match(atOnce("| a | b |\n"), /\| a \| b \|/);
});

const MATHS: [string, number][] = [
  ["It costs $5 and then $10.", 0],
  ["$5 and $10", 0],
  ["Here $x^2$ is.", 1],
  ["Here \\(x^2\\) is and \\[y\\]", 2],
  ["$$\n\\int x\n$$", 1],
  ["`$x^2$` in code", 0],
  ["```\n$x^2$\n```", 0],
  ["\\$x^2$ escaped", 0],
  ["$\\href{javascript:alert(1)}{x}$", 0],
];
for (const [text, count] of MATHS) {
  test(`${count} formulas: ${JSON.stringify(text)}`, () => {
    let found = 0;
    atOnce(text, {
      maths: (tex) => {
        found++;
        return window.document.createTextNode(tex);
      },
    });
    assert.equal(found, count);
  });
}

test("what comes later is upgraded in place", async () => {
  const needed: string[] = [];
  const tools: Tools = { need: (asset) => needed.push(asset) };
  const grown = stream(tools);
  grown.append("```python\nprint('x')\n```\n\n$x^2$ and more\n");
  grown.finish();
  assert.deepEqual(needed.sort(), ["highlight", "maths"]);
  const pre = grown.root.querySelector("pre");
  Object.assign(tools, { highlight, maths });
  grown.upgrade();
  assert.equal(grown.root.querySelector("pre"), pre);
  assert.equal(pre?.textContent, "print('x')\n");
  assert.ok(pre?.querySelector("span"), "the code is coloured");
  // What takes long goes on in the turns that follow.
  while (!grown.root.querySelector("math")) await new Promise((go) => setTimeout(go, 1));
});

test("colours change no character", () => {
  const code = "def f(x):\n    return f'{x}' # <b>&amp;</b>\n";
  for (const language of ["python", "javascript", "html", "json", "nonsense"]) {
    const nodes = highlight(code, language);
    if (language === "nonsense") assert.equal(nodes, null);
    else assert.equal(nodes?.map((node) => node.textContent).join(""), code);
  }
});
