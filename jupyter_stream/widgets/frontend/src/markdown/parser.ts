/**
 * Markdown text to markdown-it's tokens: CommonMark, tables, strikethrough and bare links as in GFM, mathematics as in
 * a notebook, no HTML. Bounded: containers, and characters that are read as one piece of inline text.
 *
 * Four things are relied on below, here and in index.ts, by these names:
 *
 * - OFFSETS: the text that markdown-it reads is as long as the text, line by line, so its lines are the text's.
 * - PIECES: where a piece of a paragraph ends depends on the text before that end, and no piece is longer than HARD; so a
 *   piece that has ended stays what it is.
 * - ONE PASS: `Absent` and `walks` remember what a text does not have; they are right only from left to right in one text.
 * - LATER: blocks are read first, inline text when `inline()` is called, when all definitions of links are known.
 *
 * Numbers in brackets are sections of CommonMark 0.31 or of GFM 0.29.
 */

import MarkdownIt, { type Delimiter, type Env, type StateBlock, type StateInline, type Token } from "markdown-it";
import { repaired } from "./unfinished.ts";
import { addresses, encoded, mayLink } from "./links.ts";
import { type Absent, ENVIRONMENTS, formulaAt, LONGEST } from "./formulas.ts";

/** No line is in more containers: each costs time on every line that follows (as in the kernel, lines.py). */
const DEEPEST = 20;

/**
 * A paragraph is read in pieces: each is cut at the first white space after so many characters or marks, at the latest
 * after twice as many. A piece that has too many marks for any text of a person is shown as it is, but for the first few.
 */
const PIECE = { length: 8192, marks: 1500 };
const DENSE_PIECES = 4;
/** No piece is longer. */
export const HARD = 2 * PIECE.length;

export interface Reference {
  title: string;
  href: string;
}

/** How a text is to be read. */
export interface Reading {
  /** What link definitions before the text have said. */
  references: Record<string, Reference>;
  /** Whether the text goes on after its end: close what is open there. */
  unfinished: boolean;
  /** What the text goes on with: its first line is an item of a list, or inside of a paragraph (after one letter). */
  continues?: "list" | "paragraph" | undefined;
  /** How many pieces of that paragraph were before. */
  pieces?: number;
}

/** A piece of a paragraph's text: with which character it begins, and with which of the nodes (see tree.ts). */
export interface Piece {
  at: number;
  child: number;
}

/** What was read. */
export interface Parsed {
  tokens: Token[];
  /** All references known at the end, those of `Reading.references` by inheritance. */
  references: Record<string, Reference>;
  /** The line from which on everything may still become part of a formula; Infinity if there is none. */
  open: number;
  /** Reads the inline text: fills the tokens' `children`, a list of tokens for each piece. */
  inline: () => void;
}

interface Context extends Env {
  references: Record<string, Reference>;
  unfinished: boolean;
  continues: "list" | "paragraph" | undefined;
  depth: number;
  open: number;
  mayDisplay: boolean;
  lines: number;
  walks: Map<string, Walk>;
  /** The formula that CUT_OFF stands for. */
  formula: { tex: string; display: boolean } | undefined;
  /** What would close the emphasis that the text read last has left open. */
  closers: string;
  absent: Absent;
}

/** Where a formula stands that its text is cut off in. */
const CUT_OFF = "$\uE0F0";
/** A pipe in a formula, which no table may take for the end of a cell. */
const PIPE = "\uE07C";

const md = new MarkdownIt({ html: false });
md.normalizeLink = encoded;
md.normalizeLinkText = (address) => address;
md.validateLink = () => true;
md.disable(["html_block", "html_inline", "strikethrough", "linkify"]);

/** The blocks of a text; those of links' definitions are among them. `inline()` reads what is in them. */
export function parse(text: string, reading: Reading): Parsed {
  const { references, unfinished, continues } = reading;
  const context = newContext(Object.create(references), unfinished);
  context.continues = continues;
  context.mayDisplay = /\$\$|\\\[|\\begin\{/.test(text);
  const tokens: Token[] = [];
  const state = new md.block.State(masked(text), md, context, tokens);
  context.lines = state.lineMax;
  md.block.tokenize(state, 0, state.lineMax);
  const last = unfinished ? lastInline(tokens, context.lines, text.endsWith("\n")) : undefined;
  // The letter that index.ts put before a paragraph makes its first block one, so its text is the second token.
  const first = continues === "paragraph" ? tokens[1] : undefined;
  tokens.forEach((token, i) => {
    if (token.content) token.content = token.content.replaceAll(PIPE, "|");
    if (token.type !== "inline") return;
    if (token === first) token.content = token.content.slice(1);
    const [item, paragraph] = [tokens[i - 2], tokens[i - 1]];
    if (item?.type === "list_item_open" && paragraph?.type === "paragraph_open") takeTask(item, token);
    setPieces(token);
  });
  const inline = () => {
    for (const token of tokens) {
      if (token.type === "inline") readInline(token, context, token === last, token === first ? (reading.pieces ?? 0) : 0);
    }
  };
  return { tokens, references: context.references, open: context.open, inline };
}

function newContext(references: Record<string, Reference>, unfinished: boolean): Context {
  return {
    references,
    unfinished,
    continues: undefined,
    depth: 0,
    open: Infinity,
    mayDisplay: false,
    lines: 0,
    walks: new Map(),
    formula: undefined,
    closers: "",
    absent: new Set(),
  };
}

/** The tokens of a piece of a paragraph, the one after `pieces` others. */
export function parsePiece(text: string, references: Record<string, Reference>, pieces: number): Token[] {
  return pieceOf(text, newContext(references, false), pieces);
}

/** A link's label as definitions and uses are compared. */
export function labelOf(text: string): string {
  return md.utils.normalizeReference(text);
}

/** Where the first piece of a paragraph's text ends; -1 if all of it is one. Keeps PIECES. */
export function pieceEnd(text: string): number {
  if (text.length <= PIECE.marks) return -1;
  let marks = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (MARKS[code]) marks++;
    if (i < PIECE.length && marks < PIECE.marks) continue;
    if (code === 32 || code === 10 || code === 9) return i;
    if (i < 2 * PIECE.length && marks < 2 * PIECE.marks) continue;
    return code >= 0xdc00 && code < 0xe000 ? i - 1 : i;
  }
  return -1;
}

/** What costs more than a letter to read. */
const MARKS: boolean[] = [];
for (const mark of "*_`[<~") MARKS[mark.charCodeAt(0)] = true;

function isDense(text: string): boolean {
  if (text.length < PIECE.marks) return false;
  let marks = 0;
  for (let i = 0; i < text.length; i++) if (MARKS[text.charCodeAt(i)]) marks++;
  return marks >= PIECE.marks;
}

// ------------------------------------------------------------------ blocks

type BlockRule = (state: StateBlock, start: number, end: number, silent: boolean) => boolean;

/** markdown-it keeps its rules to itself: this takes one out, to put it back changed. */
function wrapped(name: string, alt: string[], wrap: (rule: BlockRule) => BlockRule): void {
  const rules = (md.block.ruler as unknown as { __rules__: { name: string; fn: BlockRule }[] }).__rules__;
  const rule = rules.find((each) => each.name === name);
  if (rule) md.block.ruler.at(name, wrap(rule.fn), { alt });
}

const nested = (rule: BlockRule): BlockRule => {
  return (state, start, end, silent) => {
    const context = state.env as Context;
    if (context.depth >= DEEPEST) return false;
    context.depth++;
    const found = rule(state, start, end, silent);
    context.depth--;
    return found;
  };
};

wrapped("blockquote", ["paragraph", "reference", "blockquote", "list"], nested);
wrapped("list", ["paragraph", "reference", "blockquote"], nested);
wrapped("table", ["paragraph", "reference"], (rule) => (state, start, end, silent) => {
  // The item that a list goes on with would be the head of a table if the next line were a delimiter row: an item
  // begins first, as the one before it did.
  if (start === 0 && (state.env as Context).continues === "list") return false;
  return rule(state, start, end, silent);
});
// A setext underline makes a heading of all lines of the paragraph (4.3), unless it is inside of a formula.
wrapped("lheading", [], (rule) => (state, start, end, silent) => {
  return !hasLongFormula(state, start, end) && rule(state, start, end, silent);
});

// As markdown-it's (4.8), but formulas hold its lines together.
md.block.ruler.at("paragraph", (state, start, end) => {
  const { next } = paragraphEnd(state, start, end);
  const content = md.utils.asciiTrim(state.getLines(start, next, state.blkIndent, false));
  state.line = next;
  const opening = state.push("paragraph_open", "p", 1);
  opening.map = [start, next];
  const inline = state.push("inline", "", 0);
  inline.content = content;
  inline.map = [start, next];
  inline.children = [];
  state.push("paragraph_close", "p", -1);
  return true;
});

/** Whether a formula goes over the line that would make a heading of the lines before it. */
function hasLongFormula(state: StateBlock, start: number, end: number): boolean {
  return (state.env as Context).mayDisplay && paragraphEnd(state, start, end, /^(?:=+|-+)[ \t]*$/).long;
}

/**
 * Where a paragraph ends, at the latest before a line like `last`, and whether a formula goes over lines of it: those
 * are its lines whatever is in them.
 */
function paragraphEnd(state: StateBlock, start: number, end: number, last?: RegExp): { next: number; long: boolean } {
  const { mayDisplay } = state.env as Context;
  const rules = md.block.ruler.getRules("paragraph");
  const type = state.parentType;
  state.parentType = "paragraph";
  let next = start + 1;
  let long = false;
  for (; ; next++) {
    const until = mayDisplay ? formulaEnd(state, next - 1, end) : next - 1;
    long ||= until >= next;
    next = until + 1;
    if (next >= end || state.isEmpty(next)) break; // a blank line ends a paragraph (4.8)
    const indent = state.sCount[next] as number;
    // Indented code cannot interrupt a paragraph (4.4); a negative indent is a lazy continuation line (5.1).
    if (indent - state.blkIndent > 3 || indent < 0) continue;
    if (last?.test(lineOf(state, next)) || rules.some((rule) => rule(state, next, end, true))) break;
  }
  state.parentType = type;
  return { next: Math.min(next, end), long };
}

/**
 * The line that the last formula ends on that begins on this line: the line itself, if none goes beyond it.
 *
 * Blank lines may be in a formula whose opening stands first on its line; else it ends with the paragraph.
 */
function formulaEnd(state: StateBlock, line: number, end: number): number {
  let last = line;
  let text = lineOf(state, line);
  for (let at = 0; ; ) {
    const open = displayOpening(text, at);
    if (!open) return last;
    const inside = open.at + open.mark.length;
    const close = text.indexOf(open.closer, inside);
    if (close >= 0) {
      at = close + open.closer.length;
      continue;
    }
    const found = closingLine(state, last, end, open, text);
    if (found >= end) return end < (state.env as Context).lines ? last : endOfOpen(state, line, last, end);
    if (found < 0) return last;
    const lines = Array.from({ length: found - last }, (_, i) => lineOf(state, last + 1 + i));
    if (!formulaAt([text, ...lines].join("\n"), open.at, Infinity, new Set())) return last;
    text = lines.at(-1) as string;
    at = text.indexOf(open.closer) + open.closer.length;
    last = found;
  }
}

/** The lines between `from` and `to` go on with a formula and don't close it. */
interface Walk {
  from: number;
  to: number;
  /** How many characters they are, with their breaks. */
  length: number;
  /** The last of them that the formula's opening is on again. */
  again: number;
}

/**
 * The line after `line` that closes what is open at the end of `text`, that line; `end` if it is still to come, -1 if
 * none can be.
 *
 * Thousands of openings may want the same end: a walk goes on where the one of the opening before has come to.
 */
function closingLine(state: StateBlock, line: number, end: number, open: Opening, text: string): number {
  const { walks, depth } = state.env as Context;
  const mayBreak = !text.slice(0, open.at).trim();
  const room = open.at + LONGEST - text.length;
  const key = [open.closer, mayBreak, state.blkIndent, state.level, depth, end].join();
  let walk = walks.get(key); // ONE PASS: only openings further on can use it
  if (!walk || line < walk.from || line >= walk.to) {
    walk = { from: line, to: line + 1, length: 0, again: -1 };
    walks.set(key, walk);
  }
  while (walk.from < line) walk.length -= lineOf(state, ++walk.from).length + 1;
  for (; walk.to < end; walk.to++) {
    const next = walk.to;
    const goesOn = state.isEmpty(next) ? mayBreak : (state.sCount[next] as number) >= state.blkIndent;
    const added = lineOf(state, next);
    if (!goesOn || walk.length + added.length > room || /`|^~~~/.test(added)) return -1;
    if (added.includes(open.closer)) return open.mark !== "$$" && walk.again > line ? -1 : next;
    if (added.includes(open.mark)) walk.again = next;
    walk.length += added.length + 1;
  }
  return end;
}

function lineOf(state: StateBlock, line: number): string {
  return state.src.slice((state.bMarks[line] as number) + (state.tShift[line] as number), state.eMarks[line]);
}

/** All that follows may be part of this formula; while the text grows it is shown so. */
function endOfOpen(state: StateBlock, line: number, last: number, end: number): number {
  const context = state.env as Context;
  context.open = Math.min(context.open, line);
  return context.unfinished ? end - 1 : last;
}

const DISPLAY = /\\\\[([]|\\\[|\\begin\{([a-zA-Z]{1,12}\*?)\}|\\[^]|\$\$|(`+)/g;

/** Where a display formula may begin on a line, and what ends it. */
interface Opening {
  at: number;
  mark: string;
  closer: string;
}

/** The next opening of a display formula on a line, past code. */
function displayOpening(text: string, from: number): Opening | null {
  DISPLAY.lastIndex = from;
  for (let found = DISPLAY.exec(text); found; found = DISPLAY.exec(text)) {
    const [mark, environment, run] = found;
    const at = found.index;
    if (run) {
      // Code spans take precedence (6.1): what is in one opens nothing.
      const close = text.indexOf(run, at + run.length);
      if (close > 0) DISPLAY.lastIndex = close + run.length;
    } else if (mark === "$$") return { at, mark, closer: "$$" };
    else if (mark === "\\[") return { at, mark, closer: "\\]" };
    else if (mark === "\\\\[") return { at, mark, closer: "\\\\]" };
    else if (environment && ENVIRONMENTS.has(environment.replace("*", ""))) return { at, mark, closer: mark.replace("begin", "end") };
  }
  return null;
}

/**
 * The text with the pipes of its formulas hidden from tables: a pipe ends a cell even in code (GFM 4.10), but not in the
 * formulas of a notebook. Keeps OFFSETS.
 */
function masked(text: string): string {
  if (!text.includes("|") || !text.includes("$")) return text;
  return text.replace(/^.*\$.*\$.*$/gm, (line) => (line.includes("|") ? maskedLine(line) : line));
}

function maskedLine(line: string): string {
  let out = "";
  let at = 0;
  const absent: Absent = new Set();
  for (let i = 0; i < line.length; i++) {
    if (line[i] === "\\") i++; // what is escaped opens nothing (2.4)
    if (line[i] !== "$" || line[i - 1] === "\\") continue;
    const formula = formulaAt(line, i, line.length, absent);
    if (!formula) continue;
    out += line.slice(at, i) + line.slice(i, formula.end).replaceAll("|", PIPE);
    at = formula.end;
    i = at - 1;
  }
  return out + line.slice(at);
}

// ------------------------------------------------------------------ inline

/** The inline text that the end of the text is in, if it is in one. */
function lastInline(tokens: Token[], lines: number, lineEnds: boolean): Token | undefined {
  let i = tokens.length - 1;
  while (i >= 0 && (tokens[i] as Token).nesting < 0) i--;
  const token = tokens[i];
  const before = tokens[i - 1]?.type;
  if (token?.type !== "inline") return undefined;
  if (before === "td_open" || before === "th_open") return lineEnds ? undefined : lastCell(tokens, i);
  const isOpen = before === "paragraph_open" || !lineEnds;
  return isOpen && (token.map as [number, number])[1] >= lines ? token : undefined;
}

/** The cells that have not come are in the row already, empty. */
function lastCell(tokens: Token[], last: number): Token | undefined {
  for (let i = last; i > 0 && tokens[i]?.type !== "tr_open"; i--) {
    if (tokens[i]?.type === "inline" && tokens[i]?.content) return tokens[i];
  }
  return undefined;
}

/** The marker of a task list item (GFM 5.3): first in the item's paragraph, with white space after it. */
const CHECK = /^\[([ xX])\](?=[ \t\n])/;

function takeTask(item: Token, inline: Token): void {
  const check = CHECK.exec(inline.content);
  if (!check) return;
  item.meta = { checked: check[1] !== " " };
  inline.content = inline.content.slice(3);
}

function setPieces(token: Token): void {
  const pieces: Piece[] = [];
  let rest = token.content;
  let at = 0;
  for (let end = pieceEnd(rest); end >= 0; end = pieceEnd(rest)) {
    at += end;
    rest = rest.slice(end);
    pieces.push({ at, child: 0 });
  }
  token.meta = { pieces };
}

/** All but the first pieces of an inline token. */
export function piecesOf(token: Token | undefined): Piece[] {
  return (token?.meta as { pieces?: Piece[] } | undefined)?.pieces ?? [];
}

/** The tokens of each piece, in `meta.read`. */
function readInline(token: Token, context: Context, isLast: boolean, before: number): void {
  const pieces = piecesOf(token);
  const starts = [0, ...pieces.map(({ at }) => at)];
  const read = starts.map((start, i) => {
    const text = token.content.slice(start, starts[i + 1]);
    const isOpen = isLast && context.unfinished && i === pieces.length;
    return isOpen ? unfinishedPiece(text, context, before + i) : pieceOf(text, context, before + i);
  });
  token.meta = { pieces, read };
}

/** What `inline()` has read of an inline token: the tokens of each piece. */
export function readOf(token: Token): Token[][] {
  return (token.meta as { read?: Token[][] } | undefined)?.read ?? [];
}

function push(into: Token[], tokens: Token[]): void {
  for (const token of tokens) into.push(token);
}

function pieceOf(text: string, context: Context, index: number): Token[] {
  if (!text) return [];
  return index >= DENSE_PIECES && isDense(text) ? [made("text", "", 0, text)] : joined(tokenized(text, context));
}

function tokenized(text: string, context: Context): Token[] {
  context.absent = new Set(); // ONE PASS
  const tokens: Token[] = [];
  md.inline.parse(text, md, context, tokens);
  return tokens;
}

/** A piece whose end is still to come: first what `repaired` closes, then the emphasis that is open. */
function unfinishedPiece(text: string, context: Context, index: number): Token[] {
  if (text.length > PIECE.marks && isDense(text)) return pieceOf(text, context, index);
  const { text: closed, formula } = repaired(text);
  context.formula = formula;
  let content = formula ? closed + CUT_OFF : closed;
  if (!/[*_~]/.test(content)) return pieceOf(content, context, 0);
  if (!formula) content = withoutLoneMarks(content, context);
  const tokens = tokenized(content, context);
  return context.closers ? joined(tokenized(content.trimEnd() + context.closers, context)) : joined(tokens);
}

/** Marks at the very end that close nothing have nothing to open yet: they are not shown. */
function withoutLoneMarks(text: string, context: Context): string {
  const marks = /[*_~]+$/.exec(text)?.[0];
  if (!marks) return text;
  const before = text.slice(0, text.length - marks.length);
  if (/(?:^|\s)$/.test(before)) return before.trimEnd();
  const last = tokenized(text, context).at(-1);
  const lone = last?.type === "text" ? (/[*_~]*$/.exec(last.content)?.[0].length ?? 0) : 0;
  return text.slice(0, text.length - Math.min(lone, marks.length));
}

/** Runs of text as one token each, with the addresses in them as links. */
function joined(tokens: Token[]): Token[] {
  const out: Token[] = [];
  let last: Token | undefined;
  let address = false;
  for (const token of tokens) {
    const isText = token.type === "text" || token.type === "text_special";
    if (isText && last) last.content += token.content;
    else if (!isText || token.content) out.push(token);
    last = isText ? (last ?? out.at(-1)) : undefined;
    if (last) last.type = "text";
    address ||= isText && MAY_BE_ADDRESS.test(token.content);
  }
  return address ? linked(out) : out;
}

const MAY_BE_ADDRESS = /:\/\/|www|@/i;

function linked(tokens: Token[]): Token[] {
  const out: Token[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (token.type === "link_open" || token.type === "link_close") depth += token.nesting;
    // Links cannot contain other links (6.3).
    if (token.type === "text" && !depth) push(out, linkedText(token));
    else out.push(token);
  }
  return out;
}

function linkedText(token: Token): Token[] {
  const out: Token[] = [];
  let at = 0;
  for (const { from, to, address } of addresses(token.content)) {
    if (!mayLink(address)) continue;
    if (from > at) out.push(made("text", "", 0, token.content.slice(at, from)));
    const opening = made("link_open", "a", 1);
    opening.attrs = [["href", address]];
    out.push(opening, made("text", "", 0, token.content.slice(from, to)), made("link_close", "a", -1));
    at = to;
  }
  if (!at) return [token];
  if (at < token.content.length) out.push(made("text", "", 0, token.content.slice(at)));
  return out;
}

const NewToken = new md.block.State("", md, {}, []).Token;

function made(type: string, tag: string, nesting: -1 | 0 | 1, content = ""): Token {
  const token = new NewToken(type, tag, nesting);
  token.content = content;
  return token;
}

/** As markdown-it's, but it stops only where one of the other rules can begin. */
md.inline.ruler.at("text", (state, silent) => {
  TEXT.lastIndex = state.pos;
  if (!TEXT.test(state.src)) return false;
  const end = Math.min(TEXT.lastIndex, state.posMax);
  if (end <= state.pos) return false;
  if (!silent) state.pending += state.src.slice(state.pos, end);
  state.pos = end;
  return true;
});
const TEXT = /[^\n$\\`~*_[\]!<&]+/y;

md.inline.ruler.before("escape", "formula", (state, silent) => {
  const context = state.env as Context;
  const code = state.src.charCodeAt(state.pos);
  if (code !== 36 && code !== 92) return false;
  if (context.formula && state.src.startsWith(CUT_OFF, state.pos)) {
    if (!silent) pushFormula(state, context.formula.tex, context.formula.display, true);
    state.pos += CUT_OFF.length;
    return true;
  }
  const found = formulaAt(state.src, state.pos, state.posMax, context.absent);
  if (found) {
    if (!silent) pushFormula(state, found.tex, found.display, false);
    state.pos = found.end;
    return true;
  }
  if (code === 92) return false;
  const mark = state.src.startsWith("$$", state.pos) ? "$$" : "$";
  if (!silent) state.pending += mark;
  state.pos += mark.length;
  return true;
});

function pushFormula(state: StateInline, tex: string, display: boolean, open: boolean): void {
  const token = state.push("formula", "", 0);
  token.content = tex;
  token.meta = { display, open };
}

const TILDE = 0x7e;
/** Of a lone tilde: one that never pairs with two. */
const ABOUT = 0x17e;

md.inline.ruler.before("emphasis", "tildes", (state, silent) => {
  if (silent || state.src.charCodeAt(state.pos) !== TILDE) return false;
  const { length, can_open: open, can_close: close } = state.scanDelims(state.pos, true);
  const token = state.push("text", "", 0);
  token.content = "~".repeat(length);
  const marker = length === 2 ? TILDE : ABOUT;
  // One or two tildes on each side, as many on both; three or more make nothing (GFM 6.5).
  if (length <= 2) state.delimiters.push({ marker, length: 0, token: state.tokens.length - 1, end: -1, open, close });
  state.pos += length;
  return true;
});

md.inline.ruler2.after("balance_pairs", "tildes", (state) => {
  for (const delimiters of [state.delimiters, ...state.tokens_meta.map((meta) => meta?.delimiters)]) {
    for (const { marker, end, token } of (delimiters ?? []) as Delimiter[]) {
      if ((marker !== TILDE && marker !== ABOUT) || end < 0) continue;
      become(state.tokens[token] as Token, "s_open", 1);
      become(state.tokens[(delimiters as Delimiter[])[end]?.token as number] as Token, "s_close", -1);
    }
  }
});

function become(token: Token, type: string, nesting: 1 | -1): void {
  token.type = type;
  token.tag = "del";
  token.nesting = nesting;
  token.content = "";
}

/** What closes the emphasis that is open at the end. `5*3` opens none, and a single tilde is as often "about". */
md.inline.ruler2.before("fragments_join", "closers", (state) => {
  const context = state.env as Context;
  context.closers = "";
  if (!context.unfinished) return;
  for (const { marker, end, open, close, token } of state.delimiters) {
    if (!open || end >= 0 || marker === ABOUT) continue;
    const inWord = close && /[0-9A-Za-z]$/.test(state.tokens[token - 1]?.content ?? "");
    if (!inWord) context.closers = (marker === TILDE ? "~~" : String.fromCharCode(marker)) + context.closers;
  }
});
