/**
 * A typed answer as a table: rows are appended and stay as they are, only an open row changes. A long list scrolls in a
 * box of the height that the saved table will have, below a head that stays.
 */

import type { Part } from "../answer.ts";
import { h, put, say, selectedIn } from "../dom.ts";
import type { Row, Table } from "../table.ts";
import type { Frame, PartView } from "./part.ts";
import { MARKDOWN } from "./prose.ts";

/** As many rows are shown without scrolling: those that are saved. */
const MOST = 50;
/** After so many rows the columns keep their widths, so that nothing above moves. */
const SETTLED = 8;
const SIGN = "⚠";
const REGION = { tabindex: "0", role: "region", "aria-label": "Rows of the answer" };

export class TableView implements PartView {
  readonly el: HTMLElement;
  private readonly box: HTMLElement;
  private readonly head = h("tr");
  private readonly body = h("tbody");
  private readonly grid = h("table", {}, h("thead", {}, this.head), this.body);
  private readonly count = h("em");
  private table: Table | null = null;
  private columns: readonly string[] = [];
  private seen = 0;
  private widths = false;

  constructor(readonly part: Part) {
    this.box = h("div", { class: "jps-grid" }, this.grid);
    this.el = h("div", { class: `jps-part ${MARKDOWN} jps-table` }, this.box, h("p", { class: "jps-count" }, this.count));
  }

  draw(frame: Frame): boolean {
    const { table } = this.part;
    if (!table) return false;
    if (table !== this.table) this.become(table);
    if (table.columns !== this.columns) this.name(table);
    const following = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 4;
    const before = this.seen;
    while (this.seen < table.changes.length && frame.allowance > 0) frame.allowance -= this.drawNext(table);
    const whole = this.part.ended || frame.over;
    if (this.seen > before) this.lay(table, following, whole);
    this.settle(table, whole);
    return this.seen < table.changes.length;
  }

  private become(table: Table): void {
    this.table = table;
    this.columns = [];
    this.seen = 0;
    while (this.body.rows.length > table.rows.length) this.body.lastElementChild?.remove();
  }

  private name(table: Table): void {
    this.columns = table.columns;
    const names = [...(table.numbered ? ["#"] : []), ...table.columns];
    this.head.replaceChildren(...names.map((name) => h("th", { scope: "col" }, name)));
    put(this.el, "data-numbered", table.numbered);
    this.release();
  }

  /** Draws a row as it is now, however often it has changed; returns what that took of the frame. */
  private drawNext(table: Table): number {
    const number = table.changes[this.seen] as number;
    while (table.changes[this.seen] === number) this.seen += 1;
    const row = table.rows[number] as Row;
    const line = this.body.rows[number] ?? this.body.appendChild(h("tr"));
    const texts = [...(table.numbered ? [String(number + 1)] : []), ...table.columns.map((_, column) => row.cells[column] ?? "")];
    texts.forEach((text, column) => drawCell(line, column, text));
    put(line, "data-live", row.state === null);
    this.mark(line, row);
    return texts.reduce((size, text) => size + text.length, 20);
  }

  /** A sign before the row's first cell says that it is not valid, and why to whoever points at it or hears it. */
  private mark(line: HTMLTableRowElement, { state }: Row): void {
    put(line, "title", state || null);
    line.classList.toggle("jps-bad", !!state);
    const first = line.cells[0] as HTMLTableCellElement;
    first.querySelector(".jps-wrong")?.remove();
    if (!state) return;
    const why = h("span", { class: "jps-hidden" }, ` not valid: ${state} `);
    first.prepend(h("span", { class: "jps-wrong" }, h("span", { "aria-hidden": "true" }, `${SIGN} `), why));
  }

  /** What the sizes of the rows decide: the widths of the columns, and the height of the box. */
  private lay(table: Table, following: boolean, whole: boolean): void {
    const { box } = this;
    if (whole) this.release();
    else if (table.numbered && this.body.rows.length > SETTLED) this.keepWidths();
    if (this.body.rows.length > MOST) {
      this.keepHeight();
      if (following && !selectedIn(box)) box.scrollTop = box.scrollHeight;
    }
    // What scrolls must be reached without a mouse.
    const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    for (const [name, value] of Object.entries(REGION)) put(box, name, scrolls ? value : null);
  }

  private keepHeight(): void {
    const { box } = this;
    const next = this.body.rows[MOST];
    if (box.style.maxHeight || !next) return;
    const height = next.getBoundingClientRect().top - box.getBoundingClientRect().top;
    if (height > 0) box.style.maxHeight = `${Math.ceil(height)}px`; // else it is not on the page yet
  }

  private keepWidths(): void {
    if (this.widths || !this.grid.offsetWidth) return;
    this.widths = true;
    const cells = [...this.head.cells];
    const widths = cells.map((cell) => cell.getBoundingClientRect().width);
    this.grid.style.width = `${this.grid.getBoundingClientRect().width}px`;
    cells.forEach((cell, at) => (cell.style.width = `${widths[at]}px`));
    this.grid.style.tableLayout = "fixed";
  }

  private release(): void {
    this.widths = false;
    this.grid.removeAttribute("style");
    for (const cell of this.head.cells) cell.removeAttribute("style");
  }

  private settle(table: Table, whole: boolean): void {
    put(this.el, "data-live", !whole);
    if (whole && this.widths) this.release();
    say(this.count, table.numbered ? table.count : "");
    put(this.count.parentElement as Element, "hidden", !table.numbered);
  }
}

/** The first cell of a row names it. */
function drawCell(line: HTMLTableRowElement, column: number, text: string): void {
  const cell = line.cells[column] ?? line.appendChild(column ? h("td") : h("th", { scope: "row" }));
  const node = cell.lastChild ?? cell.appendChild(document.createTextNode(""));
  if (node.nodeType === 3 && text.startsWith(node.nodeValue ?? "")) {
    const more = text.slice(node.nodeValue?.length ?? 0);
    if (more) (node as Text).appendData(more);
  } else say(node, text);
}
