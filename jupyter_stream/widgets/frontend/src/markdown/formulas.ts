/**
 * What counts as mathematics: the same tests as in the kernel (`formulas` and `inline` in notebook/markdown), so that an
 * answer reads alike while it streams and after it was saved.
 */

export const LONGEST = 10_000;
const DEEPEST = 60;
const BARRED =
  /\\(?:href|url|class|cssId|style|html[a-zA-Z]*|data|require|unicode|includegraphics|[gex]?def|let|futurelet|(?:re)?newcommand|providecommand|(?:re)?newenvironment|DeclareMathOperator|csname|mmlToken|bbox|texttip|mathtip|toggle|[rR]ule|Space|verb|input|write|catcode|begingroup|global)(?![a-zA-Z])|[`\x00-\x08]|@@/;
const ESCAPES = /(?<!\\)(?:\\\\)*\\\s*$/;
const BRACE = /\\[{}$\\]|[{}$]/g;
const LABEL = /\\label\s*\{[^{}]*\}/g;
const BLANK = /\n\s*\n/g;
const TAG = /<(?=[^\s\d=])/g;
const FORMULA = /[\\^_=+*/<>{}|]/;
const LETTER = String.raw`[\p{L}\p{Nl}\p{No}]`;
const WORD = new RegExp(`${LETTER}{2,}`, "u");
const WORDS = new RegExp(`${LETTER}{2,}`, "gu");
const ALNUM = /^[\p{L}\p{N}]+$/u;
/** As in Python: raised, lowered and circled digits are digits, fractions are not. */
const ONE_DIGIT = String.raw`[\p{Nd}¹²³⁰⁴-⁹₀-₉①-⑨]`;
const DIGITS = new RegExp(`^${ONE_DIGIT}+$`, "u");
const DIGIT = new RegExp(`^${ONE_DIGIT}`, "u");

/** The environments that are mathematics by themselves, each also with a star. */
export const ENVIRONMENTS: ReadonlySet<string> = new Set(
  (
    "align aligned alignat alignedat array bmatrix Bmatrix cases dcases equation eqnarray flalign gather gathered " +
    "matrix multline pmatrix smallmatrix split subarray vmatrix Vmatrix"
  ).split(" "),
);

/** The formula in its harmless form, unchanged if it is so already; null if it must stay text. */
export function safeFormula(body: string): string | null {
  if (body.length > LONGEST || !body.trim() || ESCAPES.test(body) || BARRED.test(body) || !balanced(body)) return null;
  let formula = body;
  if (formula.includes("\n") || formula.includes("\\label")) formula = formula.replace(LABEL, "").replace(BLANK, "\n");
  if (formula.includes("<")) formula = formula.replace(TAG, "< ");
  return formula
    .replaceAll('"', "''")
    .replaceAll("](", "] (")
    .replaceAll("]:", "] :")
    .replaceAll("![", "! [");
}

function balanced(body: string): boolean {
  let depth = 0;
  for (const [brace] of body.matchAll(BRACE)) {
    if (brace === "$") return false;
    depth += Number(brace === "{") - Number(brace === "}");
    if (depth < 0 || depth > DEEPEST) return false;
  }
  return depth === 0;
}

/** Whether `$body$` is a formula and not two sums of money; `before` and `after` are the neighbours. */
export function isInline(body: string, before: string, after: string): boolean {
  if (!body.trim() || ALNUM.test(before) || ALNUM.test(after)) return false;
  const formula = FORMULA.test(body);
  const first = isSpace(body.charAt(0));
  const last = isSpace(body.charAt(body.length - 1));
  if (first || last) return formula && first && last;
  return formula || !(body.includes(" ") && (DIGIT.test(body) || (body.match(WORDS)?.length ?? 0) > 1));
}

/** Whether what stands in `\(…\)` or `\[…\]` is an escaped bracket of the prose: words, or a number. */
export function isProse(body: string): boolean {
  return !FORMULA.test(body) && (WORD.test(body) || DIGITS.test(body.trim()));
}

function isSpace(char: string): boolean {
  return char.trim() === "";
}

/** A formula found in a text: what is in it, where it ends, whether it stands on lines of its own. */
export interface Formula {
  tex: string;
  end: number;
  display: boolean;
}

/** A formula that has begun and may end in what still comes: where its inside begins, and what would end it. */
export interface Opening {
  inside: number;
  closer: string;
  display: boolean;
}

const BRACKETS: Record<string, string> = { "\\(": "\\)", "\\[": "\\]", "\\\\(": "\\\\)", "\\\\[": "\\\\]" };
const ENVIRONMENT = /\\begin\{([a-zA-Z]{1,12})(\*?)\}/y;

/** Where a closing mark was looked for in a text and is not: without it every opener would search to the end again. */
export type Absent = Set<string>;

interface Opener {
  mark: string;
  closer: string;
  display: boolean;
}

/**
 * The formula that begins at `at` and ends before `end`; null if what stands there is text.
 *
 * One `Absent` belongs to one text that is read from left to right.
 */
export function formulaAt(text: string, at: number, end: number, absent: Absent): Formula | null {
  const opener = openerAt(text, at);
  if (!opener) return null;
  if (opener.closer === "$") return dollar(text, at, end);
  const close = find(text, opener.closer, at + opener.mark.length, end, absent);
  return close < 0 ? null : formula(text, at, close, opener);
}

/** The formula that begins at `at` and is cut off by the end of the text, if it can become one. */
export function openingAt(text: string, at: number): Opening | null {
  const opener = openerAt(text, at);
  if (!opener) return null;
  if (opener.closer === "$") return dollarOpening(text, at);
  const { closer, display, mark } = opener;
  const body = text.slice(at + mark.length);
  if (body.length > LONGEST || body.includes(closer) || BARRED.test(`${body}a`)) return null;
  if (mark in BRACKETS && isProse(body)) return null;
  return { inside: mark.startsWith("\\begin") ? at : at + mark.length, closer, display };
}

function openerAt(text: string, at: number): Opener | null {
  if (text[at] === "$") {
    const mark = text[at + 1] === "$" ? "$$" : "$";
    return { mark, closer: mark, display: mark === "$$" };
  }
  if (text[at] !== "\\") return null;
  const mark = text.slice(at, at + (text[at + 1] === "\\" ? 3 : 2));
  const closer = BRACKETS[mark];
  if (closer) return { mark, closer, display: mark.endsWith("[") };
  ENVIRONMENT.lastIndex = at;
  const found = ENVIRONMENT.exec(text);
  if (!found || !ENVIRONMENTS.has(found[1] as string)) return null;
  return { mark: found[0], closer: found[0].replace("begin", "end"), display: true };
}

function formula(text: string, at: number, close: number, { mark, closer, display }: Opener): Formula | null {
  const end = close + closer.length;
  const body = text.slice(at + mark.length, close);
  if (mark !== "$$" && body.includes(mark)) return null;
  if (mark in BRACKETS && isProse(body)) return null;
  const tex = safeFormula(mark.startsWith("\\begin") ? text.slice(at, end) : body);
  if (tex === null) return null;
  return { tex: display ? tex : tex.trim().split(/\s+/).join(" "), end, display };
}

function dollar(text: string, at: number, end: number): Formula | null {
  const close = closingDollar(text, at, end);
  if (close < 0) return null;
  const body = text.slice(at + 1, close);
  const tex = isInline(body, before(text, at), after(text, close + 1, end)) ? safeFormula(body) : null;
  return tex === null ? null : { tex: tex.trim(), end: close + 1, display: false };
}

function closingDollar(text: string, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 10) return -1;
    if (code === 36 && text.charCodeAt(i - 1) !== 92) return i;
  }
  return -1;
}

/** `$…` at the end of a text is as often a price: only what no prose has counts. */
function dollarOpening(text: string, at: number): Opening | null {
  const body = text.slice(at + 1);
  if (body.length > 500 || /^[\s\d]|[\n`]/.test(body) || closingDollar(text, at, text.length) > 0) return null;
  if (!/[\\^_{}]|^[^ ]+ ?=/.test(body) || ALNUM.test(before(text, at))) return null;
  return { inside: at + 1, closer: "$", display: false };
}

function find(text: string, what: string, from: number, end: number, absent: Absent): number {
  if (absent.has(what)) return -1;
  const at = text.indexOf(what, from);
  if (at < 0) absent.add(what);
  return at + what.length <= end ? at : -1;
}

function before(text: string, at: number): string {
  if (!at) return "";
  const low = text.charCodeAt(at - 1);
  return text.slice(low >= 0xdc00 && low < 0xe000 ? at - 2 : at - 1, at);
}

function after(text: string, at: number, end: number): string {
  return at < end ? String.fromCodePoint(text.codePointAt(at) as number) : "";
}
