/** An answer as operations have made it so far: plain data, drawn by any number of displays. */

import type { End, Kind, Op, Source } from "./protocol.ts";

/** Text that grows at its end, in pieces that are never joined while it grows. */
export class Growing {
  readonly pieces: string[] = [];
  length = 0;

  push(text: string): void {
    if (!text) return;
    this.pieces.push(text);
    this.length += text.length;
  }

  get whole(): string {
    return this.pieces.join("");
  }
}

/** A reader's place in a growing text: what it takes costs what it is long. */
export class Cursor {
  taken = 0;
  private piece = 0;
  private offset = 0;

  constructor(private readonly text: Growing) {}

  get left(): number {
    return this.text.length - this.taken;
  }

  /** The next `count` characters, rounded down; one more where that would halve a pair of surrogates. */
  take(count: number): string {
    const wanted = Math.floor(count); // a pace is a fraction, a text is not: the loop would never end
    let out = "";
    while (out.length < wanted) {
      const piece = this.text.pieces[this.piece];
      if (piece === undefined) break;
      const part = piece.slice(this.offset, this.offset + wanted - out.length);
      out += part;
      this.step(part.length, piece.length);
    }
    if (isHigh(out) && this.left > out.length) out += this.low();
    this.taken += out.length;
    return out;
  }

  private step(count: number, size: number): void {
    this.offset += count;
    if (this.offset < size) return;
    this.piece += 1;
    this.offset = 0;
  }

  private low(): string {
    const piece = this.text.pieces[this.piece];
    if (piece === undefined) return "";
    const char = piece.charAt(this.offset);
    this.step(1, piece.length);
    return char;
  }
}

function isHigh(text: string): boolean {
  const code = text.charCodeAt(text.length - 1);
  return code >= 0xd800 && code < 0xdc00;
}

export interface Stored {
  type: string;
  data: string | null;
  size: number;
}

/** One part of an answer. A block that begins anew is another object. */
export class Block {
  text = new Growing();
  file: Stored | null = null;
  sources: Source[] = [];
  ended = false;
  /** Milliseconds from its start to its end, where they are known. */
  took: number | null = null;
  /** Whether the reader has opened or closed it; null where he has not touched it. */
  opened: boolean | null = null;

  constructor(
    readonly index: number,
    readonly kind: Kind,
    public name: string,
    /** When it began on the page's clock; null where it came with what was before. */
    readonly began: number | null,
    readonly second: number | null,
  ) {}
}

/** `apply` takes operations in their order; `merge` makes the answer equal to a whole state of it. */
export class Answer {
  title = "";
  status = "";
  /** When the question was asked, on the page's clock. */
  asked: number | null = null;
  end: End | null = null;
  private readonly table = new Map<number, Block>();
  private ordered: Block[] | null = null;

  /** The blocks, in the order of their indices. */
  get blocks(): readonly Block[] {
    this.ordered ??= [...this.table.values()].sort((a, b) => a.index - b.index);
    return this.ordered;
  }

  /** Takes one operation. `live`: it came when it happened, not with a state of before. */
  apply(op: Op, now: number, live = true): void {
    switch (op[0]) {
      case "title":
        this.title = op[1];
        this.asked ??= now - 1000 * (op[2] ?? 0);
        return;
      case "status":
        this.status = op[1];
        return;
      case "done":
        this.end = op[1];
        return;
      case "start":
        this.put(new Block(op[1], op[2], op[3] ?? "", live ? now : null, op[4] ?? null));
        return;
    }
    const block = this.table.get(op[1]) ?? this.put(new Block(op[1], "other", "", null, null));
    switch (op[0]) {
      case "add":
        return block.text.push(op[2]);
      case "set":
        block.text = new Growing();
        return block.text.push(op[2]);
      case "name":
        block.name = op[2];
        return;
      case "file":
        block.file = { type: op[2], data: op[3], size: op[4] };
        return;
      case "cite":
        block.sources = op[2];
        return;
      case "end":
        block.took ??= lasted(block, op[2] ?? null, live ? now : null);
        block.ended = true;
    }
  }

  /** Becomes what `ops` make from nothing. What is there already, and is only continued, stays the same object. */
  merge(ops: readonly Op[], now: number): void {
    const other = new Answer();
    for (const op of ops) other.apply(op, now, false);
    for (const index of [...this.table.keys()]) if (!other.table.has(index)) this.drop(index);
    for (const block of other.blocks) this.adopt(block);
    this.title = other.title;
    this.status = other.status;
    this.asked ??= other.asked;
    this.end = other.end;
  }

  /** The Markdown that the model wrote, thoughts and tool calls left out. */
  get source(): string {
    const texts = this.blocks.filter((block) => block.kind === "text" || block.kind === "other");
    return texts
      .map((block) => block.text.whole.trim())
      .filter(Boolean)
      .join("\n\n");
  }

  private put(block: Block): Block {
    this.table.set(block.index, block);
    this.ordered = null;
    return block;
  }

  private drop(index: number): void {
    this.table.delete(index);
    this.ordered = null;
  }

  private adopt(block: Block): void {
    const mine = this.table.get(block.index);
    if (mine?.kind !== block.kind || !block.text.whole.startsWith(mine.text.whole)) {
      this.put(block);
      return;
    }
    mine.text.push(block.text.whole.slice(mine.text.length));
    mine.name = block.name;
    mine.file = block.file;
    mine.sources = block.sources;
    mine.took ??= block.took;
    mine.ended = block.ended;
  }
}

function lasted(block: Block, second: number | null, now: number | null): number | null {
  if (second !== null && block.second !== null) return 1000 * (second - block.second);
  return now !== null && block.began !== null ? now - block.began : null;
}
