/** The timeline of one answer: its text on a line of time, and its events as a list. See `widgets/timeline.py`. */

import { h, put, say } from "./dom.ts";
import { type ExplorerModel, join } from "./explorer.ts";
import css from "./timeline.css";

/** Seconds, and the characters that came then. */
type Point = [number, number];
/** Seconds, kind of event, index and kind of its part, what it brings, characters of text. */
type Row = [number, string, number | null, string, string, number];

/** What came after the first `at` events of the trace numbered `trace`; the figures are those of all of it. */
interface News {
  trace: number;
  at: number;
  count: number;
  rows: Row[];
  points: Point[];
  first: number | null;
  last: number | null;
  /** The longest pause, if it is more than the pace of this answer explains. */
  silence: [number, number] | null;
  deltas: number;
  characters: number;
  rate: number | null;
  end: number | null;
}

interface Model {
  get(name: "state"): News | null;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback: (...args: never[]) => void): void;
  send(content: { kind: "need" }): void;
}

const MOST_ROWS = 500;
const MOST_POINTS = 4000;
const HEIGHT = 190;
const LEFT = 62;
const RIGHT = 14;
/** The curve, the bars of the rate and the marks of the pieces, from above: where each begins and ends. */
const CURVE = [18, 106] as const;
const BARS = [118, 150] as const;
const RUG = [155, 165] as const;
/** How often a page that finds a gap asks again, in ms. */
const PATIENCE = 300;

const SVG = "http://www.w3.org/2000/svg";

function s(tag: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 2 });

/** '0.42 s', '12.3 s', '184 s'. */
export function seconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)} s`;
}

/** A round step that cuts `length` into about `parts`. */
export function step(length: number, parts: number): number {
  const raw = length / parts || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5].find((round) => raw <= round * power) ?? 10);
}

/** All that is known of one trace. */
export class Story {
  trace = -1;
  count = 0;
  points: Point[] = [];
  rows: Row[] = [];
  /** Rows that nobody has shown yet, the last ones of `rows`. */
  fresh = 0;
  news: News | null = null;

  /** Takes what came; whether it continues what is there. What begins at 0 replaces it. */
  take(news: News): boolean {
    if (news.at === 0) {
      const known = news.trace === this.trace && news.count <= this.count;
      if (known && news.count === this.count) this.news = news;
      if (known) return true;
      this.points = [];
      this.rows = [];
    } else if (news.trace !== this.trace || news.at > this.count) return false;
    else if (news.at < this.count) return true;
    this.trace = news.trace;
    this.count = news.count;
    this.news = news;
    for (const point of news.points) this.points.push(point);
    this.rows = [...this.rows, ...news.rows].slice(-MOST_ROWS);
    this.fresh = Math.min(this.rows.length, (news.at ? this.fresh : 0) + news.rows.length);
    while (this.points.length > MOST_POINTS) this.points = halved(this.points);
    return true;
  }
}

function halved(points: Point[]): Point[] {
  const half: Point[] = [];
  for (let i = 0; i < points.length; i += 2) {
    const one = points[i] as Point;
    const other = points[i + 1];
    half.push(other ? [other[0], one[1] + other[1]] : one);
  }
  return half;
}

/** What the plot says to those who don't see it. */
export function spoken(news: News | null): string {
  if (!news || news.first === null || news.last === null) {
    return news?.end == null ? "No text has come yet." : "No text came.";
  }
  const gap = news.silence ? `; the longest silence was ${seconds(news.silence[1] - news.silence[0])}` : "";
  return (
    `Timeline of the answer: the first text came after ${seconds(news.first)}, then ${whole.format(news.deltas)} pieces ` +
    `of text with ${whole.format(news.characters)} characters until ${seconds(news.last)}${gap}.`
  );
}

class View {
  private readonly head = h("div", { class: "jpt-head" });
  private readonly plot = s("svg", { class: "jpt-plot", role: "img", tabindex: 0 });
  private readonly list = h("div", { class: "jpt-list", role: "log", "aria-live": "off", "aria-label": "Events", tabindex: "0" });
  private readonly note = h("div", { class: "jpt-note" });
  private readonly story = new Story();
  private readonly sizes = new ResizeObserver(() => this.draw());
  private frame = 0;
  private asked = 0;
  private pointed: number | null = null;
  private totals: number[] = [];

  constructor(
    private readonly model: Model,
    el: HTMLElement,
  ) {
    const root = h("div", { class: "jpt" }, h("style", {}, css), this.head);
    root.append(this.plot, this.list);
    this.list.append(this.note);
    el.append(root);
    this.sizes.observe(this.plot);
    this.plot.addEventListener("pointermove", (event) => this.point(this.at((event as PointerEvent).clientX)));
    this.plot.addEventListener("pointerleave", () => this.point(null));
    this.plot.addEventListener("blur", () => this.point(null));
    this.plot.addEventListener("keydown", (event) => this.key(event as KeyboardEvent));
    model.on("msg:custom", this.hear as (...args: never[]) => void);
    model.on("change:state", this.restore);
    this.restore();
  }

  readonly close = () => {
    this.model.off("msg:custom", this.hear as (...args: never[]) => void);
    this.model.off("change:state", this.restore);
    this.sizes.disconnect();
    cancelAnimationFrame(this.frame);
  };

  private readonly restore = () => {
    const state = this.model.get("state");
    if (state) this.story.take(state);
    this.draw();
  };

  private readonly hear = (news: News) => {
    if (!this.story.take(news) && performance.now() - this.asked > PATIENCE) {
      this.asked = performance.now();
      this.model.send({ kind: "need" });
    }
    this.draw();
  };

  private draw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.drawHead();
      this.drawPlot();
      this.drawRows();
    });
  }

  // ---------------------------------------------------------------- the line of figures, or what is pointed at

  private drawHead(): void {
    const { news } = this.story;
    const figures: [string, string][] = [];
    const point = this.pointed === null ? undefined : this.story.points[this.pointed];
    if (point && this.pointed !== null) {
      figures.push(["at", seconds(point[0])], ["characters", whole.format(this.totals[this.pointed] ?? 0)]);
      figures.push(["new", whole.format(point[1])]);
      const before = this.story.points[this.pointed - 1];
      if (before) figures.push(["after a pause of", seconds(point[0] - before[0])]);
    } else if (news && news.first !== null && news.last !== null) {
      figures.push(["first text after", seconds(news.first)]);
      figures.push(["characters", whole.format(news.characters)], ["in pieces", whole.format(news.deltas)]);
      if (news.rate !== null) figures.push(["characters a second", whole.format(Math.round(news.rate))]);
      if (news.silence) figures.push(["longest silence", seconds(news.silence[1] - news.silence[0])]);
    } else {
      figures.push([news?.end == null ? "Nothing has come yet." : "No text came.", ""]);
    }
    this.head.replaceChildren(...figures.map(([name, value]) => h("span", {}, h("i", {}, `${name} `), h("b", {}, value))));
    put(this.plot, "aria-label", spoken(news));
  }

  // ---------------------------------------------------------------- the plot

  private get width(): number {
    return Math.max(160, this.plot.clientWidth || this.plot.getBoundingClientRect().width);
  }

  /** Seconds that the plot spans. */
  private get span(): number {
    const { news, rows } = this.story;
    return Math.max(news?.end ?? 0, news?.last ?? 0, rows.at(-1)?.[0] ?? 0) || 1;
  }

  private x(time: number): number {
    return LEFT + (time / this.span) * (this.width - LEFT - RIGHT);
  }

  private drawPlot(): void {
    const { points, news } = this.story;
    const total = points.reduce((sum, point) => sum + point[1], 0);
    let sum = 0;
    this.totals = points.map((point) => (sum += point[1]));
    const top = total || 1;
    const y = (characters: number) => CURVE[1] - (characters / top) * (CURVE[1] - CURVE[0]);
    const nodes = this.axes(top, y);
    if (news?.silence) nodes.push(...this.silence(news.silence));
    if (points.length) {
      const first = this.x((points[0] as Point)[0]);
      let path = `M${first.toFixed(1)} ${CURVE[1]}`;
      let rug = "";
      points.forEach((point, i) => {
        const x = this.x(point[0]).toFixed(1);
        path += `H${x}V${y(this.totals[i] as number).toFixed(1)}`;
        rug += `M${x} ${RUG[0]}V${RUG[1]}`;
      });
      const last = this.x((points.at(-1) as Point)[0]).toFixed(1);
      nodes.push(s("path", { class: "jpt-area", d: `${path}V${CURVE[1]}Z` }), s("path", { class: "jpt-curve", d: path }));
      nodes.push(...this.bars(), s("path", { class: "jpt-rug", d: rug }));
      put(this.plot, "data-last", last);
    }
    if (news && news.first !== null) nodes.push(...this.firstMark(news.first));
    nodes.push(...this.hair(y));
    put(this.plot, "viewBox", `0 0 ${this.width} ${HEIGHT}`);
    this.plot.replaceChildren(...nodes);
  }

  private axes(top: number, y: (characters: number) => number): SVGElement[] {
    const nodes: SVGElement[] = [];
    const right = this.width - RIGHT;
    const line = (y: number) => s("line", { class: "jpt-grid", x1: LEFT, x2: right, y1: y, y2: y });
    const label = (x: number, y: number, text: string, anchor = "end") => s("text", { x, y, "text-anchor": anchor }, text);
    if (this.story.points.length) {
      const by = step(top, 3);
      for (let value = 0; value <= top; value += by) {
        nodes.push(line(y(value)), label(LEFT - 6, y(value) + 4, whole.format(value)));
      }
    } else nodes.push(line(CURVE[1]), label(LEFT - 6, CURVE[1] + 4, "0"));
    nodes.push(line(BARS[1]), label(LEFT - 6, RUG[1], "pieces"), label(LEFT, 9, "characters", "start"));
    const every = step(this.span, Math.max(2, this.width / 110));
    const digits = Math.max(0, -Math.floor(Math.log10(every) + 1e-9));
    for (let time = 0; time <= this.span * 1.0001; time += every) {
      const x = this.x(time);
      nodes.push(s("line", { class: "jpt-grid", x1: x, x2: x, y1: RUG[1] + 3, y2: RUG[1] + 7 }));
      nodes.push(label(x, HEIGHT - 6, `${time.toFixed(digits)}${time + every > this.span * 1.0001 ? " s" : ""}`, "middle"));
    }
    return nodes;
  }

  /** Characters a second in slices of the time. */
  private bars(): SVGElement[] {
    const count = Math.max(10, Math.min(80, Math.floor((this.width - LEFT - RIGHT) / 9)));
    const slices = new Array<number>(count).fill(0);
    for (const [time, size] of this.story.points) {
      const at = Math.min(count - 1, Math.floor((time / this.span) * count));
      slices[at] = (slices[at] as number) + size;
    }
    const most = Math.max(...slices);
    const wide = (this.width - LEFT - RIGHT) / count;
    let path = "";
    slices.forEach((size, i) => {
      const high = (size / most) * (BARS[1] - BARS[0]);
      if (size) path += `M${(LEFT + i * wide + 0.5).toFixed(1)} ${BARS[1]}v${-high.toFixed(1)}h${(wide - 1).toFixed(1)}v${high.toFixed(1)}z`;
    });
    const rate = short.format(Math.round(most / (this.span / count)));
    return [
      s("path", { class: "jpt-bars", d: path }),
      s("text", { x: LEFT - 6, y: BARS[0] + 9, "text-anchor": "end" }, this.story.points.length > 1 ? `${rate} ch/s` : ""),
    ];
  }

  private firstMark(first: number): SVGElement[] {
    const x = this.x(first);
    const after = x < this.width / 2;
    return [
      s("line", { class: "jpt-first", x1: x, x2: x, y1: CURVE[0] - 6, y2: RUG[1] }),
      s(
        "text",
        { class: "jpt-strong", x: x + (after ? 5 : -5), y: CURVE[0] + 4, "text-anchor": after ? "start" : "end" },
        `first text ${seconds(first)}`,
      ),
    ];
  }

  private silence([from, to]: [number, number]): SVGElement[] {
    const [x, end] = [this.x(from), this.x(to)];
    const middle = Math.min(Math.max((x + end) / 2, LEFT + 45), this.width - RIGHT - 45);
    return [
      s("rect", { class: "jpt-gap", x, width: Math.max(1, end - x), y: CURVE[0] + 8, height: RUG[1] - CURVE[0] - 8 }),
      s("text", { class: "jpt-amber", x: middle, y: CURVE[1] - 6, "text-anchor": "middle" }, `silent ${seconds(to - from)}`),
    ];
  }

  private hair(y: (characters: number) => number): SVGElement[] {
    const point = this.pointed === null ? undefined : this.story.points[this.pointed];
    if (!point || this.pointed === null) return [];
    const x = this.x(point[0]);
    return [
      s("line", { class: "jpt-hair", x1: x, x2: x, y1: CURVE[0] - 6, y2: RUG[1] }),
      s("circle", { class: "jpt-dot", cx: x, cy: y(this.totals[this.pointed] ?? 0), r: 4 }),
    ];
  }

  // ---------------------------------------------------------------- pointing

  /** The point nearest to a place on the page. */
  private at(clientX: number): number | null {
    const { points } = this.story;
    if (!points.length) return null;
    const box = this.plot.getBoundingClientRect();
    const time = ((clientX - box.left - LEFT) / (box.width - LEFT - RIGHT)) * this.span;
    let [low, high] = [0, points.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((points[middle] as Point)[0] < time) low = middle + 1;
      else high = middle;
    }
    const before = points[low - 1];
    return before && time - before[0] < (points[low] as Point)[0] - time ? low - 1 : low;
  }

  private point(index: number | null): void {
    if (index === this.pointed) return;
    this.pointed = index;
    this.draw();
  }

  private key(event: KeyboardEvent): void {
    const end = this.story.points.length - 1;
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, Home: -end, End: end };
    const move = moves[event.key];
    if (event.key === "Escape") this.point(null);
    if (move === undefined || end < 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.point(Math.min(end, Math.max(0, (this.pointed ?? (move > 0 ? -1 : end + 1)) + move)));
  }

  // ---------------------------------------------------------------- the events

  private drawRows(): void {
    const { rows, count, fresh } = this.story;
    const follows = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 8;
    if (fresh === rows.length && (fresh || !count)) this.list.replaceChildren(this.note);
    if (fresh) this.list.append(...rows.slice(-fresh).map(rowOf));
    this.story.fresh = 0;
    while (this.list.childElementCount > MOST_ROWS + 1) this.list.children[1]?.remove();
    const left = count - (this.list.childElementCount - 1);
    say(this.note, count ? (left > 0 ? `${whole.format(left)} earlier events` : "") : "Events are listed here as they come.");
    this.note.hidden = !this.note.textContent;
    if (follows) this.list.scrollTop = this.list.scrollHeight;
  }
}

/** One line, with dots for the spaces at its ends, as editors have them. */
function visible(text: string): string {
  return text.replaceAll("\n", "⏎").replace(/^ +| +$/g, (spaces) => "·".repeat(spaces.length));
}

function rowOf([time, kind, index, part, text]: Row): HTMLElement {
  const cells = [seconds(time), kind, index === null ? "" : String(index), part, visible(text)];
  const row = h("div", { class: kind === "part_delta" ? "jpt-row jpt-delta" : "jpt-row" });
  row.append(...cells.map((cell) => h("span", {}, cell)));
  (row.lastElementChild as HTMLElement).title = text;
  return row;
}

export default {
  render({ model, el }: { model: Model & ExplorerModel; el: HTMLElement }): () => void {
    const { close } = new View(model, el);
    const leave = join(model, el);
    return () => {
      leave();
      close();
    };
  },
};
