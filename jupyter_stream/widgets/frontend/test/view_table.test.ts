/** A typed answer on the page: a table whose rows are appended, and whose finished rows stay as they are. */

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Stage } from "./page.ts";
import type { Op } from "../src/protocol.ts";

let stages: Stage[] = [];
function stage(...ops: Op[]): Stage {
  const made = new Stage();
  stages.push(made);
  made.say(["start", 0, "table", ""], ["columns", 0, ["name", "age"], true], ...ops);
  made.pass(3);
  return made;
}
afterEach(() => {
  for (const one of stages.splice(0)) one.end();
});

const rowsOf = (view: Stage) => view.all("tbody tr").map((row) => [...(row as HTMLTableRowElement).cells].map((cell) => cell.textContent));
const row = (number: number, state: string | null = ""): Op => ["row", 0, number, [`n${number}`, String(number)], state];

test("rows are appended, and the open one grows in its cells", () => {
  const view = stage(row(0), ["row", 0, 1, ["Bo", ""], null]);
  assert.deepEqual(view.all("thead th").map((cell) => cell.textContent), ["#", "name", "age"]);
  assert.deepEqual(rowsOf(view), [["1", "n0", "0"], ["2", "Bo", ""]]);
  const [finished, open] = view.all("tbody tr");
  const text = open?.children[1]?.firstChild;
  view.say(["cell", 0, 1, 0, "b"]);
  view.pass(3);
  assert.deepEqual(rowsOf(view)[1], ["2", "Bob", ""]);
  assert.equal(view.all("tbody tr")[1]?.children[1]?.firstChild, text, "the same node has grown");
  assert.ok(open?.hasAttribute("data-live"));
  view.say(["row", 0, 1, ["Bob", "7"], ""], row(2));
  view.pass(3);
  assert.deepEqual(rowsOf(view), [["1", "n0", "0"], ["2", "Bob", "7"], ["3", "n2", "2"]]);
  assert.equal(view.all("tbody tr")[0], finished);
  assert.ok(!open?.hasAttribute("data-live"));
});

test("a finished row is not touched again", () => {
  const view = stage(row(0), row(1));
  let touched = 0;
  const observer = new MutationObserver((records) => (touched += records.length));
  for (const line of view.all("tbody tr")) observer.observe(line, { childList: true, subtree: true, attributes: true, characterData: true });
  for (let number = 2; number < 40; number += 1) {
    view.say(row(number));
    view.pass(2);
  }
  touched += observer.takeRecords().length;
  observer.disconnect();
  assert.equal(view.all("tbody tr").length, 40);
  assert.equal(touched, 0);
});

test("a bad row has a sign, and says why to whoever points at it or hears it", () => {
  const view = stage(row(0), row(1, "age: it is no integer"), row(2));
  const [good, bad] = view.all("tbody tr");
  assert.equal(bad?.title, "age: it is no integer");
  assert.ok(bad?.classList.contains("jps-bad"));
  assert.equal(bad?.firstElementChild?.textContent, "⚠  not valid: age: it is no integer 2");
  assert.equal(bad?.querySelector("[aria-hidden]")?.textContent, "⚠ ");
  assert.equal(good?.title, "");
  assert.equal(view.text(".jps-count"), "3 rows, 1 of them not valid");
});

test("it is a real table: heads have their scope, and nothing of it is announced", () => {
  const view = stage(row(0));
  assert.deepEqual(view.all("th").map((cell) => cell.getAttribute("scope")), ["col", "col", "col", "row"]);
  assert.equal(view.one(".jps-flow").getAttribute("aria-live"), "off");
});

test("what is in a cell is text", () => {
  const view = stage(["row", 0, 0, ["<img src=x onerror=alert(1)>", "**x**"], ""]);
  assert.equal(view.all("img, strong").length, 0);
  assert.equal(rowsOf(view)[0]?.[1], "<img src=x onerror=alert(1)>");
});

test("an object is a table of its fields, without numbers and without a count", () => {
  const view = new Stage();
  stages.push(view);
  view.say(["start", 0, "table", ""], ["columns", 0, ["field", "value"], false]);
  view.say(["row", 0, 0, ["name", ""], null], ["row", 0, 1, ["age", ""], null]);
  view.pass(3);
  assert.deepEqual(rowsOf(view), [["name", ""], ["age", ""]]);
  view.say(["cell", 0, 0, 1, "Ada"], ["row", 0, 1, ["age", "36"], ""], ["end", 0]);
  view.pass(3);
  assert.deepEqual(rowsOf(view), [["name", "Ada"], ["age", "36"]]);
  assert.ok(view.one(".jps-count").hidden);
});

test("many rows at once are drawn over several frames", () => {
  const ops: Op[] = Array.from({ length: 2000 }, (_, number) => row(number));
  const view = new Stage();
  stages.push(view);
  view.say(["start", 0, "table", ""], ["columns", 0, ["name", "age"], true], ...ops);
  view.pass();
  const first = view.all("tbody tr").length;
  assert.ok(first > 10 && first < 1000, String(first));
  view.pass(60);
  assert.equal(view.all("tbody tr").length, 2000);
});

test("a row that changed many times before it is drawn is drawn once", () => {
  const view = stage(["row", 0, 0, ["", ""], null]);
  view.say(...Array.from({ length: 500 }, (): Op => ["cell", 0, 0, 0, "x"]));
  view.pass(2);
  assert.equal(rowsOf(view)[0]?.[1]?.length, 500);
});

test("a whole state takes the place of what was there", () => {
  const view = stage(row(0), row(1), row(2));
  view.model.hear({ at: 0, size: 99, ops: [["start", 0, "table", ""], ["columns", 0, ["name", "age"], true], row(0), ["row", 0, 1, ["Eve", "3"], "bad"]] });
  view.pass(5);
  assert.deepEqual(rowsOf(view).map((cells) => cells.slice(1)), [["n0", "0"], ["Eve", "3"]]);
});

test("more columns may come later", () => {
  const view = stage(row(0));
  view.say(["columns", 0, ["name", "age", "born"], true], ["row", 0, 1, ["Ada", "36", "1815"], ""]);
  view.pass(3);
  assert.equal(view.all("thead th").length, 4);
  assert.deepEqual(rowsOf(view)[1], ["2", "Ada", "36", "1815"]);
});

test("a view that is shown anew shows the same", () => {
  const view = stage(row(0), row(1, "bad"), ["row", 0, 2, ["o", ""], null]);
  const before = view.one("tbody").innerHTML;
  view.close();
  const again = new Stage({ session: view.session });
  stages.push(again);
  assert.equal(again.one("tbody").innerHTML, before);
});

test("what is copied is text that a sheet takes", () => {
  const view = stage(row(0), row(1));
  assert.equal(view.session.answer.source, "name\tage\nn0\t0\nn1\t1");
  assert.ok(!view.one(".jps-footer > .jps-copy").hidden);
});
