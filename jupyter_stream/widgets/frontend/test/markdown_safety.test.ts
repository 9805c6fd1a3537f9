/** What a model writes makes nodes of an allow-list, whatever it is; and no text takes for ever. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { maths } from "../src/assets/maths.ts";
import { html, stream } from "./markdown_page.ts";

interface Payload {
  name: string;
  kind: string;
  payload: string;
  payload_python?: string;
  deltas?: string[];
}

const FOLDER = process.env.JUPYTER_STREAM_SHARED ?? resolve(process.cwd(), "../../../../shared");
const CORPUS = join(FOLDER, "conformance", "injection.json");
const absent = existsSync(CORPUS) ? false : `${CORPUS} is not here`;
const payloads: Payload[] = absent ? [] : JSON.parse(readFileSync(CORPUS, "utf8"));

const TAGS = new Set(
  (
    "div span p a em strong del code pre ul ol li blockquote h1 h2 h3 h4 h5 h6 hr br table thead tbody tr th td img " +
    "input button"
  ).split(" "),
);
const NAMES = new Set("class href title src alt start type checked disabled target rel dir style tabindex aria-label referrerpolicy loading".split(" "));

const FORMULA = new Set(
  (
    "math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt mstyle " +
    "msub msubsup msup mtable mtd mtext mtr munder munderover none"
  ).split(" "),
);
/** Of a formula: colours, sizes, rules. Nothing that is fetched, lies over the page or makes text of its own. */
const STYLE =
  /^(?:(?:border[a-z-]*|color|display|font-family|font-weight|height|justify-content|margin-left|math-depth|padding[a-z-]*|text-align|white-space|width): [\w\s.,%#()+-]*;\s?)*$/;

function odd(root: Element): string[] {
  const found: string[] = [];
  for (const node of root.querySelectorAll("*")) {
    if (node.namespaceURI === "http://www.w3.org/1998/Math/MathML") {
      if (!FORMULA.has(node.localName)) found.push(`<${node.localName}>`);
      for (const { name, value } of node.attributes) {
        if (/^on|href|src|^id$|^xmlns|^data|^actiontype$|:/i.test(name)) found.push(`${node.localName} ${name}=${value}`);
        if (name === "style" && !STYLE.test(value)) found.push(`${node.localName} style=${value}`);
        if (name === "class" && !/^(?:[a-z][\w-]*\s?)+$/.test(value)) found.push(`${node.localName} class=${value}`);
      }
      continue;
    }
    if (!TAGS.has(node.localName)) found.push(`<${node.localName}>`);
    for (const { name, value } of node.attributes) {
      if (!NAMES.has(name)) found.push(`${node.localName} ${name}=${value}`);
      if (name === "style" && !/^text-align: (left|right|center);$/.test(value)) found.push(`style=${value}`);
      if (name === "href" && !/^(https?|mailto):/i.test(value)) found.push(`href=${value}`);
      if (name === "href" && node.getAttribute("target") !== "_blank") found.push(`no new tab: ${value}`);
      if (name === "href" && !/noopener noreferrer/.test(node.getAttribute("rel") ?? "")) found.push(`rel of ${value}`);
      if (name === "src" && !/^(data:image\/(png|jpe?g|gif|webp)[;,]|attachment:[\w.-]+$)/i.test(value)) found.push(`src=${value}`);
    }
  }
  return found;
}

const CUTS = /<[/!]?\w?|=["']?|\]\(?|:|&#?|`+|\$+|\\+|--|script|\n/g;

function cut({ payload, deltas }: Payload): string[] {
  if (deltas) return deltas;
  const ends = [...payload.matchAll(CUTS)].map((found) => found.index + found[0].length);
  const at = [0, ends[0] ?? payload.length >> 1, ends[ends.length >> 1] ?? payload.length, ends.at(-1) ?? payload.length];
  const cuts = [...new Set([...at, payload.length])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, index) => payload.slice(cuts[index], end));
}

test("published payloads make harmless nodes at every moment", { skip: absent }, () => {
  const wrong: string[] = [];
  const cases = payloads.filter(({ kind }) => kind !== "pathological");
  for (const one of cases) {
    const grown = stream({ maths });
    for (const piece of cut(one)) {
      grown.append(piece);
      grown.render();
      wrong.push(...odd(grown.root).map((what) => `${one.name}: ${what}`));
    }
    grown.finish();
    wrong.push(...odd(grown.root).map((what) => `${one.name}: ${what}`));
  }
  assert.ok(cases.length > 1300);
  assert.deepEqual(wrong, []);
});

test("remote images load only where the reader allows it", () => {
  for (const images of [false, true]) {
    const grown = stream({ images });
    grown.append("![a picture](https://example.org/a.png) and ![in it](data:image/png;base64,iVBORw0KGgo=)");
    grown.finish();
    const sources = [...grown.root.querySelectorAll("img")].map((image) => image.getAttribute("src"));
    assert.deepEqual(sources.includes("https://example.org/a.png"), images);
    assert.ok(sources.includes("data:image/png;base64,iVBORw0KGgo="));
    assert.equal(grown.root.querySelector("a")?.getAttribute("href") ?? null, images ? null : "https://example.org/a.png");
  }
});

test("what is in a formula cannot reach out of it", () => {
  const bodies = [
    "\\href{javascript:alert(1)}{x}", "\\url{https://a.b}", "\\class{x}{y}", "\\htmlId{x}{y}", "\\htmlStyle{position:fixed}{y}",
    "\\style{position:fixed}{y}", "\\includegraphics{https://a.b/c.png}", "\\color{red}{x}", "\\color{url(https://a.b)}{x}",
    "\\textcolor{#fff;position:fixed}{x}", "\\colorbox{red}{x}", "\\fcolorbox{red}{blue}{x}", "\\raisebox{9999em}{x}",
    "\\text{<img src=x onerror=alert(1)>}", "\\hspace{99999em}x", "\\large x", "\\boxed{x}", "\\cancel{x}", "\\tag{<b>}x",
    "\\begin{array}{|c|}x\\end{array}", "\\ref{x}", "\\eqref{x}", "\\label{x}y", "\\mathchoice{a}{b}{c}{d}", "\\char\"3C",
  ];
  let typeset = 0;
  for (const body of bodies) {
    const grown = stream({ maths });
    grown.append(`$$${body}$$ and $${body}$`);
    grown.finish();
    typeset += grown.root.querySelectorAll("math").length;
    assert.deepEqual(odd(grown.root), [], body);
  }
  assert.ok(typeset > 10, `${typeset} formulas`);
});

const ADDRESSES: [text: string, href: string | null][] = [
  ["[a](https://b.c)", "https://b.c"],
  ["[a](HTTP://b.c)", "HTTP://b.c"],
  ["[a](mailto:b@c.d)", "mailto:b@c.d"],
  ["<https://b.c>", "https://b.c"],
  ["https://b.c", "https://b.c"],
  ["www.b.cd", "http://www.b.cd"],
  ["b@c.de", "mailto:b@c.de"],
  ["[a][b]\n\n[b]: https://b.c", "https://b.c"],
  ...[
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "&#106;avascript:alert(1)", "java&Tab;script:alert(1)",
    "\u0001javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://a.b", "blob:x", "//a.b", "/a", "a", "#a", "?a", "",
  ].flatMap((address): [string, null][] => [[`[a](<${address}>)`, null], [`[a](${address})`, null], [`[a][b]\n\n[b]: <${address}>`, null]]),
  ["<javascript:alert(1)>", null],
];
for (const [text, href] of ADDRESSES) {
  test(`a link goes ${href ? `to ${href}` : "nowhere"}: ${JSON.stringify(text)}`, () => {
    const grown = stream();
    grown.append(text);
    grown.finish();
    assert.equal(grown.root.querySelector("a")?.getAttribute("href") ?? null, href);
    assert.deepEqual(odd(grown.root), []);
    assert.ok(grown.root.textContent?.trim(), "its words are shown");
  });
}

test("HTML is shown as it was written", () => {
  for (const text of ["<b>x</b>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- x -->", "<?x?>", "<!DOCTYPE x>"]) {
    const grown = stream();
    for (const char of text) {
      grown.append(char);
      grown.render();
      assert.ok(text.startsWith(grown.root.textContent ?? ""), `${text}: ${html(grown)}`);
    }
    grown.finish();
    assert.equal(grown.root.textContent, text);
    assert.deepEqual([...grown.root.querySelectorAll("*")].map((node) => node.localName), ["p"]);
  }
});

/** The list of 2,000 items has 6,001; nothing makes an element out of each character. */
const MOST_NODES = 7000;

test("no text takes long, and none is lost", { skip: absent }, () => {
  const texts = payloads.filter(({ kind }) => kind === "pathological");
  const expressions = JSON.stringify(texts.map((one) => one.payload_python));
  const code = "import json,sys; print(json.dumps([eval(e) for e in json.loads(sys.stdin.read())]))";
  const made: (string | string[])[] = JSON.parse(
    execFileSync("python3", ["-c", code], { input: expressions, maxBuffer: 2 ** 28, encoding: "utf8" }),
  );
  assert.equal(made.length, 19);
  made.forEach((made, index) => {
    const text = Array.isArray(made) ? made.join("") : made;
    const before = process.cpuUsage();
    const grown = stream();
    grown.append(text);
    grown.render();
    grown.finish();
    const { user, system } = process.cpuUsage(before);
    const name = texts[index]?.name;
    const nodes = grown.root.querySelectorAll("*").length;
    if (process.env.SHOW) console.log(name, text.length, nodes, `${((user + system) / 1000).toFixed(0)} ms`);
    // Where there are thousands of elements nearly all of the time is jsdom's: there their number is the bound.
    if (nodes < 1000) assert.ok(user + system < 2_000_000, `${name}: ${(user + system) / 1000} ms of the processor`);
    assert.ok(nodes <= MOST_NODES, `${name}: ${nodes} elements`);
    const letters = (from: string | null): number => (from ?? "").replace(/[^a-z]/g, "").length;
    // Of the list's links and of the fence's language the addresses and the name are not shown.
    if (!/token by token|fence info|unclosed links/.test(name ?? "")) assert.equal(letters(grown.root.textContent), letters(text), name ?? "");
  });
});
