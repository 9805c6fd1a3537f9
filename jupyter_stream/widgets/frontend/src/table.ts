/** A table that fills in: rows come one after the other, and the cells of an open row grow. Plain data. */

export interface Row {
  cells: string[];
  /** Null while the row is open, else why it is not valid, or nothing. */
  state: string | null;
}

export class Table {
  columns: readonly string[] = [];
  /** Whether the rows are items of a list, and not the fields of one object. */
  numbered = true;
  readonly rows: Row[] = [];
  /** The numbers of rows in the order in which they changed: whoever draws them remembers how many of these it has seen. */
  readonly changes: number[] = [];

  name(columns: readonly string[], numbered: boolean): void {
    this.columns = columns;
    this.numbered = numbered;
  }

  /** A row is as given; rows come in their order. */
  put(number: number, cells: readonly string[], state: string | null): void {
    if (number > this.rows.length) return;
    this.rows[number] = { cells: [...cells], state };
    this.changes.push(number);
  }

  /** A cell of a row grows. */
  grow(number: number, column: number, text: string): void {
    const row = this.rows[number];
    if (!row) return;
    row.cells[column] = (row.cells[column] ?? "") + text;
    this.changes.push(number);
  }

  /** How many rows there are, and how many of them are not valid, in the words of the saved Markdown. */
  get count(): string {
    const bad = this.rows.filter((row) => row.state).length;
    const { length } = this.rows;
    return `${length.toLocaleString("en")} row${length === 1 ? "" : "s"}${bad ? `, ${bad.toLocaleString("en")} of them not valid` : ""}`;
  }

  /** As tab-separated text, which a sheet takes. */
  get text(): string {
    return [this.columns, ...this.rows.map((row) => row.cells)].map((cells) => cells.join("\t")).join("\n");
  }
}
