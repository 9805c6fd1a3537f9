/** A page for the tests: import this before anything that looks at the document. */

import { JSDOM } from "jsdom";
import { Session } from "../src/session.ts";
import { Display } from "../src/display.ts";
import { Frames } from "../src/frames.ts";
import { HandClock } from "./hand_clock.ts";
import type { Message, Model, Op, Said } from "../src/protocol.ts";

export const dom = new JSDOM("<!doctype html><body></body>", { pretendToBeVisual: true, url: "https://page.test/" });
const names = ["document", "Node", "ShadowRoot", "MutationObserver", "getComputedStyle", "HTMLElement", "Event", "KeyboardEvent"];
for (const name of names) Object.assign(globalThis, { [name]: (dom.window as unknown as Record<string, unknown>)[name] });
Object.assign(globalThis, {
  getSelection: () => dom.window.getSelection(),
  requestAnimationFrame: dom.window.requestAnimationFrame.bind(dom.window),
  cancelAnimationFrame: dom.window.cancelAnimationFrame.bind(dom.window),
  innerHeight: 800,
});
export const motion = { reduced: false };
Object.assign(globalThis, { matchMedia: () => ({ matches: motion.reduced }) });

type Handler = (...args: unknown[]) => void;

/** The page's half of a widget. */
export class FakeModel implements Model {
  sent: Said[] = [];
  handlers: [string, Handler][] = [];
  widget_manager: unknown = undefined;

  constructor(readonly traits: Record<string, unknown> = {}) {}

  get(name: string): unknown {
    return this.traits[name] ?? { snapshot: null, stop: "button", images: false }[name];
  }

  set(name: string, value: unknown): void {
    this.traits[name] = value;
    this.fire(`change:${name}`);
  }

  on(event: string, callback: (...args: never[]) => void): void {
    this.handlers.push([event, callback as Handler]);
  }

  off(event: string, callback?: (...args: never[]) => void): void {
    this.handlers = this.handlers.filter(([name, handler]) => name !== event || (callback && handler !== callback));
  }

  send(content: Said): void {
    this.sent.push(content);
  }

  fire(event: string, ...args: unknown[]): void {
    for (const [name, handler] of [...this.handlers]) if (name === event) handler(...args);
  }

  hear(content: object, buffers: unknown[] = []): void {
    this.fire("msg:custom", content, buffers);
  }
}

/** A view on a page whose frames come when the test says so. */
export class Stage {
  readonly clock = new HandClock(1000);
  count = 0;
  readonly model: FakeModel;
  readonly session: Session;
  readonly el = document.createElement("div");
  readonly display: Display;
  readonly close: () => void;
  needed: string[] = [];
  readonly frames = new Frames(this.clock);

  constructor({ traits = {}, session, place = document.body }: { traits?: object; session?: Session; place?: Element } = {}) {
    this.model = new FakeModel({ ...traits });
    this.session = session ?? new Session(this.clock);
    place.append(this.el);
    const bring = async (asset: string) => void this.needed.push(asset);
    this.display = new Display(this.session, this.model, this.frames, bring);
    this.close = this.display.show(this.el);
  }

  /** Operations as the kernel sends them, and then so many frames. */
  say(...ops: Op[]): void {
    const message: Message = { at: this.count, ops };
    this.count += ops.length;
    this.model.hear(message);
  }

  /** Lets frames pass, 17 ms each. */
  pass(frames = 1): void {
    for (let frame = 0; frame < frames; frame += 1) {
      this.clock.pass(17);
      this.clock.draw();
    }
  }

  all(selector: string): HTMLElement[] {
    return [...this.el.querySelectorAll<HTMLElement>(selector)];
  }

  one(selector: string): HTMLElement {
    const [found] = this.all(selector);
    if (!found) throw new Error(`nothing is ${selector} in ${this.el.innerHTML}`);
    return found;
  }

  text(selector: string): string {
    return this.one(selector).textContent?.trim() ?? "";
  }

  end(): void {
    this.close();
    this.el.remove();
  }
}
