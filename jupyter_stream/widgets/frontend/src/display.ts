/** One place on the page that shows an answer. */

import type { Part } from "./answer.ts";
import type { Cancel, Clock } from "./clock.ts";
import { h, put } from "./dom.ts";
import { focusOn } from "./carry.ts";
import { codeButton } from "./copy.ts";
import { ScrollAnchor } from "./follow.ts";
import { Footer, notes } from "./footer.ts";
import type { Drawn, Frames } from "./frames.ts";
import { Left } from "./left.ts";
import type { Tools } from "./markdown/tools.ts";
import { FileView } from "./parts/file.ts";
import type { Frame, Home, PartView } from "./parts/part.ts";
import { TableView } from "./parts/table.ts";
import { TextView } from "./parts/text.ts";
import { ThinkingView, labelOf } from "./parts/thinking.ts";
import { ToolView } from "./parts/tool.ts";
import type { Asset, End, Kind, Model } from "./protocol.ts";
import type { Session, Watcher } from "./session.ts";
import { FrameBudget } from "./reveal.ts";
import css from "./style.css";
import { prepare } from "./swap.ts";
import { speak, voice } from "./voice.ts";

/** How often running times are brought up to date, in ms. */
const TICK = 100;

/** Gives `tools` a heavy module, once it is here. */
export type Equip = (asset: Asset, model: Model, tools: Tools) => Promise<void>;

export class Display implements Drawn, Watcher, Home {
  readonly root: HTMLElement;
  readonly tools: Tools;
  readonly clock: Clock;
  private readonly flow = h("div", { class: "jps-flow", role: "log", "aria-live": "off" });
  private readonly footer: Footer;
  private readonly anchor: ScrollAnchor;
  private readonly views = new Map<number, PartView>();
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");
  private noted: { end: End; el: HTMLElement } | null = null;
  private cancelTick: Cancel | undefined;
  private readonly budget = new FrameBudget();
  private first = true;
  private announced: "" | "running" | "start" | "end" = "";

  constructor(
    private readonly session: Session,
    private readonly model: Model,
    private readonly frames: Frames,
    equip: Equip,
  ) {
    this.clock = session.clock;
    this.tools = {
      images: model.get("images") === true,
      copyButton: (pre) => codeButton(pre, this.clock),
      need: (asset) => void this.fetch(asset, equip),
    };
    this.footer = new Footer(session, model);
    const content = h("div", { class: "jps-content" }, this.flow, this.footer.el);
    this.root = h("div", { class: "jps-view", tabindex: "-1", role: "group", "aria-label": "Answer" }, content);
    voice();
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.anchor = new ScrollAnchor(this.root, content, () => dress(this.root));
  }

  /** Puts the display into `el` as it is now; returns how to take it out. */
  show(el: HTMLElement): () => void {
    el.replaceChildren(this.root);
    dress(this.root);
    const leave = this.session.mount(this.model, this);
    this.redraw();
    this.draw(this.clock.now());
    return () => {
      leave();
      this.frames.forget(this);
      this.cancelTick?.();
      this.anchor.close();
    };
  }

  // ---------------------------------------------------------------- what the session says

  changed(): void {
    // Not with the next frame: an answer that failed before its first word is taken out of the page at once.
    this.announce();
    this.redraw();
  }

  swapped(): void {
    const { parts } = this.session.answer;
    this.draw(this.clock.now()); // what is seen until the Markdown is there is all of it
    const thoughts = parts.flatMap((part) => {
      if (part.kind !== "thinking" || !part.text.whole.trim()) return [];
      return { label: labelOf(part, true), opened: part.opened === true };
    });
    const left = new Left(this.session, this.model);
    prepare(this.root, { left, thoughts, replaced: () => this.announceEnd() }, this.clock);
  }

  // ---------------------------------------------------------------- what the views of its parts ask

  loosen(): void {
    this.anchor.loosen();
  }

  redraw(): void {
    this.frames.ask(this);
  }

  // ---------------------------------------------------------------- drawing

  draw(now: number): "soon" | "now" | null {
    const { session, first } = this;
    const over = !session.running;
    const swift = first || document.hidden || this.still.matches || !this.root.isConnected;
    const frame: Frame = { now, swift, over, allowance: first ? Number.POSITIVE_INFINITY : this.budget.next(now) };
    this.first = false;
    const left = this.drawViews(frame);
    if (!left) this.note();
    this.keepFocus(() => this.footer.draw(now));
    put(this.root, "data-running", session.running);
    put(this.flow, "aria-busy", session.running ? "true" : "false");
    this.announce();
    if (over && !left) this.anchor.release();
    this.tick();
    if (!left) return null;
    if (frame.allowance > 0) return "soon";
    this.budget.full(now);
    return "now";
  }

  private drawViews(frame: Frame): boolean {
    const { parts } = this.session.answer;
    let place: Element | null = this.flow.firstElementChild;
    let left = false;
    let before: PartView | null = null;
    for (const part of parts) {
      let view = this.views.get(part.index);
      if (view?.part !== part) {
        if (view && view.el === place) place = place.nextElementSibling;
        view?.el.remove();
        view = new (VIEWS[part.kind] ?? TextView)(part, this);
        this.views.set(part.index, view);
      }
      if (view.el === place) place = place.nextElementSibling;
      else this.flow.insertBefore(view.el, place);
      before?.passed?.();
      before = view;
    }
    if (this.views.size > parts.length) this.prune(new Set(parts.map((part) => part.index)));
    for (const part of parts) left = !!this.views.get(part.index)?.draw(frame) || left;
    return left;
  }

  private prune(indices: Set<number>): void {
    for (const [index, view] of this.views) {
      if (indices.has(index)) continue;
      view.el.remove();
      this.views.delete(index);
    }
  }

  /** Why it is not whole. */
  private note(): void {
    const { end } = this.session.answer;
    if (this.noted?.end === end || (!this.noted && !end)) return;
    this.noted?.el.remove();
    this.noted = end && (end.notes?.length || end.byline) ? { end, el: notes(end) } : null;
    if (this.noted) this.flow.append(this.noted.el);
  }

  /** Says to those who cannot see it that it begins and ends, not what comes between. */
  private announce(): void {
    const { answer, running } = this.session;
    if (!running) {
      // Not of an answer that was over when it was first shown: nobody waits for that.
      if (this.announced) this.announceEnd();
      return;
    }
    this.announced ||= "running";
    if (!answer.parts.length || this.announced !== "running") return;
    this.announced = "start";
    speak(`${answer.title || "The model"} answers.`, this.clock);
  }

  private announceEnd(): void {
    const { end, parts } = this.session.answer;
    if (this.announced === "end" || !end) return;
    this.announced = "end";
    const words = endingOf(end, parts.length > 0);
    if (words) speak(words, this.clock);
  }

  /** A control that is not offered any more, as Stop at the end, leaves the focus to the whole. */
  private keepFocus(draw: () => void): void {
    const held = this.root.contains(document.activeElement) ? document.activeElement : null;
    draw();
    if (held?.closest("[hidden]")) focusOn(this.root);
  }

  /** Running times go on without a frame being drawn. */
  private tick(): void {
    this.cancelTick?.();
    const now = this.clock.now();
    let on = this.footer.tick(now);
    if (this.session.running) for (const view of this.views.values()) on = !!view.tick?.(now) || on;
    if (on) this.cancelTick = this.clock.after(TICK, () => this.tick());
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.footer.press()) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private async fetch(asset: Asset, equip: Equip): Promise<void> {
    await equip(asset, this.model, this.tools);
    for (const view of this.views.values()) view.upgrade?.();
  }
}

/** How it ended, in words to be heard: without the signs that only the eye reads. Nothing of one that others show. */
function endingOf({ mark, notes = [] }: End, begun: boolean): string {
  const heard = notes.map((note) => note.replace(/^[^\p{L}\p{N}]+/u, ""));
  if (mark && !heard.length) return "There is no answer: an error stands below the cell.";
  return [...(mark || !begun ? [] : ["The answer is complete."]), ...heard].join(" ");
}

// ------------------------------------------------------------------ what shows a part

const VIEWS: Record<Kind, new (part: Part, home: Home) => PartView> = {
  text: TextView,
  thinking: ThinkingView,
  tool: ToolView,
  return: ToolView,
  file: FileView,
  table: TableView,
  other: TextView,
};

// ------------------------------------------------------------------ the style sheet

/** The documents and shadow trees that have it. */
const dressed = new WeakSet<Node>();

/** Sees to it that the styles apply to `element`, with those of the notebook or, where it has none, without. */
function dress(element: Element): void {
  const root = element.getRootNode();
  const styled = getComputedStyle(element).getPropertyValue("--jp-content-line-height");
  element.classList.toggle("jps-bare", element.isConnected && !styled);
  const place = root instanceof ShadowRoot ? root : element.ownerDocument.head;
  if (dressed.has(place)) return;
  dressed.add(place);
  const style = element.ownerDocument.createElement("style");
  style.textContent = css;
  place.append(style);
}
