/** An open block of code at the top level: its lines are appended, none is read twice. */

import type { CodeView } from "./code.ts";

/** A line that is longer than this cannot end the block: what has come of it is code. */
const LONG_LINE = 1000;

export class Fence {
  private inLine = false;
  private readonly mark: string;
  private readonly closing: RegExp;

  /** `markup` are the characters that opened it, `indent` the columns before them. */
  constructor(
    readonly view: CodeView,
    markup: string,
    private readonly indent: number,
  ) {
    this.mark = markup.charAt(0);
    // CommonMark 4.5: as long as the opening or longer, indented by three columns at most, no info string.
    this.closing = new RegExp(`^ {0,3}${this.mark}{${markup.length},}[ \\t]*$`);
  }

  /**
   * Take the lines of `text` that are whole; return what is left: the text after the block's end if `closed`, else the
   * beginning of a line. That is shown too, unless it may be the beginning of the end and the text goes on.
   */
  take(text: string, isLast: boolean): { rest: string; closed: boolean } {
    let from = 0;
    let more = "";
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      const line = text.slice(from, end);
      from = end + 1;
      if (!this.inLine && this.closing.test(line)) {
        this.view.grow(more);
        this.view.close();
        return { rest: text.slice(from), closed: true };
      }
      more += `${this.inside(line)}\n`;
      this.inLine = false;
    }
    const rest = text.slice(from);
    if (this.inLine || rest.length > LONG_LINE) {
      this.view.grow(more + this.inside(rest));
      this.inLine = true;
      return { rest: "", closed: false };
    }
    const hidden = isLast ? this.closing.test(rest) : this.mayClose(rest);
    this.view.grow(more, hidden ? "" : this.inside(rest));
    return { rest, closed: false };
  }

  private mayClose(line: string): boolean {
    const bare = line.trim();
    return bare !== "" && !bare.replaceAll(this.mark, "");
  }

  /** The line without as many columns as the opening was indented by (4.5); a tab goes to the next fourth column (2.2). */
  private inside(line: string): string {
    if (this.inLine || !this.indent) return line;
    let column = 0;
    let at = 0;
    for (; column < this.indent; at++) {
      if (line[at] === " ") column++;
      else if (line[at] === "\t") column += 4 - (column % 4);
      else break;
    }
    return " ".repeat(Math.max(0, column - this.indent)) + line.slice(at);
  }
}
