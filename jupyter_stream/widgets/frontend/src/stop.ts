/** Stopping an answer: the kernel is asked; where it cannot hear, it is interrupted. */

import type { Cancel, Clock } from "./clock.ts";
import { interruptOf } from "./manager.ts";
import type { Model } from "./protocol.ts";

/** A kernel that does not confirm within this time is interrupted, in ms. */
const DEAF = 400;
/** Then the button works again. */
const FORGET = 5000;

/** What can be offered: a button, words, or nothing. */
export function wayOf(model: Model): "button" | "keys" | "" {
  const way = model.get("stop");
  if (way === "button") return "button";
  if (way === "keys") return interruptOf(model) ? "button" : "keys";
  return "";
}

/** The state of one answer's stop. */
export class Stop {
  /** Whether it was asked for and may still come. */
  pressed = false;
  /** Whether it was asked for before, in vain. */
  again = false;
  private cancelInterrupt: Cancel | undefined;
  private cancelRelease: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  /** Asks for the stop, in the way that the kernel said. */
  press(model: Model): void {
    if (this.pressed) return;
    this.pressed = true;
    const interrupt = () => void interruptOf(model)?.().catch(() => this.release());
    if (model.get("stop") === "button") {
      model.send({ kind: "stop" });
      this.cancelInterrupt = this.clock.after(DEAF, interrupt);
    } else interrupt();
    this.cancelRelease = this.clock.after(FORGET, () => this.release());
    this.changed();
  }

  /** The kernel has confirmed it. */
  confirmed(): void {
    this.cancelInterrupt?.();
  }

  private release(): void {
    this.cancelRelease?.();
    this.pressed = false;
    this.again = true;
    this.changed();
  }
}
