// What is used of JupyterLab, so that its packages need not be installed to check the types.
declare module "@jupyterlab/codemirror" {
  import type { Extension, StateEffect } from "@codemirror/state";

  export namespace CodeEditor {
    interface IModel {
      /** 'code', 'markdown' or 'raw' for the model of a cell. */
      readonly type?: string;
      mimeType: string;
      readonly mimeTypeChanged: { connect(slot: () => void): boolean; disconnect(slot: () => void): boolean };
    }
  }

  export interface IEditorExtensionRegistry {
    addExtension(factory: {
      name: string;
      factory(options: { model: CodeEditor.IModel }): {
        instance(value: unknown): Extension;
        reconfigure(value: unknown): StateEffect<unknown> | null;
      } | null;
    }): void;
  }
  /** The token by which a plugin asks for the registry. */
  export const IEditorExtensionRegistry: unknown;
}
