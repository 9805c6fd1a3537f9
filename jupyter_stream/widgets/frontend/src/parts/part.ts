/** What shows a part of an answer, and what it is drawn with. */

import { type Part, Cursor, type Growing } from "../answer.ts";
import type { Clock } from "../clock.ts";
import type { Tools } from "../markdown/tools.ts";
import { Reveal } from "../reveal.ts";

/** What the view of a part is drawn with. */
export interface Frame {
  now: number;
  /** Everything at once: nobody watches it flow. */
  swift: boolean;
  /** The answer is over. */
  over: boolean;
  /** How many characters may still be shown in this frame; views take from it. */
  allowance: number;
}

/** What the view of a part needs of the display that it is in. */
export interface Home {
  readonly tools: Tools;
  readonly clock: Clock;
  /** The reader has changed the height. */
  loosen(): void;
  /** Something has to be drawn that was not before. */
  redraw(): void;
}

/** One part on the screen. */
export interface PartView {
  readonly part: Part;
  readonly el: HTMLElement;
  /** Brings it up to date; whether something is still held back. */
  draw(frame: Frame): boolean;
  /** The next part has begun. */
  passed?(): void;
  /** A running time, if it shows one, goes on; whether it does. */
  tick?(now: number): boolean;
  /** More tools are there. */
  upgrade?(): void;
}

/** What a frame brings of a part's text. */
export interface Fresh {
  text: string;
  /** It replaces what was shown. */
  anew: boolean;
}

/** Reads a part's text at the pace in which it is to be shown. */
export class Flow {
  private text: Growing;
  private cursor: Cursor;
  private reveal = new Reveal();

  constructor(private readonly part: Part) {
    this.text = part.text;
    this.cursor = new Cursor(part.text);
  }

  /** Characters that are not shown yet. */
  get left(): number {
    return this.text === this.part.text ? this.cursor.left : this.part.text.length;
  }

  /** The text that is shown next; null where nothing is. */
  next(frame: Frame): Fresh | null {
    const anew = this.text !== this.part.text;
    if (anew) {
      this.text = this.part.text;
      this.cursor = new Cursor(this.text);
      this.reveal = new Reveal();
    }
    const all = frame.swift || frame.over || this.part.ended || anew;
    const step = this.reveal.step(frame.now, this.text.length, this.cursor.taken);
    const text = this.cursor.take(Math.min(all ? this.cursor.left : step, frame.allowance));
    frame.allowance -= text.length;
    return text || anew ? { text, anew } : null;
  }
}
