/** The lines of a text: where they begin, and which nothing can change any more. */
export class Lines {
  private readonly starts: number[] = [0];

  /** From the line `open` on, what is read as text may still become a formula. */
  constructor(
    private readonly text: string,
    private readonly open: number,
  ) {
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.starts.push(at + 1);
  }

  /** Where a line begins; the end of the text for those after the last. */
  offset(line: number): number {
    return this.starts[line] ?? this.text.length;
  }

  at(line: number): string {
    const next = this.starts[line + 1];
    return this.text.slice(this.offset(line), next === undefined ? undefined : next - 1);
  }

  isBlank(line: number): boolean {
    return line >= 0 && !this.at(line).trim();
  }

  /** Whether the line is whole and what begins on it is what it seems. */
  isFinal(line: number): boolean {
    return line < this.starts.length - 1 && line <= this.open;
  }

  /** Whether a formula may have begun on this line or after it that has not ended. */
  mayBeFormula(line: number): boolean {
    return this.open < Infinity && this.open >= line;
  }
}
