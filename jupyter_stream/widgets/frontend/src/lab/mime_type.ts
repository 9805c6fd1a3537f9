// The colours of a cell follow its model's MIME type: Markdown for a prompt, what the kernel speaks for everything else.
import { type Extension } from "@codemirror/state";
import { type EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import type { CodeEditor } from "@jupyterlab/codemirror";
import { head } from "./prompt.ts";

/** JupyterLab's own type for Markdown with formulas. */
export const MARKDOWN = "text/x-ipythongfm";

// What a model had before it was a prompt. An editor that is scrolled out of sight is thrown away; its model stays.
const before = new WeakMap<CodeEditor.IModel, string>();

class MimeType {
  private readonly settle = () => settle(this.model, this.view);

  constructor(
    private readonly view: EditorView,
    private readonly model: CodeEditor.IModel,
  ) {
    // At once: an editor that is being made asks for its first language only after this.
    this.settle();
    model.mimeTypeChanged.connect(this.settle);
  }

  update({ startState, state }: ViewUpdate): void {
    // The new type may change the view, which must not happen while it is being updated.
    if (startState.field(head) !== state.field(head)) queueMicrotask(this.settle);
  }

  destroy(): void {
    this.model.mimeTypeChanged.disconnect(this.settle);
  }
}

function settle(model: CodeEditor.IModel, view: EditorView): void {
  const isMarkdown = model.mimeType === MARKDOWN;
  if (view.state.field(head)) {
    if (isMarkdown) return;
    before.set(model, model.mimeType);
    model.mimeType = MARKDOWN;
  } else if (isMarkdown && before.has(model)) {
    model.mimeType = before.get(model)!;
  }
}

/** Keeps the MIME type of the model at what its text asks for. Nothing of it is saved. */
export function mimeType(model: CodeEditor.IModel): Extension {
  return ViewPlugin.define((view) => new MimeType(view, model));
}
