/** The end of a growing answer stays in sight for who is there, and its place never shrinks under a reader. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { dom } from "./page.ts";
import { ScrollAnchor } from "../src/follow.ts";

const EDGE = 800;

let layout: () => void = () => {};
class FakeObserver {
  constructor(callback: () => void) {
    layout = callback;
  }
  observe(): void {}
  disconnect(): void {
    layout = () => {};
  }
}

/** An answer that begins at `top` of a page whose window ends at 800, and how far the page was scrolled. */
class Growing {
  readonly outer = document.createElement("div");
  readonly content = document.createElement("div");
  readonly scrolled: number[] = [];
  readonly anchor: ScrollAnchor;
  seen = 0;
  height = 100;
  width = 600;

  constructor(private top: number) {
    Object.assign(globalThis, { ResizeObserver: FakeObserver });
    const rect = () => ({ width: this.width, height: this.height, bottom: this.top + Math.max(this.height, this.least) }) as DOMRect;
    this.outer.getBoundingClientRect = this.content.getBoundingClientRect = rect;
    document.body.append(this.outer);
    const page = { scrollBy: ({ top }: { top: number }) => (this.scrolled.push(top), (this.top -= top)) };
    Object.defineProperty(document, "scrollingElement", { value: page, configurable: true });
    this.anchor = new ScrollAnchor(this.outer, this.content, () => this.seen++);
    layout();
  }

  get least(): number {
    return Number.parseFloat(this.outer.style.minHeight || "0");
  }

  grow(height: number, width = this.width): this {
    this.height = height;
    this.width = width;
    layout();
    return this;
  }

  wheel(deltaY: number): this {
    const event = new dom.window.Event("wheel") as unknown as { deltaY: number };
    event.deltaY = deltaY;
    document.dispatchEvent(event as unknown as Event);
    return this;
  }
}

afterEach(() => {
  document.body.replaceChildren();
  Reflect.deleteProperty(globalThis, "ResizeObserver");
});

test("the end is kept in sight while it is there, and the first layout is told once", () => {
  const answer = new Growing(EDGE - 110);
  assert.deepEqual(answer.grow(150).grow(180).scrolled, [40, 30]);
  assert.equal(answer.seen, 1);
});

test("while it is hidden it has no height, and coming back is no growth", () => {
  const answer = new Growing(EDGE - 110).grow(150);
  answer.grow(0).grow(150);
  assert.deepEqual(answer.scrolled, [40]);
  assert.equal(answer.least, 0);
});

test("what the end brings is followed, what comes after it is not", () => {
  const answer = new Growing(EDGE - 100);
  answer.height = 140;
  answer.anchor.release();
  assert.deepEqual(answer.scrolled, [40]);
  assert.deepEqual(answer.grow(200).scrolled, [40]);
});

test("an end that is out of sight is not followed", () => {
  assert.deepEqual(new Growing(EDGE).grow(150).scrolled, []);
});

test("who turns the wheel up is left alone until it is turned down again", () => {
  const answer = new Growing(EDGE - 100);
  assert.deepEqual(answer.wheel(-1).grow(103).scrolled, []);
  assert.deepEqual(answer.wheel(0).grow(104).scrolled, [], "to the side is neither up nor down");
  assert.deepEqual(answer.wheel(1).grow(150).scrolled, [50]);
});

test("after it is closed the wheel is nothing to it, nor is the layout", () => {
  const answer = new Growing(EDGE - 100);
  answer.anchor.close();
  assert.deepEqual(answer.grow(150).scrolled, []);
});

test("its place never shrinks, but where the reader or the width changes it, or it is over", () => {
  const answer = new Growing(0);
  assert.equal(answer.grow(300).grow(200).least, 300);
  answer.anchor.loosen();
  assert.equal(answer.least, 0);
  assert.equal(answer.grow(300).grow(200).least, 300);
  assert.equal(answer.grow(180, 700).least, 0, "what is wider is lower");
  assert.equal(answer.grow(100).least, 180);
  answer.anchor.release();
  assert.equal(answer.grow(50).grow(20).least, 0);
});

test("a selection in it is not scrolled away", () => {
  const answer = new Growing(EDGE - 100);
  answer.outer.textContent = "some words";
  document.body.append("and more");
  getSelection()?.setBaseAndExtent(answer.outer.firstChild as Node, 5, document.body.lastChild as Node, 3);
  assert.deepEqual(answer.grow(150).scrolled, []);
  getSelection()?.removeAllRanges();
});
