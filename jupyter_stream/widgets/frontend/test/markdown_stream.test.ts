/** Markdown that grows: whatever the pieces, the nodes at the end are the same, and what is final is not touched again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { highlight } from "../src/assets/highlight.ts";
import type { Tools } from "../src/markdown/tools.ts";
import { maths } from "../src/assets/maths.ts";
import { LONG, SNIPPETS } from "./markdown_corpus.ts";
import { atOnce, html, pieces, random, stream } from "./markdown_page.ts";

/** The text as a stream that gets it at once keeps it: what controls a screen is made visible. */
function whole(text: string): string {
  const one = stream();
  one.append(text);
  one.finish();
  return one.text;
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

/** A text that grows; what its last moment shows; what of its marks may at no moment be seen. */
const HALF: [string, RegExp, RegExp][] = [
  ["Some **bold wor", /<strong>bold wor<\/strong>/, /\*/],
  ["Some *it", /<em>it<\/em>/, /\*/],
  ["Some ***both", /<em><strong>both<\/strong><\/em>/, /\*/],
  ["Some **bold *and it", /<strong>bold <em>and it<\/em><\/strong>/, /\*/],
  ["Some ~~gone", /<del>gone<\/del>/, /~/],
  ["Some __bold", /<strong>bold<\/strong>/, /_/],
  ["Some **", /Some/, /\*/],
  ["A [link](https://exam", /A.*link/, /\[|\(|http/],
  ['A [link](https://a.b "ti', /A.*link/, /\[|\(|http|"/],
  ["A [li", /A.*li/, /\[/],
  ["A [**li", /A.*<strong>li<\/strong>/, /\[|\*/],
  ["An ![image](data:image/png;base64,iVBO", /An/, /\[|\(|data/],
  ["An <https://a.b", /An/, /</],
  ["One &am", /One/, /&/],
  ["Code `x = 1", /<code>x = 1<\/code>/, /`/],
  ["Code ``a ` b", /<code>a ` b<\/code>/, /``/],
  ["```python\nx = 1", /<code[^>]*>x = 1/, /`/],
  ["```python\nx = 1\n``", /<code[^>]*>x = 1/, /`/],
  ["- item\n  ```js\n  x", /<code[^>]*>x/, /`/],
  ["Text\n\n``", /Text/, /`/],
  ["Text\n\n- ", /Text/, /-/],
  ["Text\n-", /Text/, /-/],
  ["Text\n=", /Text/, /=$/],
  ["Text\n\n#", /Text/, /#/],
  ["Text\n\n## Title", /<h2>Title<\/h2>/, /#/],
  ["Text\n\n1", /^<p>Text<\/p>$/, /1/],
  ["- [", /^(?:<ul>.*)?$/, /\[/],
  ["- [x] done", /checked.*done/, /\[/],
  ["Text\n\n> ", /^<p>Text<\/p>$/, />/],
  ["[a]: https://b", /^$/, /\[/],
  ["| a | b |\n", /^$/, /\|/],
  ["| a | b |\n|-", /<th>a<\/th><th>b<\/th>/, /\|/],
  ["| a | b |\n| - | - |\n| 1 |", /<td>1<\/td>/, /\|/],
  ["| a |\n| - |\n| **x", /<td><strong>x<\/strong><\/td>/, /\||\*/],
  ["The area \\(a^2", /a\^2/, /\\\(/],
];
for (const [text, shown, raw] of HALF) {
  test(`what is half there is not shown raw: ${JSON.stringify(text)}`, () => {
    const grown = stream();
    for (const char of text) {
      grown.append(char);
      grown.render();
      assert.doesNotMatch(grown.root.textContent ?? "", raw);
    }
    assert.match(html(grown), shown);
  });
}

test("at the end the text is shown as it is", () => {
  assert.match(atOnce("Some **bold wor"), /Some \*\*bold wor/);
  assert.match(atOnce("a | b\n"), /a \| b/);
});

/** These are what the writer meant: nothing is made of them while the text grows. */
for (const text of ["5 * 3", "2*3", "a_b", "~5 and", "x < y", "AT&T and", "a [b] c", "100% #1", "$5 and", "C:\\dir"]) {
  test(`what is no mark is shown while it grows: ${JSON.stringify(text)}`, () => {
    const grown = stream();
    for (const char of text) {
      grown.append(char);
      grown.render();
    }
    assert.equal(html(grown), atOnce(text));
  });
}

test("what comes later is upgraded in place", () => {
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
  assert.ok(grown.root.querySelector("math"), "the formula is typeset");
});

test("colours change no character", () => {
  const code = "def f(x):\n    return f'{x}' # <b>&amp;</b>\n";
  for (const language of ["python", "javascript", "html", "json", "nonsense"]) {
    const nodes = highlight(code, language);
    if (language === "nonsense") assert.equal(nodes, null);
    else assert.equal(nodes?.map((node) => node.textContent).join(""), code);
  }
});
