/** One place on the page that shows an answer. */

import type { Block } from "./answer.ts";
import type { Cancel, Clock } from "./clock.ts";
import { h, put, say } from "./dom.ts";
import { codeButton } from "./copy.ts";
import { Ground } from "./follow.ts";
import { Foot, notes } from "./foot.ts";
import type { Drawn, Frames } from "./frames.ts";
import type { Tools } from "./markdown/tools.ts";
import { FilePart } from "./parts/file.ts";
import type { Frame, Home, Part } from "./parts/part.ts";
import { TextPart } from "./parts/text.ts";
import { ThinkingPart } from "./parts/thinking.ts";
import { ToolPart } from "./parts/tool.ts";
import type { Asset, End, Kind, Model } from "./protocol.ts";
import type { Session, Watcher } from "./session.ts";
import { Portion } from "./reveal.ts";
import css from "./style.css";
import { prepare } from "./swap.ts";

/** How often running times are brought up to date, in ms. */
const TICK = 100;

/** Where heavy tools come from: calls back with each that has come. */
export type Bring = (asset: Asset, model: Model, tools: Tools) => Promise<void>;

export class Display implements Drawn, Watcher, Home {
  readonly root: HTMLElement;
  readonly tools: Tools;
  readonly clock: Clock;
  private readonly flow = h("div", { class: "jps-flow", role: "log", "aria-live": "off", "aria-label": "Answer" });
  private readonly voice = h("span", { class: "jps-hidden", role: "status", "aria-live": "polite" });
  private readonly foot: Foot;
  private readonly ground: Ground;
  private readonly parts = new Map<number, Part>();
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");
  private noted: { end: End; el: HTMLElement } | null = null;
  private cancelTick: Cancel | undefined;
  private readonly portion = new Portion();
  private first = true;
  private announced: "" | "start" | "end" = "";

  constructor(
    private readonly session: Session,
    private readonly model: Model,
    private readonly frames: Frames,
    bring: Bring,
  ) {
    this.clock = session.clock;
    this.tools = {
      images: model.get("images") === true,
      copyButton: (pre) => codeButton(pre, this.clock),
      need: (asset) => void this.fetch(asset, bring),
    };
    this.foot = new Foot(session, model);
    const content = h("div", { class: "jps-content" }, this.flow, this.foot.el);
    this.root = h("div", { class: "jps-view", tabindex: "-1" }, content, this.voice);
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.ground = new Ground(this.root, content, () => dress(this.root));
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
      this.ground.close();
    };
  }

  // ---------------------------------------------------------------- what the session says

  changed(): void {
    this.redraw();
  }

  swapped(facts: string[]): void {
    const { blocks, source } = this.session.answer;
    const thoughts = blocks.filter(({ kind, text }) => kind === "thinking" && text.whole.trim());
    const opened = thoughts.map((thought) => thought.opened === true);
    prepare(this.root, { facts, words: this.ending(), source, opened }, this.clock);
  }

  // ---------------------------------------------------------------- what parts ask

  loosen(): void {
    this.ground.loosen();
  }

  redraw(): void {
    this.frames.ask(this);
  }

  // ---------------------------------------------------------------- drawing

  draw(now: number): "soon" | "now" | null {
    const { session, first } = this;
    const over = !session.running;
    const swift = first || document.hidden || this.still.matches || !this.root.isConnected;
    const frame: Frame = { now, swift, over, allowance: first ? Number.POSITIVE_INFINITY : this.portion.next(now) };
    this.first = false;
    const left = this.drawParts(frame);
    if (!left) this.note();
    this.foot.draw(now);
    put(this.root, "data-running", session.running);
    put(this.flow, "aria-busy", session.running ? "true" : "false");
    this.announce();
    if (over && !left) this.ground.release();
    this.tick();
    if (!left) return null;
    if (frame.allowance > 0) return "soon";
    this.portion.full(now);
    return "now";
  }

  private drawParts(frame: Frame): boolean {
    const { blocks } = this.session.answer;
    let place: Element | null = this.flow.firstElementChild;
    let left = false;
    let before: Part | null = null;
    for (const block of blocks) {
      let part = this.parts.get(block.index);
      if (part?.block !== block) {
        if (part && part.el === place) place = place.nextElementSibling;
        part?.el.remove();
        part = partOf(block, this);
        this.parts.set(block.index, part);
      }
      if (part.el === place) place = place.nextElementSibling;
      else this.flow.insertBefore(part.el, place);
      before?.passed?.();
      before = part;
    }
    if (this.parts.size > blocks.length) this.prune(new Set(blocks.map((block) => block.index)));
    for (const block of blocks) left = !!this.parts.get(block.index)?.draw(frame) || left;
    return left;
  }

  private prune(indices: Set<number>): void {
    for (const [index, part] of this.parts) {
      if (indices.has(index)) continue;
      part.el.remove();
      this.parts.delete(index);
    }
  }

  /** Why it is not whole. */
  private note(): void {
    const { end } = this.session.answer;
    if (this.noted?.end === end || (!this.noted && !end)) return;
    this.noted?.el.remove();
    this.noted = end?.notes?.length ? { end, el: notes(end) } : null;
    if (this.noted) this.flow.append(this.noted.el);
  }

  /** Says to those who can't see it that it begins and ends, not what comes between. */
  private announce(): void {
    const { answer, running } = this.session;
    if (running && answer.blocks.length && !this.announced) {
      this.announced = "start";
      say(this.voice, `${answer.title || "The model"} answers.`);
    }
    if (running || this.announced !== "start") return;
    this.announced = "end";
    say(this.voice, this.ending());
  }

  private ending(): string {
    return this.session.answer.end?.notes?.join(" ") || "The answer is complete.";
  }

  /** Running times go on without a frame being drawn. */
  private tick(): void {
    this.cancelTick?.();
    const now = this.clock.now();
    let on = this.foot.tick(now);
    if (this.session.running) for (const part of this.parts.values()) on = !!part.tick?.(now) || on;
    if (on) this.cancelTick = this.clock.after(TICK, () => this.tick());
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.foot.press()) return;
    event.preventDefault();
    event.stopPropagation();
  }

  private async fetch(asset: Asset, bring: Bring): Promise<void> {
    await bring(asset, this.model, this.tools);
    for (const part of this.parts.values()) part.upgrade?.();
  }
}

// ------------------------------------------------------------------ which part shows a block

const PARTS: Record<Kind, (block: Block, home: Home) => Part> = {
  text: (block, home) => new TextPart(block, home),
  thinking: (block, home) => new ThinkingPart(block, home),
  tool: (block, home) => new ToolPart(block, "tool", home),
  return: (block, home) => new ToolPart(block, "return", home),
  file: (block, home) => new FilePart(block, home),
  other: (block, home) => new TextPart(block, home),
};

function partOf(block: Block, home: Home): Part {
  return (PARTS[block.kind] ?? PARTS.other)(block, home);
}

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
