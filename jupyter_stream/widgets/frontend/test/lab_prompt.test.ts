// A prompt cell in CodeMirror: what its text alone decides, and the MIME type of its model.
import assert from "node:assert/strict";
import { test } from "node:test";
import { getIndentation, IndentContext } from "@codemirror/language";
import { EditorState, Text } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { JSDOM } from "jsdom";
import { MARKDOWN, mimeType } from "../src/lab/mime_type.ts";
import { headOf, prompt } from "../src/lab/prompt.ts";
import { type Scope, modules, sharedModules } from "../src/lab/shared.ts";

const headIn = (text: string) => headOf(Text.of(text.split("\n")));

test("a prompt begins with %%ask, below blank lines and notes", () => {
  for (const text of ["%%ask", "%%ask ", "%%ask -m a:b", "%%ask\nit's", "%%ask\t"]) assert.equal(headIn(text), 1, text);
  assert.equal(headIn("\n  \n# a note\n  # another\n%%ask\nwhy?"), 5);
});

test("everything else is no prompt", () => {
  const others = ["", "%%asking", "%%ask?", "%%as", "%ask why?", " %%ask", "x = 1\n%%ask", "%%time\n%%ask", "# %%ask"];
  for (const text of others) assert.equal(headIn(text), 0, text);
});

/** The column that a new line gets if the text is broken where the | is. */
function column(text: string): number | null {
  const at = text.indexOf("|");
  const state = EditorState.create({ doc: text.replace("|", ""), extensions: prompt });
  return getIndentation(new IndentContext(state, { simulateBreak: at }), at);
}

test("Enter keeps the column", () => {
  assert.equal(column("%%ask\nDo this:|"), 0);
  assert.equal(column("%%ask\n  - one:|\n"), 2);
  assert.equal(column("%%ask\n    (|deep"), 4);
  assert.equal(column("if x:|"), null);
});

test("no bracket is closed by itself", () => {
  const closed = (doc: string) =>
    EditorState.create({ doc, extensions: prompt }).languageDataAt<{ brackets: string[] }>("closeBrackets", doc.length);
  assert.deepEqual(closed("%%ask\n"), [{ brackets: [] }]);
  assert.deepEqual(closed("x = 1"), []);
});

class Model {
  readonly slots = new Set<() => void>();
  readonly mimeTypeChanged = {
    connect: (slot: () => void) => !!this.slots.add(slot),
    disconnect: (slot: () => void) => this.slots.delete(slot),
  };
  type = "code";
  constructor(private value = "text/x-ipython") {}
  get mimeType() {
    return this.value;
  }
  set mimeType(value: string) {
    if (value === this.value) return;
    this.value = value;
    for (const slot of [...this.slots]) slot();
  }
}

function open(doc: string, model: Model): EditorView {
  const { window } = new JSDOM("<body></body>", { pretendToBeVisual: true });
  Object.assign(globalThis, { window, document: window.document, MutationObserver: window.MutationObserver });
  const state = EditorState.create({ doc, extensions: [prompt, mimeType(model)] });
  return new EditorView({ state, parent: window.document.body, root: window.document });
}

test("the MIME type follows the text, and what the kernel says of it is kept for later", async () => {
  const model = new Model();
  const view = open("%%as", model);
  assert.equal(model.mimeType, "text/x-ipython");
  view.dispatch({ changes: { from: 4, insert: "k" } });
  await null;
  assert.equal(model.mimeType, MARKDOWN);
  model.mimeType = "text/x-julia";
  assert.equal(model.mimeType, MARKDOWN);
  view.dispatch({ changes: { from: 4, to: 5 } });
  await null;
  assert.equal(model.mimeType, "text/x-julia");
  view.destroy();
  assert.equal(model.slots.size, 0);
});

test("a stored prompt has it at once, and in an editor that is made anew it can still be changed back", async () => {
  const model = new Model();
  open("%%ask\nit's", model).destroy();
  assert.equal(model.mimeType, MARKDOWN);
  const view = open("%%ask\nit's", model);
  view.dispatch({ changes: { from: 0, insert: "x" } });
  await null;
  assert.equal(model.mimeType, "text/x-ipython");
  view.destroy();
});

test("of a shared package the version in use is taken, else the highest", async () => {
  const version = (name: string, loaded = false) => ({ get: () => () => name, loaded });
  const scope: Scope = {
    used: { "6.10.0": version("new"), "6.9.0": version("used", true) },
    unused: { "6.9.0": version("old"), "6.10.0": version("new") },
  };
  await sharedModules(scope, ["used", "unused"]);
  assert.deepEqual([modules.used, modules.unused], ["used", "new"]);
  await assert.rejects(sharedModules(scope, ["missing"]), /shares no missing: JupyterLab 4 or Notebook 7 is needed/);
});
