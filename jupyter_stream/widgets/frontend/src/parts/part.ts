/** What every part of a display is, and what it is told. */

import { type Block, Cursor, type Growing } from "../answer.ts";
import type { Clock } from "../clock.ts";
import type { Tools } from "../markdown/tools.ts";
import { Reveal } from "../reveal.ts";

/** What a part is drawn with. */
export interface Frame {
  now: number;
  /** Everything at once: nobody watches it flow. */
  swift: boolean;
  /** The answer is over. */
  over: boolean;
  /** How many characters may still be shown in this frame; parts take from it. */
  allowance: number;
}

/** What a part needs of the display that it is in. */
export interface Home {
  readonly tools: Tools;
  readonly clock: Clock;
  /** The reader changed the height himself. */
  loosen(): void;
  /** Something has to be drawn that was not before. */
  redraw(): void;
}

/** One block on the screen. */
export interface Part {
  readonly block: Block;
  readonly el: HTMLElement;
  /** Brings it up to date; whether something is still held back. */
  draw(frame: Frame): boolean;
  /** The next block has begun. */
  passed?(): void;
  /** A running time, if it shows one, goes on; whether it does. */
  tick?(now: number): boolean;
  /** More tools are there. */
  upgrade?(): void;
}

/** What a frame brings of a block's text. */
export interface Fresh {
  text: string;
  /** It replaces what was shown. */
  anew: boolean;
}

/** Reads a block's text at the pace in which it is to be shown. */
export class Flow {
  private text: Growing;
  private cursor: Cursor;
  private reveal = new Reveal();

  constructor(private readonly block: Block) {
    this.text = block.text;
    this.cursor = new Cursor(block.text);
  }

  /** Characters that are not shown yet. */
  get left(): number {
    return this.text === this.block.text ? this.cursor.left : this.block.text.length;
  }

  /** The text that is shown next; null where nothing is. */
  next(frame: Frame): Fresh | null {
    const anew = this.text !== this.block.text;
    if (anew) {
      this.text = this.block.text;
      this.cursor = new Cursor(this.text);
      this.reveal = new Reveal();
    }
    const all = frame.swift || frame.over || this.block.ended || anew;
    const step = this.reveal.step(frame.now, this.text.length, this.cursor.taken);
    const text = this.cursor.take(Math.min(all ? this.cursor.left : step, frame.allowance));
    frame.allowance -= text.length;
    return text || anew ? { text, anew } : null;
  }
}
