/** What all views of a page share: the core, and the heavy modules, each of which comes once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { HandClock } from "./hand_clock.ts";
import { FakeModel } from "./page.ts";
import { AssetRegistry, page, publish } from "../src/registry.ts";
import { interruptOf, pathOf } from "../src/manager.ts";
import { Stop, wayOf } from "../src/stop.ts";
import loader from "../src/view.ts";

test("a module is asked for once, and given to all who need it", async () => {
  const assets = new AssetRegistry(new HandClock(), async (source) => ({ source }));
  const loader = new FakeModel();
  const view = new FakeModel();
  assets.add(loader);
  const both = [assets.need("maths", view), assets.need("maths", view)];
  assert.deepEqual(loader.sent, [{ kind: "need", asset: "maths" }]);
  assets.receive("maths", "the source");
  assert.deepEqual(await Promise.all(both), [{ source: "the source" }, { source: "the source" }]);
  await assets.need("maths", view);
  assert.deepEqual([loader.sent.length, view.sent.length], [1, 0]);
});

test("a loader that is silent is passed over; the view's own kernel is asked last", async () => {
  const clock = new HandClock();
  const assets = new AssetRegistry(clock, async (source) => ({ source }));
  const loader = new FakeModel();
  const view = new FakeModel();
  assets.add(loader);
  const module = assets.need("highlight", view);
  clock.pass(1999);
  assert.deepEqual([loader.sent.length, view.sent.length], [1, 0]);
  clock.pass(1);
  assert.deepEqual([loader.sent.length, view.sent.length], [1, 1]);
  clock.pass(60_000);
  assets.receive("highlight", "late");
  assert.deepEqual(await module, { source: "late" });
});

test("once a module has come nobody else is asked for it", () => {
  const clock = new HandClock();
  const assets = new AssetRegistry(clock, async () => ({}));
  const view = new FakeModel();
  assets.add(new FakeModel());
  void assets.need("maths", view);
  assets.receive("maths", undefined);
  assets.receive("maths", "the source");
  clock.pass(60_000);
  assert.deepEqual(view.sent, []);
});

test("a module that was lost is asked for again by the next that needs it, and given to both", async () => {
  const clock = new HandClock();
  const assets = new AssetRegistry(clock, async (source) => ({ source }));
  const view = new FakeModel();
  const first = assets.need("maths", view);
  clock.pass(1999);
  void assets.need("maths", view);
  assert.equal(view.sent.length, 1, "an answer may still come");
  clock.pass(1);
  const second = assets.need("maths", view);
  assert.equal(view.sent.length, 2);
  assets.receive("maths", "the source");
  assert.deepEqual(await Promise.all([first, second]), [{ source: "the source" }, { source: "the source" }]);
});

test("a loader that was taken back is not asked", () => {
  const assets = new AssetRegistry(new HandClock(), async () => ({}));
  const loader = new FakeModel();
  assets.add(loader)();
  void assets.need("maths", new FakeModel());
  assert.deepEqual(loader.sent, []);
});

test("until the core comes, a view says what is asked; then the core shows it", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  delete page().core;
  const model = new FakeModel({ snapshot: { at: 0, size: 1, ops: [["title", "the-model", 0]] } });
  const el = document.createElement("div");
  const seen: unknown[] = [];
  const close = loader().render({ model, el });
  assert.equal(el.textContent, "Asking the-model…");
  model.hear({ at: 1, ops: [["status", "warming up"]] });
  assert.equal(el.textContent, "Asking the-model… · warming up");
  for (const go of page().waiting.splice(0)) go({ render: ({ key }) => (seen.push(key), () => seen.push("closed")), addLoader: () => () => {} });
  assert.equal(seen.length, 1);
  assert.equal(typeof seen[0], "object");
  assert.deepEqual(model.handlers, []);
  context.mock.timers.tick(5000);
  assert.deepEqual(model.sent, []);
  close();
  assert.equal(seen[1], "closed");
});

test("where no core comes, the view asks its own kernel after a second and a half", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  delete page().core;
  const model = new FakeModel();
  const close = loader().render({ model, el: document.createElement("div") });
  context.mock.timers.tick(1400);
  assert.deepEqual(model.sent, []);
  context.mock.timers.tick(200);
  const question = { kind: "need", asset: "core" };
  assert.deepEqual(model.sent, [question]);
  context.mock.timers.tick(3000);
  assert.deepEqual(model.sent, [question, question], "and again, should that be lost");
  close();
  context.mock.timers.tick(60_000);
  assert.equal(model.sent.length, 2);
  assert.deepEqual(page().waiting, []);
});

test("the core that came first stays", () => {
  delete page().core;
  const core = () => ({ render: () => () => {}, addLoader: () => () => {} });
  const first = core();
  publish(first);
  publish(core());
  assert.equal(page().core, first);
  delete page().core;
});

test("a view that is gone before the core comes is not shown", () => {
  delete page().core;
  const close = loader().render({ model: new FakeModel(), el: document.createElement("div") });
  close();
  assert.deepEqual(page().waiting, []);
});

test("the views of one model have one key, those of another another", () => {
  const keys: unknown[] = [];
  page().core = { render: ({ key }) => (keys.push(key), () => {}), addLoader: () => () => {} };
  const first = loader();
  const second = loader();
  for (const one of [first, first, second]) one.render({ model: new FakeModel(), el: document.createElement("div") });
  assert.equal(keys[0], keys[1]);
  assert.notEqual(keys[0], keys[2]);
  delete page().core;
});

function interruptible(how: "kernel" | "context", stop: string): { model: FakeModel; pressed: string[] } {
  const pressed: string[] = [];
  const model = new FakeModel({ stop });
  const kernel = { interrupt: async () => void pressed.push("interrupt") };
  model.widget_manager = how === "kernel" ? { kernel } : { context: { sessionContext: { session: { kernel } } } };
  return { model, pressed };
}

test("a stop that the kernel confirms interrupts nothing", () => {
  const clock = new HandClock();
  const { model, pressed } = interruptible("kernel", "button");
  const stop = new Stop(clock, () => {});
  stop.press(model);
  assert.deepEqual(model.sent, [{ kind: "stop" }]);
  stop.confirmed();
  clock.pass(1000);
  assert.deepEqual(pressed, []);
});

test("a kernel that does not hear is interrupted after 0.4 s, and the button works again later", () => {
  const clock = new HandClock();
  const { model, pressed } = interruptible("context", "button");
  const stop = new Stop(clock, () => {});
  stop.press(model);
  stop.press(model);
  clock.pass(399);
  assert.deepEqual(pressed, []);
  clock.pass(2);
  assert.deepEqual(pressed, ["interrupt"]);
  assert.equal(model.sent.length, 1);
  clock.pass(5000);
  assert.equal(stop.pressed, false);
});

test("where the interrupt fails the button works again at once, and for its own five seconds", async () => {
  const clock = new HandClock();
  const { model } = interruptible("kernel", "keys");
  model.widget_manager = { kernel: { interrupt: () => Promise.reject(new Error("no")) } };
  const stop = new Stop(clock, () => {});
  stop.press(model);
  await new Promise(setImmediate);
  assert.equal(stop.pressed, false);
  clock.pass(4000);
  model.widget_manager = { kernel: { interrupt() {} } };
  stop.press(model);
  clock.pass(4000);
  assert.equal(stop.pressed, true);
});

test("a kernel that cannot hear is interrupted at once", () => {
  const { model, pressed } = interruptible("kernel", "keys");
  new Stop(new HandClock(), () => {}).press(model);
  assert.deepEqual(model.sent, []);
  assert.deepEqual(pressed, ["interrupt"]);
});

test("a button where it can work, words where it cannot", () => {
  assert.equal(wayOf(interruptible("kernel", "keys").model), "button");
  assert.equal(wayOf(new FakeModel({ stop: "keys" })), "keys");
  assert.equal(wayOf(new FakeModel({ stop: "button" })), "button");
  assert.equal(wayOf(new FakeModel({ stop: "" })), "");
  assert.equal(interruptOf(new FakeModel()), null);
});

test("the page's notebook is known where the manager of widgets says it", () => {
  const model = new FakeModel();
  assert.equal(pathOf(model), null);
  for (const [context, path] of [[{ path: "a/b.ipynb" }, "a/b.ipynb"], [{ path: "" }, null], [{ path: 3 }, null], [{}, null]] as const) {
    model.widget_manager = { context };
    assert.equal(pathOf(model), path);
  }
});
