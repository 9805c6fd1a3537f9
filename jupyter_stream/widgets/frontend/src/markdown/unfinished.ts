/**
 * What to show of a text whose end is still to come: half a construct is not shown as raw marks that turn into
 * formatting a moment later. The twin of the kernel's notebook/markdown/unfinished.py; emphasis is closed in parser.ts.
 */

import { type Absent, formulaAt, openingAt } from "./formulas.ts";

/** The containers a line is in: quotes, list markers. */
const CONTAINERS = /^(?:[ \t>]|(?:[-+*]|\d{1,9}[.)])[ \t]+)*/;
const UNDECIDED = [
  /^[-+*_=#~`]+[ \t]*$/, // a rule, an underline, a heading, a fence, emphasis
  /^[-*_](?:[ \t]+[-*_])*[ \t]*$/, // a rule with spaces
  /^\d{1,9}[.)]?$/, // the number of an item
  /^(?:`{3,}[^`]*|~{3,}.*)$/, // a fence and what of its language has come
  /^\[[^\]\n]+\]:[ \t]*\S*(?:[ \t]+(?:["'(].*)?)?$/, // a definition
  /^\|[ \t]*$/, // a row with nothing in it
];
const TASK = /^\[[ xX]?\]?[ \t]*$/;
const RULE = /^[ \t>]*\|?[ \t]*:?-[ \t:|-]*$/;
const LONGEST_LINE = 1000;

/**
 * The text without a last line that may still become anything; a table's rule line is completed. Costs O(the last
 * two lines), in a table O(its rows).
 */
export function withoutUndecided(text: string): string {
  const start = text.lastIndexOf("\n") + 1;
  if (start === text.length) return withoutHeader(text, start);
  if (text.length - start > LONGEST_LINE) return text;
  const line = text.slice(start);
  const table = tableRule(text, start, line);
  if (table !== null) return table;
  const prefix = CONTAINERS.exec(line)?.[0] ?? "";
  const rest = line.slice(prefix.length);
  const item = /[-+*.)][ \t]+$/.test(prefix);
  const undecided = rest
    ? UNDECIDED.some((form) => form.test(rest)) || (item && TASK.test(rest))
    : item || prefix.includes(">");
  return undecided || (rest.startsWith("|") && !inTable(text, start)) ? text.slice(0, start) : text;
}

/** A line that looks like a table's header is not shown before the line after it says so. */
function withoutHeader(text: string, end: number): string {
  const start = text.lastIndexOf("\n", end - 2) + 1;
  const line = text.slice(start, end - 1);
  const isHeader = /^[ \t>]*\|.*\|[ \t]*$/.test(line) && !RULE.test(line) && !inTable(text, start);
  return end && isHeader ? text.slice(0, start) : text;
}

/** Whether the line before belongs to a table: there is a rule line above, and only rows in between. */
function inTable(text: string, start: number): boolean {
  for (let end = start; end > 0; ) {
    const from = text.lastIndexOf("\n", end - 2) + 1;
    const line = text.slice(from, end - 1);
    if (!line.includes("|")) return false;
    if (RULE.test(line)) return true;
    end = from;
  }
  return false;
}

/** The text with a rule line for all of the header's columns, once the first of it has come. */
function tableRule(text: string, start: number, line: string): string | null {
  const bare = line.replace(/^[ \t>]+/, "");
  if (start < 2 || !/^\|?[ \t]*:?-*[ \t:|-]*$/.test(bare)) return null;
  const from = text.lastIndexOf("\n", start - 2) + 1;
  const header = text.slice(from, start - 1);
  const cells = header.replace(/^[ \t>]+/, "").replace(/[ \t]+$/, "");
  if (!cells.startsWith("|") || !cells.endsWith("|") || cells.length < 3 || inTable(text, from)) return null;
  if (!bare.startsWith("|")) return null;
  const columns = cells.slice(1, -1).split(/(?<!\\)\|/).length;
  const rules = bare.slice(1).split("|").slice(0, columns);
  const whole = Array.from({ length: columns }, (_, i) => completed(rules[i]));
  return `${text.slice(0, start)}${line.slice(0, line.length - bare.length)}|${whole.join("|")}|`;
}

function completed(rule: string | undefined): string {
  const bare = (rule ?? "").trim();
  return bare.includes("-") ? bare : bare === ":" ? ":-" : "-";
}

/** Cells set off by spaces, or two whole ones: `|x| = 3` is none. */
const HEADING = /^\|(?:[ \t]+\S.*|(?:[^|\s][^|]*\|){2,}[^|]*)$/;
const PIPE = /(?<!\\)\|/;

/**
 * The whole text of an answer that is over, with the row of dashes below a table's heading, where it ends in that row, or
 * in the heading: without it the table would be lines of pipes. The first pipe of one, with nothing behind it, is left
 * out. Costs O(rows of the table), and O(text) where there is something to mend.
 */
export function wholeTable(text: string): string {
  const whole = text.trimEnd();
  const start = whole.lastIndexOf("\n") + 1;
  const [indent, row] = unindented(whole.slice(start));
  if (!row.startsWith("|") || inTable(whole, start) || inFence(whole)) return text;
  const before = whole.slice(0, start);
  const heading = unindented(before.slice(before.lastIndexOf("\n", start - 2) + 1, -1))[1];
  if (heading.startsWith("|")) {
    const rule = /^\|[ \t:|-]*$/.test(row) ? ruleBelow(heading, row) : "";
    return rule ? `${before}${indent}${rule}` : text;
  }
  if (row === "|") return before;
  if (!HEADING.test(row) || RULE.test(row)) return text;
  const closed = /(?<!\\)\|$/.test(row) ? row : `${row} |`;
  return `${before}${indent}${closed}\n${indent}${ruleBelow(closed, "|")}`;
}

/** The marks of quotes and items on a line, and what stands in them. */
function unindented(line: string): [indent: string, rest: string] {
  const indent = /^[ \t>]*/.exec(line)?.[0] ?? "";
  return [indent, line.slice(indent.length).trimEnd()];
}

/** The row of dashes below a heading, as it was begun; "" where it has more cells than the heading. */
function ruleBelow(heading: string, begun: string): string {
  const columns = cellsOf(heading).length;
  const marks = cellsOf(begun).map((mark) => (/^:?-+:?$/.test(mark.trim()) ? mark.trim() : "---"));
  if (marks.length > columns) return "";
  return `| ${[...marks, ...Array<string>(columns - marks.length).fill("---")].join(" | ")} |`;
}

/** The cells of a row that begins with a pipe, and need not end with one. */
function cellsOf(row: string): string[] {
  const cells = row.split(PIPE).slice(1);
  return cells.at(-1)?.trim() ? cells : cells.slice(0, -1);
}

/** Whether a block of code is open at the end of the text. */
function inFence(text: string): boolean {
  let open = "";
  for (const line of text.split("\n")) {
    const run = /^(`{3,}(?!.*`)|~{3,})/.exec(line.replace(CONTAINERS, ""))?.[0] ?? "";
    if (!open) open = run;
    else if (run.startsWith(open) && line.trimEnd().endsWith(run)) open = "";
  }
  return !!open;
}

/** A paragraph's text with its end closed, and the formula that is cut off by the end. */
export interface Repaired {
  text: string;
  formula?: { tex: string; display: boolean };
}

/** Closes what is open at the end of a paragraph, but emphasis: code, a formula, a link. */
export function repaired(text: string): Repaired {
  const open = scan(text);
  if (open.code) return { text: closedCode(text, open.code.at, open.code.run) };
  if (open.formula) {
    const { at, inside, closer, display } = open.formula;
    const body = text.slice(inside);
    const half = halfOf(closer, body);
    return { text: text.slice(0, at), formula: { tex: body.slice(0, body.length - half), display } };
  }
  return { text: open.link ? withLabel(text, open.link) : text.slice(0, text.length - (open.dangling ?? 0)) };
}

function closedCode(text: string, at: number, run: string): string {
  const inside = text.slice(at + run.length).replace(/`+$/, "");
  return inside.trim() ? text.slice(0, at) + run + inside + (inside.endsWith("`") ? " " : "") + run : text.slice(0, at);
}

/** How much of the closing mark has come: `\` of `\]`, the first dollar of `$$`. */
function halfOf(closer: string, body: string): number {
  for (let length = closer.length - 1; length; length--) if (body.endsWith(closer.slice(0, length))) return length;
  return 0;
}

interface Link {
  at: number;
  image: boolean;
  labelEnd: number;
}

interface Open {
  code?: { at: number; run: string };
  formula?: { at: number; inside: number; closer: string; display: boolean };
  link?: Link;
  dangling?: number;
}

/** Further back than this, a mark without its other half is taken for what the writer meant. */
const REACH = 1000;

/** Goes over the text once, past what is complete, to what is open at its end. */
function scan(text: string): Open {
  const brackets: number[] = [];
  const absent: Absent = new Set();
  for (let i = 0; i < text.length; ) {
    const char = text[i];
    if (char === "`") {
      const run = runAt(text, i);
      const close = absent.has(run) ? -1 : closingRun(text, i + run.length, run);
      if (close < 0) absent.add(run);
      if (close < 0 && text.length - i <= REACH) return { code: { at: i, run } };
      i = (close < 0 ? i : close) + run.length;
    } else if (char === "$" || char === "\\") {
      const formula = formulaAt(text, i, text.length, absent);
      const open = formula ? null : openingAt(text, i);
      if (open) return { formula: { at: i, ...open } };
      if (char === "\\" && i === text.length - 1) return { dangling: 1 };
      i = formula ? formula.end : i + (char === "\\" || text[i + 1] === "$" ? 2 : 1);
    } else if (char === "[") {
      brackets.push(i++);
    } else if (char === "]") {
      const at = brackets.pop();
      if (at !== undefined && endsInTarget(text, i + 1)) return { link: linkOf(text, at, i) };
      i++;
    } else i++;
  }
  const at = brackets.at(-1);
  if (at !== undefined && text.length - at <= REACH) return { link: linkOf(text, at, text.length) };
  return { dangling: danglingEnd(text) };
}

function linkOf(text: string, at: number, labelEnd: number): Link {
  return { at, image: text[at - 1] === "!", labelEnd };
}

function runAt(text: string, at: number): string {
  let end = at;
  while (text[end] === "`") end++;
  return text.slice(at, end);
}

function closingRun(text: string, from: number, run: string): number {
  for (let at = text.indexOf(run, from); at >= 0; ) {
    const found = runAt(text, at);
    if (found === run) return at;
    at = text.indexOf(run, at + found.length);
  }
  return -1;
}

const TARGET = /^\((?:\s*$|\s*(?:<[^<>\n]*>?|[^\s)]*)(?:\s+(?:["'(][^)]*)?)?$)/;

/** Whether the text ends in the target of a link that begins at `at`, or right where one could begin. */
function endsInTarget(text: string, at: number): boolean {
  if (at === text.length) return true;
  if (text[at] !== "(") return false;
  const target = text.slice(at, at + REACH);
  return at + REACH > text.length ? TARGET.test(target) : /^\(data:image\/[^\s)]+$/.test(text.slice(at));
}

/** The length of half an entity, half an address in angle brackets. */
function danglingEnd(text: string): number {
  const last = text.slice(-REACH);
  const at = last.lastIndexOf("<");
  if (at >= 0 && /^<(?:https?:\S*|h?t?t?p?s?)$/.test(last.slice(at))) return last.length - at;
  return /&#?\w{0,8}$/.exec(last.slice(-10))?.[0].length ?? 0;
}

/** A half link is its label; a half image its description. */
function withLabel(text: string, { at, image, labelEnd }: Link): string {
  return text.slice(0, image ? at - 1 : at) + text.slice(at + 1, labelEnd);
}
