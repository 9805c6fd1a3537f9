/** An answer on the page: its parts, its last line, and what stays as it is. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { motion, Stage } from "./page.ts";
import { Left } from "../src/left.ts";
import { prepare } from "../src/swap.ts";

let stages: Stage[] = [];
function stage(...args: ConstructorParameters<typeof Stage>): Stage {
  const made = new Stage(...args);
  stages.push(made);
  return made;
}
afterEach(() => {
  for (const one of stages.splice(0)) one.end();
  motion.reduced = false;
});

test("before the first word: the model, what goes on, and a running time", () => {
  const view = stage();
  view.say(["title", "the-model", 0.2], ["status", "starting …"]);
  view.pass(2);
  assert.equal(view.text(".jps-footer-text"), "Asking the-model… · starting …");
  assert.equal(view.text(".jps-footer > .jps-clock"), "0.2 s");
  view.clock.pass(1000);
  assert.equal(view.text(".jps-footer > .jps-clock"), "1.2 s", "it runs without a frame being drawn");
  assert.equal(view.all(".jps-dot:not([hidden])").length, 1);
  view.say(["start", 0, "text"], ["add", 0, "Hello"]);
  view.pass(20);
  assert.equal(view.all(".jps-footer > .jps-clock:not([hidden])").length, 0);
  assert.equal(view.text(".jps-text"), "Hello");
});

test("text flows over some frames, and comes at once when its block ends", () => {
  const view = stage();
  view.say(["start", 0, "text"]);
  view.pass(3);
  view.say(["add", 0, "x".repeat(400)]);
  view.pass(2);
  const first = view.text(".jps-text").length;
  assert.ok(first > 0 && first < 400, String(first));
  view.say(["add", 0, "y".repeat(400)], ["end", 0]);
  view.pass(2);
  assert.equal(view.text(".jps-text").length, 800);
});

test("with reduced motion text comes as it comes", () => {
  motion.reduced = true;
  const view = stage();
  view.say(["start", 0, "text"], ["add", 0, "x".repeat(400)]);
  view.pass(3);
  assert.equal(view.text(".jps-text").length, 400);
});

test("where nobody can see the page text comes as it comes", () => {
  const view = stage();
  view.pass(3);
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  view.say(["start", 0, "text"], ["add", 0, "x".repeat(400)]);
  view.pass(3);
  Reflect.deleteProperty(document, "hidden");
  assert.equal(view.text(".jps-text").length, 400);
});

test("what a whole state does not have any more is taken away", () => {
  const view = stage();
  view.say(["start", 0, "text"], ["add", 0, "One"], ["start", 1, "text"], ["add", 1, "Two"]);
  view.pass(20);
  view.model.hear({ at: 0, size: 9, ops: [["start", 0, "text"], ["add", 0, "One"]] });
  view.pass(5);
  assert.deepEqual(view.all(".jps-part").map((part) => part.textContent), ["One"]);
});

test("another end takes the place of the first one's notes", () => {
  const view = stage();
  view.say(["done", { notes: ["It broke."] }], ["done", { notes: ["It broke again."] }]);
  view.pass(3);
  view.say(["done", { notes: ["And again."] }]);
  view.pass(3);
  assert.deepEqual(view.all(".jps-note").map((note) => note.textContent), ["And again."]);
});

test("a view that is closed is not drawn, and no other key than Escape stops", () => {
  const view = stage();
  view.say(["title", "m"]);
  view.one(".jps-view").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  assert.deepEqual(view.model.sent.slice(1), []);
  view.pass(3);
  view.say(["status", "later"]);
  view.close();
  view.pass(5);
  assert.equal(view.text(".jps-footer-text"), "Asking m…");
});

test("much text is drawn over several frames, one after the other", () => {
  const view = stage();
  view.say(["start", 0, "text"], ["add", 0, "x".repeat(30_000)], ["end", 0]);
  view.pass();
  assert.equal(view.text(".jps-text").length, 4000);
  view.pass();
  assert.equal(view.text(".jps-text").length, 10_000);
  view.pass(5);
  assert.equal(view.text(".jps-text").length, 30_000);
});

test("a view that is shown anew shows at once what was there, without the kernel", () => {
  const view = stage();
  view.say(["title", "m"], ["start", 0, "text"], ["add", 0, "Some words"], ["start", 1, "tool", "t"], ["add", 1, '{"a": 1'], ["start", 2, "thinking"], ["add", 2, "hm"]);
  view.pass(40);
  const before = view.one(".jps-flow").innerHTML;
  view.close();
  const again = stage({ session: view.session });
  assert.equal(again.one(".jps-flow").innerHTML, before);
  assert.deepEqual(again.model.sent, [{ kind: "ready", have: 7 }]);
});

test("several views of one model show the same, and one may close", () => {
  const view = stage();
  const other = stage({ session: view.session });
  view.say(["start", 0, "text"], ["add", 0, "Hello"], ["end", 0]);
  view.pass(3);
  other.pass(3);
  assert.equal(other.text(".jps-text"), "Hello");
  other.close();
  view.say(["done", { footer: ["m"] }]);
  view.pass(3);
  assert.equal(view.text(".jps-footer-text"), "m");
  assert.deepEqual(other.model.handlers, []);
});

test("thinking is open while it lasts and closed after", () => {
  const view = stage();
  view.say(["start", 0, "thinking"], ["add", 0, "Let me see"]);
  view.pass(20);
  assert.ok(view.one("details").hasAttribute("open"));
  assert.equal(view.text(".jps-label"), "Thinking …");
  view.clock.pass(3000);
  view.say(["end", 0], ["start", 1, "text"], ["add", 1, "So"]);
  view.pass(20);
  assert.ok(!view.one("details").hasAttribute("open"));
  assert.equal(view.text(".jps-label"), "Thought for 3 s");
});

test("thinking closes when the next block begins, though nobody said that it is over", () => {
  const view = stage();
  view.say(["start", 0, "thinking"], ["add", 0, "Hm"], ["start", 1, "text"], ["add", 1, "So"]);
  view.pass(20);
  assert.ok(!view.one("details").hasAttribute("open"));
});

test("a thought in which the reader has marked something stays open", () => {
  const view = stage();
  view.say(["start", 0, "thinking"], ["add", 0, "Let me see"]);
  view.pass(20);
  const words = view.one(".jps-thought p").firstChild as Node;
  getSelection()?.setBaseAndExtent(words, 2, view.one(".jps-footer"), 0);
  view.say(["end", 0], ["start", 1, "text"], ["add", 1, "So"]);
  view.pass(20);
  getSelection()?.removeAllRanges();
  assert.ok(view.one("details").hasAttribute("open"));
});

test("when it is over its place is as high as it is", () => {
  const view = stage();
  view.say(["start", 0, "text"], ["add", 0, "So"]);
  view.pass(5);
  view.display.root.style.minHeight = "50px";
  view.say(["done", {}]);
  view.pass(5);
  assert.equal(view.display.root.style.minHeight, "");
});

test("what the reader opened or closed stays so", () => {
  const view = stage();
  view.say(["start", 0, "thinking"], ["add", 0, "Hm"], ["start", 1, "thinking"], ["add", 1, "Hm"]);
  view.pass(20);
  const [first, second] = view.all("details") as HTMLDetailsElement[];
  first!.querySelector("summary")!.click();
  second!.querySelector("summary")!.click();
  view.say(["add", 1, "more"], ["end", 1], ["start", 2, "text"], ["done", {}]);
  view.pass(20);
  assert.deepEqual([first!.open, second!.open], [true, false]);
  first!.querySelector("summary")!.click();
  view.pass(5);
  assert.equal(first!.open, false);
});

test("thoughts that are closed are drawn when they are opened", () => {
  const view = stage({ traits: { snapshot: { size: 3, ops: [["start", 0, "thinking"], ["add", 0, "Hidden thoughts"], ["end", 0]] } } });
  view.pass(3);
  assert.equal(view.text(".jps-thought"), "");
  assert.equal(view.text(".jps-label"), "Thought");
  view.one("summary").click();
  view.pass(5);
  assert.equal(view.text(".jps-thought"), "Hidden thoughts");
});

test("a tool call fills in as its arguments come, and ends as it is saved", () => {
  const view = stage();
  view.say(["start", 0, "tool", "wea"], ["add", 0, '{"city": "Ber'], ["name", 0, "weather of/the <day>"]);
  view.pass(30);
  assert.equal(view.text(".jps-head"), "Tool call weather_of/the__day_");
  assert.equal(view.text("pre code"), '{\n  "city": "Ber');
  view.say(["add", 0, 'lin"}'], ["end", 0]);
  view.pass(3);
  assert.equal(view.text("pre code"), '{\n  "city": "Berlin"\n}');
  assert.equal(view.text(".hljs-attr"), '"city"');
  assert.equal(view.one("pre").textContent, view.one("pre code").textContent);
});

test("arguments may go on after the end of their block", () => {
  const view = stage();
  view.say(["start", 0, "tool", "t"], ["add", 0, '{"a": 1'], ["end", 0], ["start", 1, "tool", "u"], ["add", 1, "{}"]);
  view.pass(5);
  view.say(["add", 0, ', "b": 2}'], ["end", 1]);
  view.pass(5);
  assert.deepEqual(view.all("pre code").map((code) => code.textContent), ['{\n  "a": 1,\n  "b": 2\n}', "{}"]);
});

test("a call without arguments, and a return in words", () => {
  const view = stage();
  view.say(["start", 0, "tool", "now"], ["end", 0], ["start", 1, "return", "now"], ["add", 1, "half past\u0007 three"], ["end", 1]);
  view.pass(5);
  assert.deepEqual(view.all("pre code").map((code) => code.textContent), ["{}", "half past\u2407 three"]);
  assert.deepEqual(view.all(".jps-head strong").map((head) => head.textContent), ["Tool call", "Tool result"]);
});

test("text that is set replaces what was there", () => {
  const view = stage();
  view.say(["start", 0, "text"], ["add", 0, "wrong"], ["start", 1, "tool", "t"], ["add", 1, '{"a":']);
  view.pass(20);
  view.say(["set", 0, "right"], ["set", 1, "[1]"], ["end", 1]);
  view.pass(5);
  assert.equal(view.text(".jps-text"), "right");
  assert.equal(view.text("pre code"), "[\n  1\n]");
});

test("a block that begins anew, and blocks out of order, are shown in order", () => {
  const view = stage();
  view.say(["start", 1, "text"], ["add", 1, "two"], ["end", 1]);
  view.pass(5);
  view.say(["start", 0, "text"], ["add", 0, "one"], ["end", 0], ["start", 1, "tool", "t"]);
  view.pass(5);
  assert.deepEqual(view.all(".jps-flow > *").map((part) => part.textContent?.slice(0, 9)), ["one", "Tool call"]);
});

test("pictures are shown; other files can be kept, never opened", () => {
  const view = stage();
  view.say(["start", 0, "file"], ["file", 0, "image/png", "AAAA", 3], ["start", 1, "file"], ["file", 1, "text/html", "PGI+", 3], ["start", 2, "file"], ["file", 2, "image/svg+xml", null, 12345]);
  view.pass(3);
  assert.equal(view.one("img").getAttribute("src"), "data:image/png;base64,AAAA");
  assert.deepEqual(view.all(".jps-file em").map((line) => line.textContent), ["A file: text/html, 3 bytes.", "A file: image/svg+xml, 12,345 bytes."]);
  assert.equal(view.all(".jps-file button").length, 1);
});

test("citations are numbered marks in the text and a list below it", () => {
  const view = stage();
  const good = { title: "A", url: "https://a.test/x", quote: "so it is" };
  view.say(["start", 0, "text"], ["add", 0, "One."], ["cite", 0, [good, { title: "Script", url: "javascript:alert(1)" }]], ["end", 0]);
  view.pass(5);
  assert.equal(view.text(".jps-marks"), "12");
  assert.deepEqual(view.all(".jps-sources li").map((item) => item.textContent), ["A", "Script"]);
  const links = view.all("a") as HTMLAnchorElement[];
  assert.deepEqual(links.map((link) => link.href), ["https://a.test/x", "https://a.test/x"]);
  for (const link of links) {
    assert.equal(link.target, "_blank");
    assert.equal(link.rel, "noopener noreferrer nofollow");
  }
  view.say(["cite", 0, []]);
  view.pass(5);
  assert.equal(view.all(".jps-marks, .jps-sources").length, 0);
});

for (const mark of ["interrupted", "incomplete", "error", "length", "content_filter", "suspended"] as const) {
  test(`an answer that is ${mark} says so with a mark of its own`, () => {
    const view = stage();
    view.say(["start", 0, "text"], ["add", 0, "Some"], ["done", { mark, notes: ["⚠ It is incomplete.", "Of the model."], footer: [] }]);
    view.pass(5);
    assert.deepEqual(view.all(".jps-note").map((note) => note.dataset.mark), [mark, "note"]);
    assert.equal(view.text(".jps-sign"), "⚠");
    assert.equal(view.text(".jps-note em"), "It is incomplete.");
  });
}

test("in the end: one footer, and nothing that runs", () => {
  const view = stage();
  view.say(["title", "m"], ["start", 0, "text"], ["add", 0, "Some"], ["done", { mark: null, notes: [], byline: "— m · 3 tokens in, 4 out", footer: ["0.4 s", "9 tokens/s"] }]);
  view.pass(5);
  assert.equal(view.text(".jps-footer-text"), "0.4 s · 9 tokens/s");
  assert.equal(view.text(".jps-flow > .jps-notes > p:last-child > em"), "— m · 3 tokens in, 4 out");
  assert.equal(view.all(".jps-dot:not([hidden]), .jps-stop:not([hidden]), [data-running], [data-live]").length, 0);
  assert.equal(view.one(".jps-flow").getAttribute("aria-busy"), "false");
});

/** What was said to those who cannot see, since the last time this was asked. */
function heard(): string[] {
  const lines = [...document.querySelectorAll(".jps-voice > p")];
  for (const line of lines) line.remove();
  return lines.map((line) => line.textContent ?? "");
}

test("begin and end are announced, tokens are not", () => {
  const view = stage();
  heard();
  view.say(["title", "the-model"]);
  view.pass(2);
  assert.equal(document.querySelector(".jps-voice")?.getAttribute("aria-live"), "polite");
  assert.deepEqual(heard(), []);
  view.say(["start", 0, "text"], ["add", 0, "Some"]);
  view.pass(5);
  assert.deepEqual(heard(), ["the-model answers."]);
  assert.equal(view.one("[role=log]").getAttribute("aria-live"), "off");
  assert.equal(view.one("[role=log]").getAttribute("aria-busy"), "true");
  view.say(["done", { notes: [] }]);
  view.pass(5);
  assert.deepEqual(heard(), ["The answer is complete."]);
});

test("what was said stays in the page for ten seconds", () => {
  const view = stage();
  heard();
  view.say(["start", 0, "text"], ["add", 0, "Some"]);
  view.pass(5);
  view.clock.pass(10_000);
  assert.deepEqual(heard(), []);
});

for (const [how, end, words] of [
  ["a note on the model does not hide the end", { notes: ["◇ A toy."] }, "The answer is complete. A toy."],
  ["an answer that is cut says why", { mark: "interrupted", notes: ["■ Stopped."] }, "Stopped."],
] as const) {
  test(`announced: ${how}`, () => {
    const view = stage();
    view.say(["start", 0, "text"], ["add", 0, "Some"]);
    view.pass(5);
    heard();
    view.say(["done", { ...end, notes: [...end.notes] }]);
    assert.deepEqual(heard(), [words]);
  });
}

test("an error before the first word is announced though the view goes at once; a view that gives up is silent", () => {
  const view = stage();
  view.pass(2);
  heard();
  view.say(["done", { mark: "error" }]);
  view.end();
  assert.deepEqual(heard(), ["There is no answer: an error stands below the cell."]);
  const other = stage();
  other.pass(2);
  other.say(["done", {}]);
  assert.deepEqual(heard(), []);
});

test("where the control that has the focus is gone, the view has it", () => {
  const view = stage();
  view.say(["start", 0, "text"], ["add", 0, "Some"]);
  view.pass(2);
  view.one(".jps-stop").focus();
  view.say(["done", {}]);
  view.pass(2);
  assert.equal(document.activeElement, view.display.root);
});

test("an answer that was over is not announced", () => {
  const view = stage({ traits: { snapshot: { size: 2, ops: [["start", 0, "text"], ["done", {}]] } } });
  heard();
  view.pass(3);
  assert.deepEqual(heard(), []);
});

test("the stop button stops, and Escape within the view does", () => {
  const view = stage();
  view.say(["title", "m"]);
  view.pass(2);
  view.one(".jps-stop").click();
  view.pass(3);
  assert.deepEqual(view.model.sent.slice(1), [{ kind: "stop" }]);
  assert.equal(view.text(".jps-stop"), "Stopping…");
  assert.equal(view.text(".jps-footer-text"), "", "it is not asked any more");
  assert.equal(view.all(".jps-footer > .jps-clock:not([hidden]), .jps-dot:not([hidden])").length, 0);
  view.clock.pass(5000);
  view.pass(3);
  assert.equal(view.text(".jps-stop"), "Stop again");
  assert.equal(view.text(".jps-footer-text"), "Asking m…");
  const other = stage();
  other.one(".jps-view").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  assert.deepEqual(other.model.sent.slice(1), [{ kind: "stop" }]);
});

test("where no button can work, the keys are named", () => {
  const view = stage({ traits: { stop: "keys" } });
  view.say(["title", "m"]);
  view.pass(2);
  assert.match(view.text(".jps-footer-text"), /To stop: press I twice/);
  assert.equal(view.all(".jps-stop:not([hidden])").length, 0);
  view.model.widget_manager = { kernel: { interrupt() {} } };
  view.model.set("stop", "keys");
  view.pass(5);
  assert.equal(view.all(".jps-stop:not([hidden])").length, 1);
});

test("a kernel that is gone is said to be gone", () => {
  const view = stage();
  view.say(["start", 0, "text"], ["add", 0, "Some"]);
  view.model.fire("comm_live_update");
  view.pass(5);
  assert.match(view.text(".jps-footer-text"), /kernel is gone/);
  assert.equal(view.all(".jps-stop:not([hidden])").length, 0);
});

test("the answer is copied as the Markdown that the model wrote", async () => {
  const copied: string[] = [];
  Object.defineProperty(globalThis, "navigator", { value: { clipboard: { writeText: async (text: string) => void copied.push(text) } }, configurable: true });
  const view = stage();
  view.say(["start", 0, "thinking"], ["add", 0, "hm"], ["start", 1, "text"], ["add", 1, "**One**\n"], ["start", 2, "text"], ["add", 2, "Two"], ["done", {}]);
  view.pass(5);
  const button = view.one(".jps-footer .jps-copy");
  assert.equal(button.getAttribute("aria-label"), "Copy the answer");
  button.click();
  await new Promise(setImmediate);
  assert.deepEqual(copied, ["**One**\n\nTwo"]);
  assert.equal(button.dataset.said, "Copied");
  view.clock.pass(2000);
  assert.equal(button.dataset.said, undefined);
});

test("nothing that a model writes becomes markup in a card, a name, a source or a note", () => {
  const view = stage();
  const bad = '<img src=x onerror="alert(1)">';
  view.say(["title", bad], ["status", bad], ["start", 0, "tool", bad], ["add", 0, bad], ["end", 0], ["start", 1, "return", bad], ["add", 1, `{"a": "${bad}`]);
  view.say(["start", 2, "text"], ["cite", 2, [{ title: bad, url: `https://a.test/${bad}`, quote: bad }]], ["end", 2]);
  view.say(["start", 3, "file"], ["file", 3, bad, "AAAA", 3], ["done", { mark: "error", notes: [bad], footer: [bad] }]);
  view.pass(10);
  assert.equal(view.all("img").length, 0);
  assert.deepEqual(view.all("*").filter((node) => [...node.attributes].some(({ name }) => name.startsWith("on"))), []);
});

/** An output area as Lab makes it, with a view in it. */
function area(): { area: HTMLElement; child: HTMLElement; view: Stage } {
  const made = document.createElement("div");
  made.className = "jp-OutputArea";
  const child = document.createElement("div");
  child.className = "jp-OutputArea-child";
  made.append(child);
  document.body.append(made);
  return { area: made, child, view: stage({ place: child }) };
}

function output(): HTMLElement {
  const made = document.createElement("div");
  made.className = "jp-OutputArea-child";
  return made;
}

/** An output as Lab makes it: what it shows comes later. */
function rendered(): { heir: HTMLElement; shown: HTMLElement } {
  const heir = output();
  const shown = document.createElement("div");
  shown.className = "jp-OutputArea-output";
  heir.append(shown);
  return { heir, shown };
}

test("the final Markdown inherits the footer, and takes it along when it goes", async () => {
  const { area: place, child, view } = area();
  view.say(["start", 0, "text"], ["done", { footer: ["m", "0.4 s"], swap: true }]);
  assert.notEqual(place.style.minHeight, "");
  const heir = output();
  child.replaceWith(heir);
  await new Promise(setImmediate);
  assert.equal(heir.querySelector(".jps-left")?.textContent, "m · 0.4 s");
  heir.remove();
  assert.equal(place.textContent, "");
});

test("until the Markdown is rendered the view stays over it", async () => {
  const { child, view } = area();
  view.say(["start", 0, "text"], ["add", 0, "Some text"], ["done", { footer: ["m"], swap: true }]);
  const { heir, shown } = rendered();
  child.replaceWith(heir);
  await new Promise(setImmediate);
  assert.equal(heir.querySelector(".jps-cover > .jps-view .jps-text")?.textContent, "Some text", "all of it");
  assert.ok(heir.classList.contains("jps-covered"));
  view.pass(3);
  assert.ok(heir.querySelector(".jps-cover"));
  shown.innerHTML = "<p>Some text</p>";
  view.pass(1);
  assert.equal(heir.querySelector(".jps-cover"), null);
  assert.ok(!heir.classList.contains("jps-covered"));
  assert.equal(shown.lastElementChild?.className, "jps-left");
});

test("Markdown whose formulas do not come is waited for a second", async () => {
  const { child, view } = area();
  view.say(["start", 0, "text"], ["add", 0, "Some"]);
  view.pass(5);
  view.one(".jps-text").append(document.createElementNS("http://www.w3.org/1998/Math/MathML", "math"));
  view.say(["done", { footer: ["m"], swap: true }]);
  const { heir, shown } = rendered();
  child.replaceWith(heir);
  await new Promise(setImmediate);
  shown.innerHTML = "<p>Some</p>";
  view.pass(10);
  assert.ok(heir.querySelector(".jps-cover"));
  view.pass(60);
  assert.equal(heir.querySelector(".jps-cover"), null);
});

test("what was marked is marked in the Markdown too, whatever stands before it", async () => {
  for (const backward of [false, true]) {
    const { child, view } = area();
    view.say(["start", 0, "thinking"], ["add", 0, "A thought"], ["start", 1, "text"], ["add", 1, "One two\nthree two four"]);
    view.pass(9);
    const text = view.one(".jps-text p").lastChild as Text;
    const ends = [text.data.indexOf("two"), text.data.indexOf("two") + 3] as const;
    const [from, to] = backward ? [ends[1], ends[0]] : ends;
    getSelection()?.setBaseAndExtent(text, from, text, to);
    const marked = getSelection()?.toString();
    view.say(["done", { swap: true }]);
    const { heir, shown } = rendered();
    child.replaceWith(heir);
    getSelection()?.removeAllRanges(); // as a browser does with what is taken out of the page
    await new Promise(setImmediate);
    assert.equal(getSelection()?.toString(), marked, "while it is waited for");
    shown.innerHTML = "<details><summary>Other words</summary></details><p>One <b>two</b> three two four</p>";
    view.pass(1);
    assert.equal(getSelection()?.toString(), marked);
    assert.ok(shown.contains(getSelection()?.anchorNode ?? null));
    const { anchorOffset = 0, focusOffset = 0 } = getSelection() ?? {};
    assert.equal(anchorOffset > focusOffset, backward);
    getSelection()?.removeAllRanges();
  }
});

test("a selection that ends elsewhere keeps that end, and text that is another is not marked", async () => {
  const { child, view } = area();
  const above = document.createElement("p");
  above.textContent = "Above";
  document.body.prepend(above);
  view.say(["start", 0, "text"], ["add", 0, "One two three"]);
  view.pass(9);
  getSelection()?.setBaseAndExtent(above.firstChild!, 2, view.one(".jps-text p").lastChild!, 7);
  view.say(["done", { swap: true }]);
  const { heir, shown } = rendered();
  child.replaceWith(heir);
  await new Promise(setImmediate);
  shown.innerHTML = "<p>One <em>two</em> three</p>";
  view.pass(1);
  assert.equal(getSelection()?.anchorNode, above.firstChild);
  assert.equal(getSelection()?.focusNode, shown.querySelector("em")?.firstChild);
  assert.equal(getSelection()?.focusOffset, 3);
  getSelection()?.removeAllRanges();
  above.remove();
});

test("the focus stays on what had it, or on the answer", async () => {
  for (const [selector, label] of [["a", "there"], [".jps-stop", ""], [".jps-footer > .jps-copy", "Copy the answer"]] as const) {
    const { child, view } = area();
    view.say(["start", 0, "text"], ["add", 0, "Go [here](https://a.test/) and [there](https://b.test/)"]);
    view.pass(9);
    view.all(selector).at(-1)!.focus();
    view.say(["done", { swap: true }]);
    const { heir, shown } = rendered();
    child.replaceWith(heir);
    await new Promise(setImmediate);
    assert.ok(heir.contains(document.activeElement), "while it is waited for");
    shown.innerHTML = '<p>Go <a href="https://a.test/">here</a> and <a href="https://b.test/">there</a></p>';
    view.pass(1);
    const active = document.activeElement as HTMLElement;
    assert.equal(label ? (active.getAttribute("aria-label") ?? active.textContent) : active === shown, label || true);
  }
});

test("the focus is not taken from where the reader went", async () => {
  const { child, view } = area();
  const elsewhere = document.createElement("button");
  document.body.append(elsewhere);
  view.pass(2);
  view.one(".jps-stop").focus();
  view.say(["done", { swap: true }]);
  elsewhere.focus();
  const { heir, shown } = rendered();
  child.replaceWith(heir);
  await new Promise(setImmediate);
  shown.innerHTML = "<p>Some</p>";
  view.pass(1);
  assert.equal(document.activeElement, elsewhere);
  elsewhere.remove();
});

test("code keeps its colours and its button", async () => {
  const { child, view } = area();
  view.say(["start", 0, "text"], ["add", 0, "```python\npass\n```\n"]);
  view.pass(9);
  view.one("pre > code").innerHTML = '<span class="hljs-keyword">pass</span>\n';
  view.say(["done", { swap: true }]);
  const { heir, shown } = rendered();
  child.replaceWith(heir);
  await new Promise(setImmediate);
  shown.innerHTML = "<pre><code>pass\n</code></pre><pre><code>other\n</code></pre>";
  view.pass(1);
  assert.deepEqual(
    [...shown.querySelectorAll("pre")].map((pre) => [!!pre.querySelector(".hljs-keyword"), !!pre.querySelector(".jps-copy")]),
    [[true, true], [false, false]],
  );
});

test("thoughts keep their look, their time, and whether the reader has opened them", async () => {
  const { child, view } = area();
  view.say(["start", 0, "thinking", "", 0], ["add", 0, "One"], ["end", 0, 3], ["start", 1, "thinking"], ["add", 1, "Two"]);
  view.say(["start", 2, "text"], ["add", 2, "So."]);
  view.pass(5);
  view.all("summary")[1]!.click();
  view.say(["done", { swap: true }]);
  const { heir, shown } = rendered();
  child.replaceWith(heir);
  await new Promise(setImmediate);
  const thought = (text: string) => `<details><summary>Thinking</summary>\n\n<p>${text}</p></details>`;
  shown.innerHTML = `${thought("One")}${thought("Two")}<p>So.</p>`;
  view.pass(1);
  const found = [...shown.querySelectorAll("details")];
  assert.deepEqual(found.map((one) => one.querySelector("summary")?.textContent), ["Thought for 3 s", "Thought"]);
  assert.deepEqual(found.map((one) => one.open), [false, true]);
  assert.deepEqual(found.map((one) => one.querySelector(".jps-thought > p")?.textContent), ["One", "Two"]);
});

test("the answer can be copied after the swap, where there is one", async () => {
  for (const [text, labels] of [["Some **text**", ["Copy the answer"]], ["", []]] as const) {
    const { child, view } = area();
    view.say(["start", 0, "text"], ["add", 0, text], ["done", { footer: ["m"], swap: true }]);
    const heir = output();
    child.replaceWith(heir);
    await new Promise(setImmediate);
    const buttons = [...heir.querySelectorAll<HTMLElement>(".jps-left > button.jps-copy")];
    assert.deepEqual(buttons.map((button) => button.ariaLabel ?? button.getAttribute("aria-label")), labels);
  }
});

test("the place is held for a moment only", () => {
  const { area: place, view } = area();
  const left = new Left(view.session, view.model);
  prepare(view.display.root, { left, thoughts: [], replaced() {} }, view.clock);
  assert.notEqual(place.style.minHeight, "");
  view.clock.pass(1100);
  assert.equal(place.style.minHeight, "");
});

test("an output that is not about to be replaced is not held", () => {
  const { area: place, view } = area();
  view.say(["start", 0, "text"], ["done", { footer: ["m"], swap: false }]);
  assert.equal(place.style.minHeight, "");
});

test("what else has set the height of the place meanwhile stays", () => {
  const { area: place, view } = area();
  view.say(["done", { swap: true }]);
  place.style.minHeight = "7px";
  view.clock.pass(1100);
  assert.equal(place.style.minHeight, "7px");
});

test("what takes the place after five seconds is no heir", async () => {
  const { child, view } = area();
  view.say(["done", { footer: ["m"], swap: true }]);
  view.clock.pass(5000);
  const late = output();
  child.replaceWith(late);
  await new Promise(setImmediate);
  assert.equal(late.querySelector(".jps-left"), null);
});

test("an answer that is over before it is shown is announced when the Markdown takes its place", async () => {
  const { child, view } = area();
  heard();
  view.say(["start", 0, "text"], ["done", { mark: "error", notes: ["It broke."], footer: ["m"], swap: true }]);
  child.replaceWith(output());
  await new Promise(setImmediate);
  assert.deepEqual(heard(), ["It broke."]);
});

test("an output that was cleared leaves no line to the next one", async () => {
  const { area: place, child, view } = area();
  view.say(["start", 0, "text"], ["done", { footer: ["m"], swap: true }]);
  child.remove();
  await new Promise(setImmediate);
  place.append(output());
  await new Promise(setImmediate);
  assert.equal(place.querySelector(".jps-left"), null);
});

test("an output that is added beside the view is no heir", async () => {
  const { area: place, child, view } = area();
  view.say(["start", 0, "text"], ["done", { footer: ["m"], swap: true }]);
  const beside = output();
  place.append(beside);
  await new Promise(setImmediate);
  const heir = output();
  child.replaceWith(heir);
  await new Promise(setImmediate);
  assert.ok(heir.querySelector(".jps-left") && !beside.querySelector(".jps-left"));
});

test("an output that stood below the view is no heir of it", async () => {
  const { area: place, child, view } = area();
  const below = output();
  place.append(below);
  view.say(["start", 0, "text"], ["done", { footer: ["m"], swap: true }]);
  child.remove();
  await new Promise(setImmediate);
  assert.equal(below.querySelector(".jps-left"), null);
});

test("where there is no output area a swap changes nothing", () => {
  const view = stage();
  view.say(["start", 0, "text"], ["done", { footer: ["m"], swap: true }]);
  view.pass(3);
  assert.equal(view.text(".jps-footer-text"), "m");
});

// ------------------------------------------------------------------ where it stands in its thread

const SENT: [string, string] = ["with [2] [5]", "[2] One?\n[5] Two?"];

test("in the end the last line says what was sent, and turns to the cell's other answers", () => {
  const view = stage();
  view.say(["start", 0, "text"], ["add", 0, "Some"]);
  view.pass(3);
  assert.equal(view.all(".jps-sent, .jps-pager").length, 0, "not before");
  view.say(["done", { footer: ["m"], sent: SENT, versions: [2, 3] }]);
  view.pass(3);
  assert.equal(view.text(".jps-words"), "with [2] [5]");
  assert.equal(view.text(".jps-lines"), "[2] One?\n[5] Two?");
  assert.equal(view.one(".jps-words").getAttribute("aria-describedby"), view.one(".jps-lines").id);
  assert.equal(view.text(".jps-at"), "2/3");
  for (const button of view.all(".jps-turn")) button.click();
  assert.deepEqual(view.model.sent.slice(-2), [{ kind: "version", number: 1 }, { kind: "version", number: 3 }]);
});

test("where nothing was sent and there is one answer, nothing is said of either", () => {
  const view = stage();
  view.say(["done", { footer: ["m"], sent: ["", ""], versions: [1, 1] }]);
  view.pass(3);
  assert.equal(view.all(".jps-sent, .jps-pager").length, 0);
});

test("at its ends the pager turns no further", () => {
  for (const [position, able] of [[1, [2]], [3, [2]]] as const) {
    const view = stage();
    view.say(["done", { versions: [position, 3] }]);
    view.pass(3);
    for (const button of view.all(".jps-turn")) button.click();
    const pressed = view.model.sent.flatMap((said) => (said.kind === "version" ? [said.number] : []));
    assert.deepEqual(pressed, able);
    assert.equal(view.all(".jps-turn[aria-disabled]").length, 1);
  }
});

test("another answer takes the place of the one that a view shows", () => {
  const view = stage();
  view.say(["start", 0, "thinking"], ["add", 0, "Hm."], ["start", 1, "text"], ["add", 1, "Second"]);
  view.say(["done", { footer: ["2 s"], versions: [2, 2] }]);
  view.pass(3);
  view.say(["version", { source: "First", footer: ["1 s"], versions: [1, 2] }]);
  view.pass(3);
  assert.equal(view.text(".jps-flow"), "First");
  assert.equal(view.text(".jps-footer-text"), "1 s");
  assert.equal(view.text(".jps-at"), "1/2");
  assert.equal(view.session.answer.source, "First");
});

/** A view whose place the Markdown has taken, with the line below. */
async function left(): Promise<{ place: HTMLElement; heir: HTMLElement; shown: HTMLElement; view: Stage }> {
  const { area: place, child, view } = area();
  view.say(["start", 0, "text"], ["add", 0, "Second"], ["done", { footer: ["2 s"], sent: SENT, versions: [2, 2], swap: true }]);
  const { heir, shown } = rendered();
  shown.innerHTML = "<p>Second</p>";
  child.replaceWith(heir);
  view.close();
  await new Promise(setImmediate);
  assert.equal(shown.querySelector(".jps-left .jps-at")?.textContent, "2/2");
  return { place, heir, shown, view };
}

test("the line below stays where Lab renders another answer in the same node", async () => {
  const { shown, view } = await left();
  heard();
  const former = shown.querySelector<HTMLElement>(".jps-turn");
  former?.focus();
  former?.click();
  assert.deepEqual(view.model.sent.at(-1), { kind: "version", number: 1 });
  view.say(["version", { source: "First", footer: ["1 s"], sent: ["", ""], versions: [1, 2] }]);
  shown.innerHTML = "";
  await new Promise(setImmediate);
  assert.equal(shown.childElementCount, 0, "not alone");
  shown.innerHTML = "<p>First</p>";
  await new Promise(setImmediate);
  const line = shown.lastElementChild as HTMLElement;
  assert.equal(line.className, "jps-left");
  assert.equal(line.querySelector(".jps-footer-text")?.textContent, "1 s");
  assert.equal(line.querySelector(".jps-at")?.textContent, "1/2");
  assert.equal(line.querySelector(".jps-sent"), null);
  assert.equal(document.activeElement, former, "and the focus");
  assert.deepEqual(heard(), ["Answer 1 of 2."]);
});

test("the line below goes over to a node that takes the place of its own", async () => {
  const { heir, view } = await left();
  for (const from of [heir, null]) {
    const old = from ?? document.querySelector(".jp-OutputArea-child:has(.jps-left)");
    const { heir: other, shown } = rendered();
    shown.innerHTML = "<p>Second</p>";
    old?.replaceWith(other);
    await new Promise(setImmediate);
    assert.equal(shown.lastElementChild?.className, "jps-left");
    assert.ok(other.classList.contains("jps-heir"));
    view.pass(1);
  }
});

test("the line below goes with an output that is cleared, and hears nothing any more", async () => {
  const { place, heir, view } = await left();
  heir.remove();
  await new Promise(setImmediate);
  place.append(rendered().heir);
  await new Promise(setImmediate);
  assert.equal(place.querySelector(".jps-left"), null);
  assert.deepEqual(view.model.handlers, []);
});

test("where the kernel is gone nobody can turn to another answer", async () => {
  for (const event of ["destroy", "comm_live_update"]) {
    const { shown, view } = await left();
    view.model.fire(event);
    assert.equal(shown.querySelector(".jps-pager"), null);
    assert.equal(shown.querySelector(".jps-words")?.textContent, "with [2] [5]");
  }
});
