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
  swapped(): void;
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
  /** Nobody in the kernel hears the page any more. */
  closed = false;
  private readonly watchers = new Map<Watcher, Model>();
  private cancelAsking: Cancel | undefined;
  private wait = SILENCE;
  private asking = false;

  constructor(
    readonly clock: Clock,
    private readonly receiveAsset: (asset: string, source: BlobPart | undefined) => void = () => {},
  ) {
    this.stop = new Stop(clock, () => this.notify());
  }

  /** Whether more is to come. */
  get running(): boolean {
    return !this.answer.end && !this.lost;
  }

  /** Shows the answer in one more place, until what is returned is called. */
  mount(model: Model, watcher: Watcher): () => void {
    const leave = this.follow(model, watcher);
    this.read(model.get("snapshot"));
    model.send({ kind: "ready", have: this.inbox.have });
    this.watch();
    return leave;
  }

  /** Tells `watcher` what changes, until what is returned is called. */
  follow(model: Model, watcher: Watcher): () => void {
    this.watchers.set(watcher, model);
    const message = (content: unknown, buffers: unknown) => this.receive(content, buffers);
    const snapshot = () => this.read(model.get("snapshot"));
    const changed = () => this.notify();
    const closed = () => this.lose();
    const handlers: [string, (...args: never[]) => void][] = [
      ["msg:custom", message as (...args: never[]) => void],
      ["change:snapshot", snapshot],
      ["change:stop", changed],
      ["comm_live_update", closed],
      ["destroy", closed],
    ];
    for (const [event, handler] of handlers) model.on(event, handler);
    return () => {
      for (const [event, handler] of handlers) model.off(event, handler);
      this.watchers.delete(watcher);
    };
  }

  /** A message of the kernel. */
  private receive(content: unknown, buffers: unknown): void {
    if (typeof content !== "object" || content === null) return;
    const message = content as Partial<Message> & { ack?: unknown; asset?: unknown };
    if (message.ack === "stop") this.stop.confirmed();
    if (typeof message.asset === "string") this.receiveAsset(message.asset, (buffers as BlobPart[] | undefined)?.[0]);
    if (Array.isArray(message.ops)) this.read(content);
  }

  private read(message: unknown): void {
    const ops = (message as Message | null | undefined)?.ops;
    if (!Array.isArray(ops)) return;
    const step = this.inbox.take(message as Message);
    if (step.kind === "gap") this.askAtOnce();
    if (step.kind === "apply") this.apply(step.ops, (message as Message).size === undefined);
    if (step.kind === "become") {
      this.answer.merge(step.ops, this.clock.now());
      this.received(step.ops);
    }
  }

  private apply(ops: Op[], live: boolean): void {
    for (const op of ops) this.answer.apply(op, this.clock.now(), live);
    this.received(ops);
  }

  private received(ops: Op[]): void {
    this.lost = false;
    this.closed = false;
    this.asking = false;
    this.wait = SILENCE;
    this.watch();
    const end = ops.some((op) => op[0] === "done") ? this.answer.end : null;
    if (end?.swap) for (const watcher of this.watchers.keys()) watcher.swapped();
    this.notify();
  }

  private notify(): void {
    for (const watcher of this.watchers.keys()) watcher.changed();
  }

  private lose(): void {
    if (this.closed) return;
    this.closed = true;
    this.lost = !this.answer.end;
    this.cancelAsking?.();
    this.notify();
  }

  // ---------------------------------------------------------------- what was lost

  private askAtOnce(): void {
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
    this.cancelAsking?.();
    if (!this.running || !this.watchers.size) return;
    this.cancelAsking = this.clock.after(this.wait, () => this.ask());
  }
}

// ------------------------------------------------------------------ what of a message is new

/** What to do about a message: nothing, ask for what is missing, apply operations, or become a whole state. */
export type Step = { kind: "old" } | { kind: "gap" } | { kind: "apply"; ops: Op[] } | { kind: "become"; ops: Op[] };

/** Which operations of a message are new: messages may come twice, in any order, in part, or not at all. */
export class Inbox {
  /** How many operations have been applied. */
  have = 0;

  /** Judges a message and counts what is to be applied of it. */
  take({ at = 0, ops, size }: Message): Step {
    const end = size ?? at + ops.length;
    if (end <= this.have) return { kind: "old" };
    const step = this.step(at, ops, end === at + ops.length);
    if (step.kind !== "gap") this.have = end;
    return step;
  }

  private step(at: number, ops: Op[], counted: boolean): Step {
    if (at === this.have || (counted && at < this.have)) return { kind: "apply", ops: ops.slice(this.have - at) };
    // Operations that were made fewer cannot be cut, but a state from the beginning holds all that is known.
    return at === 0 ? { kind: "become", ops } : { kind: "gap" };
  }
}
