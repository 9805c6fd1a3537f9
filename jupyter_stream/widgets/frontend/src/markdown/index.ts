/**
 * Markdown that grows: deltas in, DOM out.
 *
 * The text is cut where nothing that still comes can change what is before the cut; what is before it has its final
 * nodes and is not read again, what is after it is read again at each render and its nodes are changed only where they
 * differ. The cuts depend on the text alone, so the nodes are the same however the text came.
 *
 * A top-level block is final once a later one has begun. One that grows long is cut inside: a fence at each line, a
 * list before an item, a table before a row, a quotation before a block in it, a paragraph at white space. Cut lists
 * may be loose in one part and tight in another, a mark that is open where a paragraph of over 8,000 characters is cut
 * is not closed in the next part, and a block of over 64,000 that cannot be cut so ends there.
 *
 * Four things hold between any two steps, and are relied on below by these names:
 *
 * - TAIL: `tail` begins at the last cut; nothing before it is needed to read it but `going`, `fence` and the references.
 * - OPEN: `open` are the last nodes of the root; where the text goes on with a block that was cut (`going`), the first of
 *   them is that block with those of its children only that come after the cut.
 * - TEXT ALONE: where a cut is depends on the text before it and on one line after it, not on the pieces it came in.
 * - PROGRESS: a step takes some of the tail, or more of it is read in the next one, or all of it has been read.
 */

import type { Clock } from "../clock.ts";
import { visible } from "../visible.ts";
import { Extras } from "./extras.ts";
import { Fence } from "./fence.ts";
import { wholeTable, withoutUndecided } from "./unfinished.ts";
import { Lines } from "./lines.ts";
import { type ListCut, PART, settled } from "./lists.ts";
import { HARD, type Parsed, parse, parsePiece, pieceEnd, type Reading, type Reference } from "./parser.ts";
import { patchChildren, viewOf } from "./patch.ts";
import { LateReferences } from "./references.ts";
import type { Tools } from "./tools.ts";
import { type Block, type Code_, type Element_, inlineNodes, type Node_, nodesOf, outline } from "./tree.ts";

/** So much new text is read at once, more in steps of this. */
const WINDOW = 20_000;
/** A block that cannot be cut otherwise ends with the first line break after so many characters, or after twice as many. */
const BLOCK = 65_536;

/** What the text after the last cut goes on with: the first of the open nodes. */
type Going =
  | { kind: "quote" }
  | { kind: "paragraph"; pieces: number }
  | { kind: "list"; loose: boolean }
  | { kind: "table"; head: string };

export class MarkdownStream {
  private readonly extras: Extras;
  private final = false;
  private changed = false;
  private afterReturn = false;
  private whole: string[] = [];
  /** The text after the last cut. */
  private tail = "";
  /** What is shown and not final: the last nodes of the root; of the first one, if it goes on, the last children. */
  private open: Node_[] = [];
  private going: Going | null = null;
  private fence: Fence | null = null;
  private late = new LateReferences();

  constructor(
    readonly root: HTMLElement,
    readonly tools: Tools,
    clock: Clock,
  ) {
    this.extras = new Extras(root, tools, clock);
  }

  get text(): string {
    if (this.whole.length > 1) this.whole = [this.whole.join("")];
    return this.whole[0] ?? "";
  }

  /** More text. */
  append(text: string): void {
    const added = visible(text, this.afterReturn);
    if (text) this.afterReturn = text.endsWith("\r");
    if (!added) return;
    this.whole.push(added);
    this.tail += added;
    this.final = false;
    this.changed = true;
  }

  /** The text is this. */
  set(text: string): void {
    const now = visible(text, false);
    const before = this.text;
    if (!now.startsWith(before)) this.clear();
    this.afterReturn = false;
    this.append(now.slice(this.text.length));
  }

  /** Show all of the text, its end so that it can go on. */
  render(): void {
    if (!this.changed) return;
    this.changed = false;
    this.extras.turn();
    // Ends by PROGRESS: `continue` doubles the window, the other ways round have taken some of the tail.
    for (let size = WINDOW; ; ) {
      if (this.fence) {
        if (!this.growCode(this.fence)) return;
      } else if (!this.takeGiant()) {
        const most = blockEnd(this.tail); // by TEXT ALONE a block ends there whether or not there is more
        const isWhole = this.tail.length <= size && this.tail.length < most;
        const isEnd = !isWhole && size >= most;
        const text = isWhole ? this.tail : isEnd ? this.tail.slice(0, most) : windowOf(this.tail, size);
        const took = this.step(text, isWhole) || (isEnd && this.step(text, false, true));
        if (isWhole && !this.fence) return;
        if (!took) {
          size *= 2;
          continue;
        }
      }
      size = WINDOW;
    }
  }

  /** There is no more text: show its end as it is. More may come all the same. */
  finish(): void {
    if (this.final) return;
    this.final = this.changed = true;
    this.render();
  }

  /** `tools` can do more than before: colour and typeset what is shown. */
  upgrade(): void {
    this.extras.upgrade();
  }

  private clear(): void {
    this.root.replaceChildren();
    this.extras.clear();
    this.whole = [];
    this.tail = "";
    this.open = [];
    this.going = this.fence = null;
    this.late = new LateReferences();
    this.changed = true;
  }

  /**
   * Read and show a text that begins at the last cut; cut it as late as possible, after it if it `isEnd`. Returns
   * whether it was cut.
   */
  private step(text: string, isWhole: boolean, isEnd = false): boolean {
    const unfinished = isWhole && !this.final;
    const { going } = this;
    // What makes the parser read the tail as what it goes on with: a letter of the paragraph, the table's head.
    const prefix = going?.kind === "paragraph" ? "x" : going?.kind === "table" ? going.head : "";
    const source = prefix + text;
    const read = unfinished ? withoutUndecided(source) : isWhole ? wholeTable(source) : source;
    const parsed = parse(read, { references: this.late.known, unfinished, ...readingOf(going) });
    const lines = new Lines(read, parsed.open);
    const lists = settleLists(parsed, lines, going?.kind === "list" ? going.loose : undefined);
    const blocks = outline(parsed.tokens, lines);
    const isEmpty = !read.trim();
    if (going && !isEmpty && !fits(going, blocks[0], this.open[0] as Element_)) {
      // It seemed to go on and does not: what was shown of it after the cut goes (OPEN), and the text is read afresh.
      this.show([{ ...(this.open[0] as Element_), children: [] }]);
      this.stop([]);
      return this.step(text, isWhole, isEnd);
    }
    const cut = cutOf(blocks, { text: read, lines, going, lists });
    if (!cut && !isWhole && !isEnd) return false;

    parsed.inline();
    this.show(this.goingOn(isEmpty ? [] : nodesOf(parsed.tokens, this.tools.images === true, lines, this.final)));
    if (cut) this.cut(cut, blocks, read, lines);
    this.late.learn(parsed, lines, isEnd ? Infinity : (cut?.at ?? 0));
    this.late.resolve(parsed, this.final, (block, node, references) => this.remake(block, node, references));
    if (isEnd) this.stop([]);
    const took = isEnd ? text.length : (cut?.at ?? prefix.length) - prefix.length;
    this.tail = this.tail.slice(took);
    return took > 0;
  }

  /** Relies on OPEN, and keeps it: no node before these is touched. */
  private show(next: Node_[]): void {
    patchChildren(this.root, this.open, next, this.extras);
    this.open = next;
  }

  /** The nodes of a text that goes on with what was cut: what was there before the cut is seen to. */
  private goingOn(nodes: Node_[]): Node_[] {
    if (!this.going) return nodes;
    const node = this.open[0] as Element_;
    const first = nodes[0] as Element_ | undefined;
    if (!first) return [{ ...node, children: [] }];
    first.attributes = node.attributes; // a list's number is that of its first item, which is before the cut
    if (this.going.kind === "table" && first.children.length < 2) {
      first.children.push({ ...(node.children[1] as Element_), children: [] });
    }
    return nodes;
  }

  /** What is open after the last cut are these nodes. */
  private stop(open: Node_[]): void {
    this.open = open;
    this.going = null;
  }

  private cut({ last, going, slice, fence }: Cut, blocks: Block[], text: string, lines: Lines): void {
    blocks.slice(0, last).forEach(({ from, to }, i) => {
      const isWhole = i > 0 || !this.going;
      if (isWhole) this.late.add(text.slice(lines.offset(from), lines.offset(to)), this.open[i] as Node_);
    });
    if (last) this.stop(this.open.slice(last));
    if (slice) this.open[0] = slice(this.open[0] as Element_);
    if (going) this.going = going;
    if (fence) this.fence = fenceOf(this.open[0] as Code_, fence, lines);
  }

  /** Returns whether the block is at its end. */
  private growCode(fence: Fence): boolean {
    const { rest, closed } = fence.take(this.tail, this.final);
    this.tail = rest;
    if (closed) {
      this.fence = null;
      this.stop([]);
    } else if (this.final) fence.view.close();
    return closed;
  }

  /** A paragraph that goes on within a very long line: its next piece need not be read as blocks. */
  private takeGiant(): boolean {
    if (this.going?.kind !== "paragraph") return false;
    // No piece is longer than HARD (parser.ts, PIECES), so a longer look finds no other end.
    const line = /^[^\n]*/.exec(this.tail.slice(0, HARD + 1))?.[0] ?? "";
    const end = pieceEnd(line);
    if (end < 0) return false;
    const node = this.open[0] as Element_;
    const tokens = parsePiece(line.slice(0, end), this.late.known, this.going.pieces);
    this.show([{ ...node, children: inlineNodes(tokens, this.tools.images === true) }]);
    this.open = [{ ...node, children: [] }]; // OPEN: the piece's nodes are before the cut now
    this.going.pieces++;
    this.tail = this.tail.slice(end);
    return true;
  }

  private remake(text: string, old: Node_, references: Record<string, Reference>): Node_ {
    const parsed = parse(text, { references, unfinished: false });
    parsed.inline();
    const [node] = nodesOf(parsed.tokens, this.tools.images === true, new Lines(text, Infinity), true);
    if (!node) return old;
    // One for one, so this touches the old node alone, wherever in the root it is.
    patchChildren(this.root, [old], [node], this.extras);
    return node;
  }
}

function readingOf(going: Going | null): Pick<Reading, "continues" | "pieces"> {
  if (going?.kind === "paragraph") return { continues: "paragraph", pieces: going.pieces };
  return going?.kind === "list" ? { continues: "list" } : {};
}

const GOES_ON: Record<Going["kind"], RegExp> = {
  paragraph: /^paragraph_open$/,
  quote: /^blockquote_open$/,
  list: /^(?:bullet|ordered)_list_open$/,
  table: /^table_open$/,
};

/** Whether the text does go on with what was cut. */
function fits(going: Going, first: Block | undefined, node: Element_): boolean {
  if (!first || first.from || !GOES_ON[going.kind].test(first.type)) return false;
  return going.kind !== "list" || (node.tag === "ol") === (first.type === "ordered_list_open");
}

function settleLists(parsed: Parsed, lines: Lines, inherited: boolean | undefined): Map<number, ListCut[]> {
  const cuts = new Map<number, ListCut[]>();
  parsed.tokens.forEach((token, i) => {
    if (token.level || !GOES_ON.list.test(token.type) || !token.map) return;
    cuts.set(token.map[0], settled(parsed.tokens, i, lines, token.map[0] === 0 ? inherited : undefined));
  });
  return cuts;
}

/** A cut: the blocks before `last` are final; of that one maybe what `slice` takes away. */
interface Cut {
  at: number;
  last: number;
  going?: Going;
  slice?: (node: Element_) => Element_;
  /** It is an open block of code. */
  fence?: Block;
}

interface Read {
  text: string;
  lines: Lines;
  going: Going | null;
  lists: Map<number, ListCut[]>;
}

/** The last cut that nothing can change which is still to come. */
function cutOf(blocks: Block[], read: Read): Cut | null {
  const { lines } = read;
  let last = blocks.length - 1;
  // What begins on a line that may change could be more of the block before it: a paragraph's next line, a table's row.
  while (last > 0 && !begins(blocks[last] as Block, lines)) last--;
  const block = blocks[last];
  if (!block) return null;
  if (block.type === "fence" && !block.closed && last === blocks.length - 1 && lines.isFinal(block.from)) {
    return { last, at: lines.offset(block.from + 1), fence: block };
  }
  const inside = CUTS[block.type]?.(block, last ? { ...read, going: null } : read);
  if (inside) return { last, ...inside };
  return last ? { last, at: lines.offset((blocks[last - 1] as Block).to) } : null;
}

/** Whether the block begins where it does for good: a table does not before its delimiter row is whole (GFM 4.10). */
function begins(block: Block, lines: Lines): boolean {
  return lines.isFinal(block.type === "table_open" ? block.from + 1 : block.from);
}

function fenceOf(node: Code_, { from, markup }: Block, lines: Lines): Fence {
  const view = viewOf(node);
  view.update("", node.language, false);
  return new Fence(view, markup, lines.at(from).search(/[^ ]/));
}

type CutInside = (block: Block, read: Read) => Omit<Cut, "last"> | null;

const childrenFrom = (index: number) => (node: Element_) => ({ ...node, children: node.children.slice(index) });

const cutList: CutInside = (block, { lines, lists }) => {
  const cut = lists.get(block.from)?.at(-1);
  if (!cut) return null;
  const slice = childrenFrom(block.parts.indexOf(cut.line));
  return { at: lines.offset(cut.line), slice, going: { kind: "list", loose: cut.loose } };
};

/** Where each kind of block may be cut inside. */
const CUTS: Record<string, CutInside> = {
  bullet_list_open: cutList,
  ordered_list_open: cutList,
  table_open: (block, { lines, going }) => {
    const part = lastPart(block, lines);
    if (!part) return null;
    const rows = `${lines.at(block.from)}\n${lines.at(block.from + 1)}\n`;
    return {
      at: part.at,
      slice: (node) => {
        const [head, body] = node.children as [Element_, Element_];
        return { ...node, children: [head, childrenFrom(part.index)(body)] };
      },
      going: { kind: "table", head: going?.kind === "table" ? going.head : rows },
    };
  },
  blockquote_open: (block, { lines }) => {
    const part = lastPart(block, lines);
    // A lazy continuation line (CommonMark 5.1) has no mark to go on with after the cut.
    if (!part || !/^ {0,3}>/.test(lines.at(part.line))) return null;
    return { at: part.at, slice: childrenFrom(part.index), going: { kind: "quote" } };
  },
  paragraph_open: (block, { text, lines, going }) => {
    const piece = block.pieces.at(-1);
    if (!piece || lines.mayBeFormula(block.from)) return null;
    const start = lines.offset(block.from);
    // Pieces count from the text's first letter: after the prefix, or after the indentation, which is no text (4.8).
    const begin = going ? 1 : start + text.slice(start, start + 100).search(/[^ \t]/);
    const before = going?.kind === "paragraph" ? going.pieces : 0;
    return {
      at: begin + piece.at,
      slice: (node) => childrenFrom(piece.child)(node),
      going: { kind: "paragraph", pieces: before + block.pieces.length },
    };
  },
};

/** The last part of a long block before which it may be cut. */
function lastPart(block: Block, lines: Lines): { line: number; index: number; at: number } | null {
  const start = lines.offset(block.from);
  for (let index = block.parts.length - 1; index > 0; index--) {
    const line = block.parts[index] as number;
    const at = lines.offset(line);
    if (at - start < PART) return null;
    // TEXT ALONE, and the one line after: `line + 1` may be the delimiter row that makes a table of this line.
    if (lines.isFinal(line + 1)) return { line, index, at };
  }
  return null;
}

/** At most `size` characters, whole lines if there are any. */
function windowOf(text: string, size: number): string {
  const end = text.lastIndexOf("\n", size - 1) + 1;
  return text.slice(0, end || inBetween(text, size));
}

/** Where a block ends that is too long for any text. */
function blockEnd(text: string): number {
  if (text.length < BLOCK) return Infinity;
  const line = text.slice(0, 2 * BLOCK).indexOf("\n", BLOCK - 1);
  return line >= 0 ? line + 1 : text.length >= 2 * BLOCK ? inBetween(text, 2 * BLOCK) : Infinity;
}

/** Not in the middle of a character. */
function inBetween(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code < 0xe000 ? at - 1 : at;
}
