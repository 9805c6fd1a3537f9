/**
 * An answer as operations have made it so far: plain data, drawn by any number of displays. What the log of operations
 * calls a block is a part of the answer here, as it is in `jupyter_stream.messages`.
 */

import type { End, Kind, Op, Source, Version } from "./protocol.ts";
import { Table } from "./table.ts";

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
      const more = piece.slice(this.offset, this.offset + wanted - out.length);
      out += more;
      this.step(more.length, piece.length);
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

/** One part of an answer. A part that begins anew is another object. */
export class Part {
  text = new Growing();
  file: Stored | null = null;
  table: Table | null = null;
  sources: Source[] = [];
  ended = false;
  /** Milliseconds from its start to its end, where they are known. */
  took: number | null = null;
  /** Whether the reader has opened or closed it; null where neither. */
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
  private readonly table = new Map<number, Part>();
  private ordered: Part[] | null = null;

  /** The parts, in the order of their indices. */
  get parts(): readonly Part[] {
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
      case "version":
        this.turn(op[1]);
        return;
      case "start":
        this.put(new Part(op[1], op[2], op[3] ?? "", live ? now : null, op[4] ?? null));
        return;
    }
    const part = this.table.get(op[1]) ?? this.put(new Part(op[1], "other", "", null, null));
    switch (op[0]) {
      case "add":
        return part.text.push(op[2]);
      case "set":
        part.text = new Growing();
        return part.text.push(op[2]);
      case "name":
        part.name = op[2];
        return;
      case "file":
        part.file = { type: op[2], data: op[3], size: op[4] };
        return;
      case "cite":
        part.sources = op[2];
        return;
      case "columns":
        part.table ??= new Table();
        return part.table.name(op[2], op[3]);
      case "row":
        part.table ??= new Table();
        return part.table.put(op[2], op[3], op[4]);
      case "cell":
        return part.table?.grow(op[2], op[3], op[4]);
      case "end":
        part.took ??= lasted(part, op[2] ?? null, live ? now : null);
        part.ended = true;
    }
  }

  /** Becomes what `ops` make from nothing. What is there already, and is only continued, stays the same object. */
  merge(ops: readonly Op[], now: number): void {
    const other = new Answer();
    for (const op of ops) other.apply(op, now, false);
    for (const index of [...this.table.keys()]) if (!other.table.has(index)) this.drop(index);
    for (const part of other.parts) this.adopt(part);
    this.title = other.title;
    this.status = other.status;
    this.asked ??= other.asked;
    this.end = other.end;
  }

  /** The Markdown that the model wrote, thoughts and tool calls left out; of a table what a sheet takes. */
  get source(): string {
    const texts = this.parts.filter((part) => part.kind === "text" || part.kind === "other" || part.table);
    return texts
      .map((part) => part.table?.text ?? part.text.whole.trim())
      .filter(Boolean)
      .join("\n\n");
  }

  /** Becomes another answer, of which the text is known, and how it ended. */
  private turn(version: Version): void {
    this.table.clear();
    this.ordered = null;
    const part = new Part(0, "text", "", null, null);
    part.text.push(version.source);
    part.ended = true;
    if (version.source) this.put(part);
    this.end = version;
  }

  private put(part: Part): Part {
    this.table.set(part.index, part);
    this.ordered = null;
    return part;
  }

  private drop(index: number): void {
    this.table.delete(index);
    this.ordered = null;
  }

  private adopt(part: Part): void {
    const mine = this.table.get(part.index);
    if (mine?.kind !== part.kind || !part.text.whole.startsWith(mine.text.whole)) {
      this.put(part);
      return;
    }
    mine.text.push(part.text.whole.slice(mine.text.length));
    mine.name = part.name;
    mine.file = part.file;
    mine.table = part.table;
    mine.sources = part.sources;
    mine.took ??= part.took;
    mine.ended = part.ended;
  }
}

function lasted(part: Part, second: number | null, now: number | null): number | null {
  if (second !== null && part.second !== null) return 1000 * (second - part.second);
  return now !== null && part.began !== null ? now - part.began : null;
}
