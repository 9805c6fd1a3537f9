// A cell that begins with %%ask, as CodeMirror sees it: its lines wrap, Enter keeps the column, nothing is closed by
// itself, and its first line looks like a magic. All of it follows from the text, so nothing has to be switched.
import { indentService } from "@codemirror/language";
import { EditorState, type Extension, Prec, StateField, type Text } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

/** On what can be edited while the cursor is in the prose of a prompt, below its first line. */
export const PROSE_CLASS = "jps-prose";

// As in notebook/transform.py: above the magic there may be blank lines and notes.
const ABOVE = /^\s*(#.*)?$/;
const MAGIC = /^%%ask(?=[ \t]|$)/;

/** The number of the line with the %%ask that the text begins with; 0 where it begins with something else. */
export function headOf(text: Text): number {
  for (let number = 1; number <= text.lines; number++) {
    const line = text.line(number).text;
    if (!ABOVE.test(line)) return MAGIC.test(line) ? number : 0;
  }
  return 0;
}

export const head = StateField.define<number>({
  create: (state) => headOf(state.doc),
  update: (value, change) => (change.docChanged ? headOf(change.newDoc) : value),
});

const wrapping = EditorView.contentAttributes.compute([head], (state) => named("cm-lineWrapping", state.field(head) > 0));

const place = EditorView.contentAttributes.compute([head, "selection"], (state) => {
  const first = state.field(head);
  return named(PROSE_CLASS, first > 0 && state.doc.lineAt(state.selection.main.head).number > first);
});

function named(name: string, holds: boolean): Record<string, string> {
  return holds ? { class: name } : {};
}

// The column of the line itself, where Enter breaks it in two that of its first part.
const indentation = Prec.highest(
  indentService.of((context, pos) => {
    if (!context.state.field(head)) return undefined;
    return context.countColumn(/^\s*/.exec(context.lineAt(pos, -1).text)?.[0] ?? "");
  }),
);

const brackets = Prec.highest(
  EditorState.languageData.of((state) => (state.field(head) ? [{ closeBrackets: { brackets: [] } }] : [])),
);

const headLine = Decoration.line({ class: "jps-head" });
const magicName = Decoration.mark({ class: "jps-magic" });
const looks = Prec.highest(
  EditorView.decorations.compute(["doc", head], (state) => {
    const lines = Array.from({ length: state.field(head) }, (_, above) => state.doc.line(above + 1));
    const magic = lines.at(-1);
    if (!magic) return Decoration.none;
    const name = magicName.range(magic.from, magic.from + "%%ask".length);
    return Decoration.set([...lines.map((line) => headLine.range(line.from)), name], true);
  }),
);

const theme = EditorView.baseTheme({
  ".jps-head, .jps-head span": {
    color: "var(--jp-mirror-editor-variable-color, inherit)",
    fontStyle: "normal",
    fontWeight: "normal",
    textDecoration: "none",
  },
  ".jps-head .jps-magic, .jps-head .jps-magic span": {
    color: "var(--jp-mirror-editor-operator-color, inherit)",
    fontWeight: "bold",
  },
});

/** What every editor of a code cell gets; in other cells than prompts it changes nothing. */
export const prompt: Extension = [head, wrapping, place, indentation, brackets, looks, theme];
