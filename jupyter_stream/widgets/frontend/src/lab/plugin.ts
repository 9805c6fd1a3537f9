// The extension of JupyterLab and Notebook 7 by which a prompt is edited as prose.
import { indentUnit } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { type CodeEditor, IEditorExtensionRegistry } from "@jupyterlab/codemirror";
import { mimeType } from "./mime_type.ts";
import { PROSE_CLASS, prompt } from "./prompt.ts";

const INDENT = "jupyter-stream:indent-prose";

/** What is used of JupyterLab's application. */
export interface Application {
  commands: {
    addCommand(id: string, options: { execute: () => void }): unknown;
    addKeyBinding(options: { command: string; keys: string[]; selector: string }): unknown;
  };
}

/** The extension for the editor of a code cell, in a notebook or a console; null for all others. */
export function extensionFor(model: CodeEditor.IModel) {
  if (model.type !== "code") return null;
  return { instance: () => [prompt, mimeType(model)], reconfigure: () => null };
}

/** Tab in prose is an indent. It would ask for completion, and Lab offers words of the cell that Enter then takes. */
function indent(): void {
  const view = document.activeElement && EditorView.findFromDOM(document.activeElement as HTMLElement);
  if (!view) return;
  view.dispatch(view.state.replaceSelection(view.state.facet(indentUnit)), { userEvent: "input", scrollIntoView: true });
}

export default {
  id: "jupyter-stream:prompt-cells",
  description: "Cells that begin with %%ask are edited as prose.",
  autoStart: true,
  requires: [IEditorExtensionRegistry],
  activate({ commands }: Application, registry: IEditorExtensionRegistry): void {
    registry.addExtension({ name: "jupyter-stream:prompt", factory: ({ model }) => extensionFor(model) });
    commands.addCommand(INDENT, { execute: indent });
    // Lab's own rule for Tab (completion is possible here), but nearer to the cursor, so that it is taken first.
    const inCompletion = ".jp-mod-completer-enabled:not(.jp-mod-at-line-beginning):not(.jp-mod-completer-active)";
    for (const where of [".jp-Notebook.jp-mod-editMode", ".jp-CodeConsole-promptCell"]) {
      const selector = `${where} ${inCompletion} .${PROSE_CLASS}`;
      commands.addKeyBinding({ command: INDENT, keys: ["Tab"], selector });
    }
  },
};
