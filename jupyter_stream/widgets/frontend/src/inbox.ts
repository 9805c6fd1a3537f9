/** Which operations of a message are new. Messages may come twice, in any order, in part, or not at all. */

import type { Message, Op } from "./protocol.ts";

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
