/** What a model writes makes nodes of an allow-list, whatever it is; and no text takes for ever. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { MarkdownStream } from "../src/markdown/index.ts";
import { maths } from "../src/maths.ts";

const { window } = new JSDOM("<!doctype html><body></body>");
Object.assign(globalThis, { document: window.document, Node: window.Node });

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

function odd(root: Element): string[] {
  const found: string[] = [];
  for (const node of root.querySelectorAll("*")) {
    if (node.namespaceURI === "http://www.w3.org/1998/Math/MathML") {
      for (const { name } of node.attributes) if (/^on|href|src/i.test(name)) found.push(`<${node.localName} ${name}>`);
      continue;
    }
    if (!TAGS.has(node.localName)) found.push(`<${node.localName}>`);
    for (const { name, value } of node.attributes) {
      if (!NAMES.has(name)) found.push(`${node.localName} ${name}=${value}`);
      if (name === "style" && !/^text-align: (left|right|center);$/.test(value)) found.push(`style=${value}`);
      if (name === "href" && !/^(https?|mailto):/i.test(value)) found.push(`href=${value}`);
      if (name === "href" && node.getAttribute("target") !== "_blank") found.push(`no new tab: ${value}`);
      if (name === "href" && !/noopener noreferrer/.test(node.getAttribute("rel") ?? "")) found.push(`rel of ${value}`);
      if (name === "src" && !/^(data:image\/(png|jpe?g|gif|webp)[;,]|attachment:)/i.test(value)) found.push(`src=${value}`);
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
    const grown = new MarkdownStream(window.document.createElement("div"), { maths });
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
    const grown = new MarkdownStream(window.document.createElement("div"), { images });
    grown.append("![a picture](https://example.org/a.png) and ![in it](data:image/png;base64,iVBORw0KGgo=)");
    grown.finish();
    const sources = [...grown.root.querySelectorAll("img")].map((image) => image.getAttribute("src"));
    assert.deepEqual(sources.includes("https://example.org/a.png"), images);
    assert.ok(sources.includes("data:image/png;base64,iVBORw0KGgo="));
    assert.equal(grown.root.querySelector("a")?.getAttribute("href") ?? null, images ? null : "https://example.org/a.png");
  }
});

test("no text takes long, and none is lost", { skip: absent }, () => {
  const texts = payloads.filter(({ kind }) => kind === "pathological");
  const expressions = JSON.stringify(texts.map((one) => one.payload_python));
  const code = "import json,sys; print(json.dumps([eval(e) for e in json.loads(sys.stdin.read())]))";
  const made: (string | string[])[] = JSON.parse(
    execFileSync("python3", ["-c", code], { input: expressions, maxBuffer: 2 ** 28, encoding: "utf8" }),
  );
  assert.equal(made.length, 19);
  made.forEach((text, index) => {
    const began = performance.now();
    const grown = new MarkdownStream(window.document.createElement("div"), {});
    for (const piece of Array.isArray(text) ? text : [text]) grown.append(piece);
    grown.render();
    grown.finish();
    const took = performance.now() - began;
    if (process.env.SHOW) console.log(texts[index]?.name, String(text).length, `${took.toFixed(0)} ms`);
    assert.ok(took < 10_000, `${texts[index]?.name}: ${took} ms`);
  });
});
