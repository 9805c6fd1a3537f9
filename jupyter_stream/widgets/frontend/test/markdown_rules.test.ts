/** Rules of CommonMark and GFM, one text each, read at once and a character at a time; and which addresses are links. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { addresses, encoded, imageIs } from "../src/markdown/links.ts";
import type { Tools } from "../src/markdown/tools.ts";
import { html, stream, window } from "./markdown_page.ts";

const LINK = 'target="_blank" rel="noopener noreferrer nofollow"';

const RULES: [rule: string, text: string, shown: string][] = [
  ["one or two tildes strike, as many on both sides (GFM 6.5)", "~a~ ~~b~~ ~~c~ d ~~~e~~~", "<p><del>a</del> <del>b</del> ~~c~ d ~~~e~~~</p>"],
  ["links contain no links (6.3)", "[https://a.b](https://c.d)", `<p><a href="https://c.d" ${LINK}>https://a.b</a></p>`],
  ["indented code interrupts no paragraph (4.4)", "a\n    - b", "<p>a\n- b</p>"],
  ["a lazy line continues a quotation's paragraph (5.1)", "> a\nb", "<blockquote><p>a\nb</p></blockquote>"],
  ["a fence ends with one as long as it (4.5)", "````\n```\nx\n````\ny", "<pre><code>```\nx\n</code></pre><p>y</p>"],
  ["an indented fence takes its columns off (4.5)", "  ```\n    a\n b\n  ```", "<pre><code>  a\nb\n</code></pre>"],
  ["of two definitions the first counts (4.7)", "[a]\n\nx\n\n[a]: https://one.x\n\ny\n\n[a]: https://two.x\n\nz\n", `<p><a href="https://one.x" ${LINK}>a</a></p><p>x</p><p>y</p><p>z</p>`],
  ["a list is loose with a blank line between its items (5.3)", "- a\n\n- b\n", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"],
  ["a list is as tight as its own blocks (5.3)", "- a\n  - b\n\n    c\n- d\n", "<ul><li>a<ul><li><p>b</p><p>c</p></li></ul></li><li>d</li></ul>"],
  ["an escaped backtick opens no code (2.4)", "\\`a` b`", "<p>`a<code> b</code></p>"],
  ["code spans take precedence over emphasis (6.1)", "*a `b*`", "<p>*a <code>b*</code></p>"],
];
for (const [rule, text, shown] of RULES) {
  test(rule, () => {
    const whole = stream();
    whole.append(text);
    whole.finish();
    assert.equal(html(whole), shown);
    const grown = stream();
    for (const char of text) {
      grown.append(char);
      grown.render();
    }
    grown.finish();
    assert.equal(html(grown), shown);
  });
}

const TABLE = "<table><thead><tr><th>a</th><th>b</th></tr></thead></table>";
const CUT: [text: string, shown: string][] = [
  ["| a | b |\n| --", TABLE],
  ["| a | b |\n|", TABLE],
  ["| a | b |\n", TABLE],
  ["So:\n| a | b", `<p>So:</p>${TABLE}`],
  ["> | a | b |\n> | -", `<blockquote>${TABLE}</blockquote>`],
  ["So:\n\n|", "<p>So:</p>"],
  ["|---|---|", "<p>|---|---|</p>"],
  ["|x| = 3", "<p>|x| = 3</p>"],
  ["```\n| a | b |", "<pre><code>| a | b |</code></pre>"],
  ["```\nx\n```\n\n| a | b |", `<pre><code>x\n</code></pre>${TABLE}`],
  ["---\n| a | b |", `<hr>${TABLE}`],
];
for (const [text, shown] of CUT) {
  test(`a table that is cut in its heading is one at the end, what is none is not: ${JSON.stringify(text)}`, () => {
    const grown = stream();
    for (const char of text) {
      grown.append(char);
      grown.render();
    }
    grown.finish();
    assert.equal(html(grown), shown);
  });
}

const FOUND: [text: string, links: string[]][] = [
  ["See https://a.b/c?d=e&f=g, and", ["https://a.b/c?d=e&f=g"]],
  ["(https://h.i/j_(k)).", ["https://h.i/j_(k)"]],
  ["https://a.b/c))", ["https://a.b/c"]],
  ["https://a.b/x&copy;", ["https://a.b/x"]],
  ["https://a.b/x;", ["https://a.b/x;"]],
  ["https://a.b/x_*", ["https://a.b/x"]],
  ["www. www.a https://", ["http://www.a"]],
  ["xhttps://a.b", []],
  ["a@b.cd", ["mailto:a@b.cd"]],
  ["a@b.cd@e.fg", ["mailto:a@b.cd"]],
  ["a@b.cd- a@b.cd_ a@b", []],
  ["https://a.b/%20é", ["https://a.b/%20%C3%A9"]],
];
for (const [text, links] of FOUND) {
  test(`the addresses in ${JSON.stringify(text)} (GFM 6.9)`, () => assert.deepEqual(addresses(text).map(({ address }) => address), links));
}

test("an address that cannot be written is none", () => assert.equal(encoded("https://a.b/\ud800"), ""));

test("pictures are shown, what is on the web is a link unless it may load, all else is its description", () => {
  const addresses = ["data:image/png;base64,AA", "data:image/svg+xml;base64,AA", "attachment:a.png", "https://a.b/c.png", "javascript:x"];
  assert.deepEqual(addresses.map((address) => imageIs(address, false)), ["image", "text", "image", "link", "text"]);
  assert.deepEqual(addresses.map((address) => imageIs(address, true)), ["image", "text", "image", "image", "text"]);
});

test("a picture of the web loads late and says not where from", () => {
  const grown = stream({ images: true });
  grown.append("![a](https://b.c/d.png)");
  grown.finish();
  const image = grown.root.querySelector("img");
  assert.deepEqual([image?.getAttribute("loading"), image?.getAttribute("referrerpolicy")], ["lazy", "no-referrer"]);
});

/** A stream whose formulas become <b>, and those that have been asked for. */
function typeset(): { grown: ReturnType<typeof stream>; asked: [string, boolean][] } {
  const asked: [string, boolean][] = [];
  const maths: Tools["maths"] = (tex, display) => {
    asked.push([tex, display]);
    const node = window.document.createElement("b");
    node.textContent = tex;
    return node;
  };
  return { grown: stream({ maths }), asked };
}

test("a formula is typeset when it is whole, not before, and once", () => {
  const { grown, asked } = typeset();
  for (const piece of ["\\(x^2", " + y", "\\)", " and", " more"]) {
    grown.append(piece);
    grown.render();
    assert.equal(asked.length, piece === "\\(x^2" || piece === " + y" ? 0 : 1);
  }
  assert.equal(grown.root.querySelectorAll("b").length, 1);
});

test("code that is coloured keeps the nodes that are equal", () => {
  const highlight: Tools["highlight"] = (code) =>
    code.split(/(?<=\n)/).map((line) => {
      const node = window.document.createElement("i");
      node.textContent = line;
      return node;
    });
  const grown = stream({ highlight });
  grown.append("```js\na\n");
  grown.render();
  const first = grown.root.querySelector("i");
  grown.append("b\n");
  grown.render();
  assert.equal(grown.root.querySelectorAll("i").length, 2);
  assert.equal(grown.root.querySelector("i"), first);
});

test("colours that are of another text than the code are not shown", () => {
  const grown = stream({ highlight: () => [window.document.createTextNode("other")] });
  grown.append("```js\na\n```");
  grown.finish();
  assert.equal(grown.root.textContent, "a\n");
});

test("an asset is asked for once, however often it is of use", () => {
  const needed: string[] = [];
  const grown = stream({ need: (asset) => needed.push(asset) });
  grown.append("$x^2$ and $y^2$ and\n\n```js\na\n```\n\n```js\nb\n```\n");
  grown.finish();
  assert.deepEqual(needed.sort(), ["highlight", "maths"]);
});
