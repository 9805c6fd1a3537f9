/** Mathematics is what the kernel takes for it: an answer reads alike while it grows and after it was saved. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import { isInline, isProse, safeFormula } from "../src/markdown/formulas.ts";
import { maths } from "../src/assets/maths.ts";
import { html, random, stream } from "./markdown_page.ts";

/** The kernel's rules. */
const KERNEL = resolve(process.cwd(), "../../notebook/markdown/formulas.py");

function python(code: string, input: string): string {
  return execFileSync("python3", ["-c", code, KERNEL], { input, encoding: "utf8", maxBuffer: 2 ** 26, timeout: 20_000 });
}

const BODIES = [
  ..."x|²|①|5²|x+1|x^2|5 and |5|10|two words|a b|x y|5 x|½ cup|² |Ⅷ b|é à|éé àà|中文|٣|x_1 |  x=1  | x|x |{|}|{}|{{}}|\\{|\\}|\\\\{}|".split("|"),
  ..."a<b|a< b|a<5|a<=b|\"q\"|](x|]:|![|\\label{a}|x\\label{a}|\n|a\n\nb|a\n \n\nb|$|\\$|a$b|\\|\\\\|x\\|x\\\\|x\\\\\\|x\\ |`|@@|\u0001".split("|"),
  ..."\\href{a}{b}|\\hrefx|\\url|\\class|\\style|\\htmlData|\\html|\\def|\\gdef|\\edef|\\let|\\left(|\\lettuce|\\newcommand|\\renewcommand".split("|"),
  ..."\\rule|\\Rule|\\Space|\\verb|\\verbx|\\input|\\write|\\catcode|\\global|\\unicode|\\bbox|\\texttip|\\require|\\data|\\dataset".split("|"),
  "{".repeat(60) + "}".repeat(60),
  "{".repeat(61) + "}".repeat(61),
  "x".repeat(10_000),
  "x".repeat(10_001),
];
const BITS = ["x", "ab", "5", " ", "  ", "\n", "\n\n", "{", "}", "\\", "$", "\\{", "\\alpha", "\\href", "\\label{a}", "<", "<a", '"', "](", "]:", "![", "^", "_", "=", "é", "½", "Ⅷ", "中", "`", "@@", "|", "(", "."];
const NEIGHBOURS = ["", " ", "a", "5", "é", "½", "²", "_", "(", ".", "中", "\n", "-"];

test("the rules give what the kernel's give", () => {
  const next = random(1);
  const pick = (from: string[]): string => from[Math.floor(next() * from.length)] as string;
  const bodies = [...BODIES];
  for (let n = 0; n < 1500; n++) bodies.push(Array.from({ length: 1 + Math.floor(next() * 6) }, () => pick(BITS)).join(""));
  const cases = bodies.map((body) => [body, pick(NEIGHBOURS), pick(NEIGHBOURS)] as const);
  const code = [
    "import json, runpy, sys",
    "rules = runpy.run_path(sys.argv[1])",
    "for body, before, after in json.load(sys.stdin):",
    "    print(json.dumps([rules['safe_formula'](body), bool(rules['is_inline'](body, before, after)), rules['is_prose'](body)]))",
  ].join("\n");
  const lines = python(code, JSON.stringify(cases)).trim().split("\n");
  assert.equal(lines.length, cases.length);
  cases.forEach(([body, before, after], i) => {
    const here = [safeFormula(body), isInline(body, before, after), isProse(body)];
    assert.deepEqual(here, JSON.parse(lines[i] as string), JSON.stringify([body, before, after]));
  });
});

/** The formulas of a text, those on lines of their own between [ and ]. */
function formulas(text: string): string[] {
  const grown = stream();
  grown.append(text);
  grown.finish();
  return [...grown.root.querySelectorAll(".jstream-maths")].map((node) =>
    node.classList.contains("jstream-display") ? `[${node.textContent}]` : (node.textContent ?? ""),
  );
}

const TEXTS: [text: string, formulas: string[]][] = [
  ["\\(x+1\\) and \\[ y \\]", ["x+1", "[y]"]],
  ["\\\\(x+1\\\\)", ["x+1"]],
  ["$5 and $10", []],
  ["\\$5 or \\$6", []],
  ["$x^2$ for $5", ["x^2"]],
  ["$a<b$", ["a< b"]],
  ["$x$5 and a$b$", []],
  ["$ x = 1 $ but not $ x$ or $x $", ["x = 1"]],
  ["\\(see below\\) \\[1\\] \\(x\\)", ["x"]],
  ["\\[\nx\n\n= y\n\\]", ["[x\n= y]"]],
  ["$$\nx\n\n- y\n$$\n", ["[x\n- y]"]],
  ["\\begin{align}\na\n\\end{align}\n\n\\begin{foo}\nb\n\\end{foo}", ["[\\begin{align}\na\n\\end{align}]"]],
  ["| $|x|$ | b |\n|---|---|\n| `$a$` | $b$ |", ["|x|", "b"]],
  ["`a\nb $` $x$", ["x"]],
  ["- ```\n  $a\n  ```\n- `b`$", []],
  ["[a $x$](https://b.c) **$y$** # $z$", ["x", "y", "z"]],
  ...["\\href{javascript:x}{y}", "\\def\\a{b}", "\\class{a}{b}", "\\url{x}"].flatMap((body): [string, string[]][] =>
    [`$${body}$`, `$$${body}$$`, `\\(${body}\\)`, `\\[${body}\\]`].map((text) => [text, []]),
  ),
];
for (const [text, wanted] of TEXTS) {
  test(`the formulas of ${JSON.stringify(text)}`, () => assert.deepEqual(formulas(text), wanted));
}

const HALF: [text: string, shown: string][] = [
  ["The area \\(a^2 + b", "a^2 + b"],
  ["So $x^2 +", "x^2 +"],
  ["$$\n\\frac{a}{", "\\frac{a}{"],
  ["$$\na\n\n- b\n", "a\n\n- b"],
  ["\\[\nx\n\\", "x"],
  ["\\begin{cases}\na", "\\begin{cases}\na"],
];
for (const [text, shown] of HALF) {
  test(`a formula that grows is its source, without its marks: ${JSON.stringify(text)}`, () => {
    const grown = stream({ maths });
    grown.append(text);
    grown.render();
    assert.equal(grown.root.querySelector(".jstream-maths code")?.textContent, shown);
    assert.doesNotMatch(html(grown), /<math|\$/);
  });
}

test("a price that grows is no formula", () => {
  for (const text of ["It costs $5", "It costs $5 and", "$ 3", "a$b_c"]) {
    const grown = stream({ maths });
    grown.append(text);
    grown.render();
    assert.equal(grown.root.querySelector(".jstream-maths"), null, text);
    assert.equal(grown.root.textContent, text);
  }
});

test("a formula that Temml cannot read stays its source", () => {
  const grown = stream({ maths });
  grown.append("$\\nosuchmacro{x}$ and $x^{2$ and $\\frac{1}{2}$");
  grown.finish();
  assert.equal(grown.root.querySelectorAll("math").length, 1);
  assert.match(grown.root.textContent ?? "", /\\nosuchmacro\{x\}.*x\^\{2/);
});
