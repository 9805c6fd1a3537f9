/** What all views of a page share: the core, and the heavy modules, each of which comes once. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeModel } from "./page.ts";
import { page, Shelf } from "../src/registry.ts";
import { interruptOf, Stop, wayOf } from "../src/stop.ts";
import loader from "../src/view.ts";

test("a module is asked for once, and given to all who need it", async () => {
  const shelf = new Shelf(async (source) => ({ source }));
  const carrier = new FakeModel();
  const view = new FakeModel();
  shelf.offer(carrier);
  const both = [shelf.need("maths", view), shelf.need("maths", view)];
  assert.deepEqual(carrier.sent, [{ kind: "need", asset: "maths" }]);
  shelf.deliver("maths", "the source");
  assert.deepEqual(await Promise.all(both), [{ source: "the source" }, { source: "the source" }]);
  assert.deepEqual(view.sent, []);
});

test("a carrier that is silent is passed over; the view's own kernel is asked last", async () => {
  const shelf = new Shelf(async () => ({}), 5);
  const carrier = new FakeModel();
  const view = new FakeModel();
  shelf.offer(carrier);
  const module = shelf.need("highlight", view);
  await new Promise((go) => setTimeout(go, 40));
  assert.equal(carrier.sent.length, 1);
  assert.equal(view.sent.length, 1);
  shelf.deliver("highlight", "late");
  await Promise.race([module, new Promise((go) => setTimeout(go, 5))]);
});

test("a carrier that was taken back is not asked", () => {
  const shelf = new Shelf(async () => ({}), 5);
  const carrier = new FakeModel();
  shelf.offer(carrier)();
  void shelf.need("maths", new FakeModel());
  assert.deepEqual(carrier.sent, []);
});

test("until the core comes, a view says what is asked; then the core shows it", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  delete page().core;
  const model = new FakeModel({ snapshot: { at: 0, size: 1, ops: [["title", "the-model", 0]] } });
  const el = document.createElement("div");
  const seen: unknown[] = [];
  const close = loader().render({ model, el });
  assert.equal(el.textContent, "the-model");
  model.hear({ at: 1, ops: [["status", "warming up"]] });
  assert.equal(el.textContent, "the-model · warming up");
  for (const go of page().waiting.splice(0)) go({ render: ({ key }) => (seen.push(key), () => seen.push("closed")), carry: () => () => {} });
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

test("a view that is gone before the core comes is not shown", () => {
  delete page().core;
  const close = loader().render({ model: new FakeModel(), el: document.createElement("div") });
  close();
  assert.deepEqual(page().waiting, []);
});

test("the views of one model have one key, those of another another", () => {
  const keys: unknown[] = [];
  page().core = { render: ({ key }) => (keys.push(key), () => {}), carry: () => () => {} };
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

test("a stop that the kernel confirms interrupts nothing", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { model, pressed } = interruptible("kernel", "button");
  const stop = new Stop(() => {});
  stop.press(model);
  assert.deepEqual(model.sent, [{ kind: "stop" }]);
  stop.heard();
  context.mock.timers.tick(1000);
  assert.deepEqual(pressed, []);
});

test("a kernel that does not hear is interrupted after 0.4 s, and the button works again later", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { model, pressed } = interruptible("context", "button");
  const stop = new Stop(() => {});
  stop.press(model);
  stop.press(model);
  context.mock.timers.tick(399);
  assert.deepEqual(pressed, []);
  context.mock.timers.tick(2);
  assert.deepEqual(pressed, ["interrupt"]);
  assert.equal(model.sent.length, 1);
  context.mock.timers.tick(5000);
  assert.equal(stop.pressed, false);
});

test("a kernel that can't hear is interrupted at once", () => {
  const { model, pressed } = interruptible("kernel", "keys");
  new Stop(() => {}).press(model);
  assert.deepEqual(model.sent, []);
  assert.deepEqual(pressed, ["interrupt"]);
});

test("a button where it can work, words where it can't", () => {
  assert.equal(wayOf(interruptible("kernel", "keys").model), "button");
  assert.equal(wayOf(new FakeModel({ stop: "keys" })), "keys");
  assert.equal(wayOf(new FakeModel({ stop: "button" })), "button");
  assert.equal(wayOf(new FakeModel({ stop: "" })), "");
  assert.equal(interruptOf(new FakeModel()), null);
});
