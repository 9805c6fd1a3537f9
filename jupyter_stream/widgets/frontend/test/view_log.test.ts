/** Messages that come twice, late, in part or not at all: what is shown is exact. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Answer, Cursor, Growing } from "../src/answer.ts";
import { HandClock } from "./hand_clock.ts";
import type { Message, Op } from "../src/protocol.ts";
import { Inbox, Session } from "../src/session.ts";
import { FakeModel } from "./page.ts";

const OPS: Op[] = [["title", "m"], ["start", 0, "text"], ["add", 0, "a"], ["add", 0, "b"], ["add", 0, "c"], ["end", 0]];

test("a message that continues is applied, one that is known is not", () => {
  const inbox = new Inbox();
  assert.deepEqual(inbox.take({ at: 0, ops: OPS.slice(0, 3) }), { kind: "apply", ops: OPS.slice(0, 3) });
  assert.deepEqual(inbox.take({ at: 0, ops: OPS.slice(0, 3) }), { kind: "old" });
  assert.equal(inbox.have, 3);
});

test("of a message that overlaps, the new part is applied", () => {
  const inbox = new Inbox();
  inbox.take({ at: 0, ops: OPS.slice(0, 3) });
  assert.deepEqual(inbox.take({ at: 1, ops: OPS.slice(1, 5) }), { kind: "apply", ops: OPS.slice(3, 5) });
});

test("a message after a gap is not applied, and counts as nothing", () => {
  const inbox = new Inbox();
  assert.deepEqual(inbox.take({ at: 2, ops: OPS.slice(2, 4) }), { kind: "gap" });
  assert.equal(inbox.have, 0);
  assert.equal(inbox.take({ at: 0, ops: OPS.slice(0, 4) }).kind, "apply");
});

test("a state of fewer operations counts as many as it says", () => {
  const inbox = new Inbox();
  assert.equal(inbox.take({ at: 0, size: 5, ops: [OPS[0]!, OPS[1]!, ["add", 0, "abc"]] }).kind, "apply");
  assert.equal(inbox.have, 5);
  assert.equal(inbox.take({ at: 5, ops: [OPS[5]!] }).kind, "apply");
});

test("a state that is ahead becomes the answer, one that is behind is old", () => {
  const inbox = new Inbox();
  inbox.take({ at: 0, ops: OPS.slice(0, 3) });
  assert.equal(inbox.take({ size: 5, ops: [OPS[0]!, OPS[1]!, ["add", 0, "abc"]] }).kind, "become");
  assert.equal(inbox.have, 5);
  assert.equal(inbox.take({ size: 4, ops: [OPS[0]!, OPS[1]!, ["add", 0, "ab"]] }).kind, "old");
});

test("fewer operations from the middle of what is there cannot be cut", () => {
  const inbox = new Inbox();
  inbox.take({ at: 0, ops: OPS.slice(0, 4) });
  assert.equal(inbox.take({ at: 3, size: 6, ops: [["add", 0, "bc"], OPS[5]!] }).kind, "gap");
});

test("a state that continues what is there leaves its blocks the same", () => {
  const answer = new Answer();
  for (const op of OPS.slice(0, 3)) answer.apply(op, 0);
  const [part] = answer.parts;
  answer.merge([["title", "m"], ["start", 0, "text"], ["add", 0, "abc"], ["end", 0]], 0);
  assert.equal(answer.parts[0], part);
  assert.equal(part!.text.whole, "abc");
  assert.ok(part!.ended);
});

test("a state that contradicts what is there replaces it", () => {
  const answer = new Answer();
  for (const op of OPS.slice(0, 3)) answer.apply(op, 0);
  const [part] = answer.parts;
  answer.merge([["start", 0, "text"], ["add", 0, "other"], ["start", 1, "tool", "t"]], 0);
  assert.notEqual(answer.parts[0], part);
  assert.deepEqual(answer.parts.map((one) => one.text.whole), ["other", ""]);
});

test("a part that is of another kind in a state is another part, whatever its text", () => {
  const answer = new Answer();
  for (const op of OPS.slice(0, 3)) answer.apply(op, 0);
  answer.merge([["start", 0, "thinking"], ["add", 0, "ab"]], 0);
  assert.deepEqual(answer.parts.map((part) => part.kind), ["thinking"]);
});

test("an end that is said twice counts once", () => {
  const answer = new Answer();
  answer.apply(["start", 0, "thinking"], 1000);
  answer.apply(["end", 0], 4000);
  answer.apply(["end", 0], 9000);
  assert.equal(answer.parts[0]?.took, 3000);
});

test("parts are in the order of their indices, and one may begin anew", () => {
  const answer = new Answer();
  for (const op of [["start", 2, "text"], ["add", 2, "z"], ["start", 1, "text"], ["add", 1, "a"], ["start", 2, "text"]] as Op[]) answer.apply(op, 0);
  assert.deepEqual(answer.parts.map((part) => [part.index, part.text.whole]), [[1, "a"], [2, ""]]);
});

test("a cursor takes the text in any steps and never halves a character", () => {
  const text = new Growing();
  for (const piece of ["a😀", "b", "\ud83d", "\ude00c"]) text.push(piece);
  const cursor = new Cursor(text);
  const taken = [];
  while (cursor.left) taken.push(cursor.take(1));
  assert.deepEqual(taken, ["a", "😀", "b", "😀", "c"]);
});

test("thinking lasts from start to end, by the kernel's clock where it says", () => {
  const answer = new Answer();
  answer.apply(["start", 0, "thinking"], 1000);
  answer.apply(["end", 0], 4000);
  answer.apply(["start", 1, "thinking", "", 1.5], 0, false);
  answer.apply(["end", 1, 4], 0, false);
  answer.apply(["start", 2, "thinking"], 0, false);
  answer.apply(["end", 2], 9000, false);
  assert.deepEqual(answer.parts.map((part) => part.took), [3000, 2500, null]);
});

/** Numbers that are the same in every run. */
function* chance(seed: number): Generator<number, never> {
  for (;;) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    yield seed / 2147483648;
  }
}

/** As the kernel does it: what is missing is sent as it was, or whole and in fewer operations. */
function answerTo(log: Op[], from: number): Message {
  if (from) return { at: from, ops: log.slice(from) };
  const ops: Op[] = [];
  for (const op of log) {
    const last = ops.at(-1);
    if (op[0] === "add" && last?.[0] === "add" && last[1] === op[1]) ops[ops.length - 1] = ["add", op[1], last[2] + op[2]];
    else ops.push(op);
  }
  return { at: 0, size: log.length, ops };
}

test("whatever is lost, doubled or late, the answer is exact in the end", () => {
  const clock = new HandClock();
  for (let seed = 1; seed <= 60; seed += 1) {
    const next = chance(seed);
    const roll = () => next.next().value;
    const log: Op[] = [["title", "m"], ["start", 0, "text"], ["start", 1, "tool", "t"]];
    for (let n = 0; n < 80; n += 1) log.push(["add", roll() < 0.7 ? 0 : 1, `${n},`]);
    log.push(["end", 0], ["end", 1], ["done", {}]);
    const session = new Session(clock);
    const model = new FakeModel();
    session.mount(model, { changed() {}, swapped() {} });
    const late: Message[] = [];
    const heard = (upto: number) => {
      for (const said of model.sent.splice(0)) {
        const from = "from" in said ? said.from : "have" in said ? said.have : null;
        if (from !== null && from < upto && roll() < 0.8) model.hear(structuredClone(answerTo(log.slice(0, upto), from)));
      }
    };
    for (let at = 0; at < log.length; ) {
      const message = { at, ops: log.slice(at, (at += 1 + Math.floor(4 * roll()))) };
      const fate = roll();
      if (fate < 0.3) late.push(message);
      else if (fate > 0.4) model.hear(structuredClone(message));
      if (late.length > 2) model.hear(late.splice(Math.floor(roll() * late.length), 1)[0]!);
      if (roll() < 0.3) heard(Math.min(at, log.length));
      if (roll() < 0.1) model.set("snapshot", answerTo(log.slice(0, Math.min(at, log.length)), 0));
      clock.pass(40);
    }
    for (let second = 0; second < 60 && !session.answer.end; second += 1) {
      clock.pass(1000);
      heard(log.length);
    }
    const whole = new Answer();
    for (const op of log) whole.apply(op, 0);
    assert.deepEqual(session.answer.parts.map((part) => part.text.whole), whole.parts.map((part) => part.text.whole), `seed ${seed}`);
    assert.ok(session.answer.end, `seed ${seed}`);
  }
});

test("a gap is asked about once, then again after a while", () => {
  const clock = new HandClock();
  const session = new Session(clock);
  const model = new FakeModel();
  session.mount(model, { changed() {}, swapped() {} });
  assert.deepEqual(model.sent.splice(0), [{ kind: "ready", have: 0 }]);
  model.hear({ at: 3, ops: [OPS[3]] });
  model.hear({ at: 4, ops: [OPS[4]] });
  assert.deepEqual(model.sent.splice(0), [{ kind: "need", from: 0 }]);
  clock.pass(300);
  assert.deepEqual(model.sent.splice(0), [{ kind: "need", from: 0 }]);
  model.hear({ at: 0, ops: OPS });
  assert.equal(session.answer.parts[0]!.text.whole, "abc");
  clock.pass(1900);
  assert.deepEqual(model.sent, []);
});

test("a long silence is asked about, ever more seldom, and not once the answer is over", () => {
  const clock = new HandClock();
  const session = new Session(clock);
  const model = new FakeModel();
  session.mount(model, { changed() {}, swapped() {} });
  model.hear({ at: 0, ops: OPS.slice(0, 3) });
  model.sent = [];
  const wait = (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) clock.pass(1000);
  };
  wait(20);
  assert.ok(model.sent.length >= 2 && model.sent.length <= 4, String(model.sent.length));
  model.hear({ at: 3, ops: [["done", {}]] });
  model.sent = [];
  wait(60);
  assert.deepEqual(model.sent, []);
});

test("who waits long is asked every 15 seconds, and asked at once again after the next message", () => {
  const clock = new HandClock();
  const session = new Session(clock);
  const model = new FakeModel();
  session.mount(model, { changed() {}, swapped() {} });
  clock.pass(60_000);
  model.sent = [];
  clock.pass(150_000);
  assert.equal(model.sent.length, 10);
  model.hear({ at: 0, ops: OPS.slice(0, 2) });
  model.sent = [];
  model.hear({ at: 4, ops: [OPS[4]] });
  assert.deepEqual(model.sent, [{ kind: "need", from: 2 }], "a gap");
  model.hear({ at: 2, ops: OPS.slice(2, 5) });
  model.hear({ at: 9, ops: [OPS[4]] });
  assert.deepEqual(model.sent.at(-1), { kind: "need", from: 5 }, "another gap, after the first was filled");
});

test("what nobody shows any more is not asked about", () => {
  const clock = new HandClock();
  const session = new Session(clock);
  const model = new FakeModel();
  session.mount(model, { changed() {}, swapped() {} })();
  model.sent = [];
  clock.pass(60_000);
  assert.deepEqual(model.sent, []);
});

test("a kernel that is gone is not asked, one that speaks again is there", () => {
  const clock = new HandClock();
  const session = new Session(clock);
  const model = new FakeModel();
  const leave = session.mount(model, { changed() {}, swapped() {} });
  model.fire("comm_live_update");
  assert.ok(session.lost && !session.running);
  model.sent = [];
  clock.pass(60_000);
  assert.deepEqual(model.sent, []);
  model.hear({ at: 0, ops: OPS });
  assert.ok(!session.lost && session.running);
  leave();
  assert.deepEqual(model.handlers, []);
});

test("a fraction of a character is none: what is taken ends", () => {
  const text = new Growing();
  text.push("abcdef".repeat(1000));
  const cursor = new Cursor(text);
  assert.equal(cursor.take(4500.75).length, 4500);
  assert.equal(cursor.take(0.5), "");
  assert.equal(cursor.take(9999.5).length, 1500);
});
