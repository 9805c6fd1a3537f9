/** One model on a page: its answer, what is known to be missing of it, and the displays that show it. */

import { Answer } from "./answer.ts";
import type { Cancel, Clock } from "./clock.ts";
import type { Message, Model, Op } from "./protocol.ts";
import { Stop } from "./stop.ts";

/** Something that shows the answer. */
export interface Watcher {
  /** The answer, or the state of the stop, is another than before. */
  changed(): void;
  /** The kernel is about to replace the output. */
  swapped(facts: string[]): void;
}

/** What is missing is asked for again after this time, then after twice as long, and so on. */
const AGAIN = 300;
/** As long a silence makes a running view ask whether something was lost. */
const SILENCE = 2000;
const SELDOM = 15_000;

export class Session {
  readonly answer = new Answer();
  readonly inbox = new Inbox();
  readonly stop: Stop;
  /** The kernel is gone, or another now. */
  lost = false;
  private readonly watchers = new Map<Watcher, Model>();
  private cancelAsking: Cancel | undefined;
  private wait = 0;
  private asking = false;

  constructor(
    readonly clock: Clock,
    private readonly deliver: (asset: string, source: BlobPart | undefined) => void = () => {},
  ) {
    this.stop = new Stop(clock, () => this.tell());
  }

  /** Whether more is to come. */
  get running(): boolean {
    return !this.answer.end && !this.lost;
  }

  /** Shows the answer in one more place, until what is returned is called. */
  mount(model: Model, watcher: Watcher): () => void {
    this.watchers.set(watcher, model);
    const message = (content: unknown, buffers: unknown) => this.hear(content, buffers);
    const snapshot = () => this.read(model.get("snapshot"));
    const changed = () => this.tell();
    const gone = () => this.lose();
    const handlers: [string, (...args: never[]) => void][] = [
      ["msg:custom", message as (...args: never[]) => void],
      ["change:snapshot", snapshot],
      ["change:stop", changed],
      ["comm_live_update", gone],
      ["destroy", gone],
    ];
    for (const [event, handler] of handlers) model.on(event, handler);
    snapshot();
    model.send({ kind: "ready", have: this.inbox.have });
    this.watch();
    return () => {
      for (const [event, handler] of handlers) model.off(event, handler);
      this.watchers.delete(watcher);
      if (!this.watchers.size) this.rest();
    };
  }

  /** A message of the kernel. */
  hear(content: unknown, buffers?: unknown): void {
    if (typeof content !== "object" || content === null) return;
    const said = content as Partial<Message> & { ack?: unknown; asset?: unknown };
    if (said.ack === "stop") this.stop.confirmed();
    if (typeof said.asset === "string") this.deliver(said.asset, (buffers as BlobPart[] | undefined)?.[0]);
    if (Array.isArray(said.ops)) this.read(content);
  }

  private read(message: unknown): void {
    const ops = (message as Message | null | undefined)?.ops;
    if (!Array.isArray(ops)) return;
    const step = this.inbox.take(message as Message);
    if (step.kind === "gap") this.miss();
    if (step.kind === "apply") this.apply(step.ops, (message as Message).size === undefined);
    if (step.kind === "become") {
      this.answer.merge(step.ops, this.clock.now());
      this.came(step.ops);
    }
  }

  private apply(ops: Op[], live: boolean): void {
    for (const op of ops) this.answer.apply(op, this.clock.now(), live);
    this.came(ops);
  }

  private came(ops: Op[]): void {
    this.lost = false;
    this.asking = false;
    this.wait = SILENCE;
    this.watch();
    const end = ops.some((op) => op[0] === "done") ? this.answer.end : null;
    if (end?.swap) for (const watcher of this.watchers.keys()) watcher.swapped(end.facts ?? []);
    this.tell();
  }

  private tell(): void {
    for (const watcher of this.watchers.keys()) watcher.changed();
  }

  private lose(): void {
    if (this.answer.end || this.lost) return;
    this.lost = true;
    this.rest();
    this.tell();
  }

  // ---------------------------------------------------------------- what was lost

  private miss(): void {
    if (this.asking) return;
    this.asking = true;
    this.wait = AGAIN;
    this.ask();
  }

  private ask(): void {
    const model = [...this.watchers.values()].at(-1);
    model?.send({ kind: "need", from: this.inbox.have });
    this.watch();
    this.wait = Math.min(2 * this.wait, SELDOM);
  }

  private watch(): void {
    this.rest();
    if (!this.running || !this.watchers.size) return;
    this.cancelAsking = this.clock.after(this.wait || SILENCE, () => this.ask());
  }

  private rest(): void {
    this.cancelAsking?.();
  }
}

// ------------------------------------------------------------------ what of a message is new

/** What to do about a message: nothing, ask for what is missing, apply operations, or become a whole state. */
export type Step = { kind: "old" } | { kind: "gap" } | { kind: "apply"; ops: Op[] } | { kind: "become"; ops: Op[] };

export class Inbox {
  /** How many operations have been applied. */
  have = 0;
  /** Whether something is missing that has been seen to exist. */
  gap = false;

  /** Judges a message and counts what is to be applied of it. */
  take({ at = 0, ops, size }: Message): Step {
    const end = size ?? at + ops.length;
    if (end <= this.have) return { kind: "old" };
    const counted = end === at + ops.length;
    if (at === this.have || (counted && at < this.have)) {
      return this.reach(end, { kind: "apply", ops: ops.slice(this.have - at) });
    }
    // Operations that were made fewer can't be cut, but a state from the beginning holds all that is known.
    if (at === 0) return this.reach(end, { kind: "become", ops });
    this.gap = true;
    return { kind: "gap" };
  }

  private reach(end: number, step: Step): Step {
    this.have = end;
    this.gap = false;
    return step;
  }
}
