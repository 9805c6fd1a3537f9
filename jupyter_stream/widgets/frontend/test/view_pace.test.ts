/** How text flows, how often a page draws, what a reader at the end sees. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { HandClock } from "./hand_clock.ts";
import { drop } from "../src/follow.ts";
import { type Drawn, Frames } from "../src/frames.ts";
import { running, span } from "../src/clock.ts";
import { BEHIND, FrameBudget, Reveal } from "../src/reveal.ts";

/** Shows lumps of `size` that come every `gap` ms at 30 frames a second; when each character came and was shown. */
function flow(size: number, gap: number, seconds = 4): { steps: number[]; worst: number } {
  const reveal = new Reveal();
  const came: number[] = [];
  const steps: number[] = [];
  let shown = 0;
  let worst = 0;
  for (let now = 0; now < seconds * 1000; now += 33) {
    while (came.length < size * (Math.floor(now / gap) + 1)) came.push(now);
    const step = Math.min(reveal.step(now, came.length, shown), came.length - shown);
    steps.push(step);
    for (let at = shown; at < shown + step; at += 1) worst = Math.max(worst, now - came[at]!);
    shown += step;
  }
  return { steps: steps.slice(steps.length >> 1), worst };
}

for (const [size, gap] of [[40, 125], [10, 33], [300, 125], [3, 66], [1000, 400]] as const) {
  test(`${size} characters every ${gap} ms are not far behind`, () => {
    const { worst } = flow(size, gap);
    assert.ok(worst <= (gap < 150 ? 165 : BEHIND + 33), String(worst));
  });
}

test("lumps three times a second flow: small steps, and hardly a pause", () => {
  const { steps } = flow(66, 350);
  assert.ok(Math.max(...steps) <= 15, String(steps));
  assert.ok(steps.filter((step) => step === 0).length <= steps.length / 10, String(steps));
});

test("lumps eight times a second flow: no frame shows as much as a lump", () => {
  const { steps } = flow(80, 125);
  assert.ok(Math.max(...steps) <= 48, String(steps));
  assert.ok(steps.filter((step) => step === 0).length <= steps.length / 10);
});

test("what is overdue is shown at once, however late the frame comes", () => {
  const reveal = new Reveal();
  reveal.step(0, 100, 0);
  assert.equal(reveal.step(500, 100, 0), 100);
});

test("a frame that was not full says nothing about the next one", () => {
  const budget = new FrameBudget();
  budget.next(0);
  budget.full(0);
  const size = budget.next(20);
  assert.equal(budget.next(5000), size);
});

test("where frames take long, less is drawn in one; where they don't, more", () => {
  const budget = new FrameBudget();
  const sizes = [20, 20, 90, 90, 20].map((_, index, gaps) => {
    const now = gaps.slice(0, index).reduce((sum, one) => sum + one, 0);
    const size = budget.next(now);
    budget.full(now);
    return size;
  });
  assert.deepEqual(sizes, [4000, 6000, 9000, 5400, 3240]);
  budget.next(400);
  budget.full(400);
  assert.ok(Number.isInteger(budget.next(420)), "a text is shown in whole characters");
});

/** A page whose time the test moves. */
class Page {
  readonly clock = new HandClock();
  readonly frames = new Frames(this.clock);

  /** Shows a frame, which lasts 16.7 ms or as long as it takes to draw. */
  frame(): number {
    const from = this.clock.time;
    this.clock.draw();
    const took = this.clock.time - from;
    this.clock.pass(Math.max(0, 16.7 - took));
    return took;
  }

  run(ms: number): void {
    for (const end = this.clock.time + ms; this.clock.time < end; ) this.frame();
  }
}

/** A view that always has more to show and takes `cost` ms. */
function busy(page: Page, cost: number): Drawn & { times: number[] } {
  const times: number[] = [];
  return {
    times,
    draw() {
      times.push(page.clock.time);
      page.clock.time += cost;
      return "soon";
    },
  };
}

test("a view is drawn 30 times a second", () => {
  const page = new Page();
  const view = busy(page, 0.5);
  page.frames.ask(view);
  page.run(2000);
  assert.ok(view.times.length >= 54 && view.times.length <= 61, String(view.times.length));
});

test("a view that takes long is drawn less often: a fifth of the time at most", () => {
  const page = new Page();
  const view = busy(page, 20);
  page.frames.ask(view);
  page.run(2000);
  assert.ok(view.times.length <= 20 && view.times.length >= 15, String(view.times.length));
});

test("many views share a frame, and none starves", () => {
  const page = new Page();
  const views = Array.from({ length: 10 }, () => busy(page, 4));
  for (const view of views) page.frames.ask(view);
  const spent = Array.from({ length: 200 }, () => page.frame());
  assert.ok(Math.max(...spent) <= 12, String(Math.max(...spent)));
  const counts = views.map((view) => view.times.length);
  assert.ok(Math.min(...counts) >= 30 && Math.max(...counts) - Math.min(...counts) <= 2, String(counts));
});

test("a view with nothing to show costs no frames", () => {
  const page = new Page();
  let drawn = 0;
  page.frames.ask({ draw: () => (drawn++, null) });
  page.run(500);
  assert.equal(drawn, 1);
  assert.equal(page.clock.waiting, 0);
});

test("asking often does not draw more often", () => {
  const page = new Page();
  const view: Drawn & { n: number } = { n: 0, draw: () => (view.n++, null) };
  for (let ms = 0; ms < 1000; ms += 5) {
    page.frames.ask(view);
    page.run(5);
  }
  assert.ok(view.n <= 31 * 4, String(view.n));
});

test("the end is followed by a reader who sees it, and by no other", () => {
  assert.equal(drop({ bottom: 520, edge: 500 }, 30), 20);
  assert.equal(drop({ bottom: 490, edge: 500 }, 30), 0);
  assert.equal(drop({ bottom: 900, edge: 500 }, 30), 0);
  assert.equal(drop({ bottom: 520, edge: 500 }, 0), 0);
});

test("times are read easily", () => {
  assert.deepEqual([0, 420, 9990, 12_340, 125_000].map(running), ["0.0 s", "0.4 s", "10.0 s", "12 s", "2 min 5 s"]);
  assert.deepEqual([100, 2600, 60_000].map(span), ["1 s", "3 s", "1 min 0 s"]);
});
