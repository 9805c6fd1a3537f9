/**
 * What the explorer around a timeline needs of the page and ipywidgets cannot say: names for screen readers, Ctrl+Enter,
 * the focus of a button that is switched off, and a place beside its output.
 *
 * The place: no file can hold a widget, so the output is to be text, as it will be saved, while the widget is used. The
 * page takes the widget out of the output, into a node of its own beside it, and says so; the kernel makes the output
 * text; the node goes over to what Lab puts there, and hides it. It is in no notebook's model, and goes with its output.
 */

import { h, put } from "./dom.ts";

interface Lumino {
  parent: unknown;
  isDisposed: boolean;
  dispose(): void;
  constructor: { attach?: (widget: Lumino, host: HTMLElement) => void };
}

interface WidgetView {
  el: HTMLElement;
  luminoWidget?: Lumino;
}

export interface ExplorerModel {
  get(name: "root"): string | undefined;
  send(content: { kind: "placed" } | { kind: "run"; prompt: string }): void;
  widget_manager?: { get_model?(id: string): Promise<{ views?: Record<string, Promise<WidgetView>> }> };
}

/** What is said of the parts, by their class. */
const NAMES: Record<string, Record<string, string>> = {
  "jpt-said": { role: "status" },
  "jpt-one": { role: "region", "aria-label": "Answer", tabindex: "0" },
  "jpt-other": { role: "region", "aria-label": "Answer of the other run", tabindex: "0" },
};

/** Joins the explorer that `el` is in, as soon as it is on the page; returns what ends it. */
export function join(model: ExplorerModel, el: HTMLElement): () => void {
  const ends: (() => void)[] = [];
  const seen = new ResizeObserver(() => {
    const panel = el.closest<HTMLElement>(".jpt-explorer");
    if (!panel) return;
    seen.disconnect();
    name(panel);
    ends.push(keys(model, panel), focus(panel));
    void place(model, panel);
  });
  seen.observe(el);
  ends.push(() => seen.disconnect());
  return () => ends.forEach((end) => end());
}

function name(panel: HTMLElement): void {
  for (const [one, attributes] of Object.entries(NAMES)) {
    for (const found of panel.querySelectorAll(`.${one}`)) {
      for (const [key, value] of Object.entries(attributes)) put(found, key, value);
    }
  }
}

function keys(model: ExplorerModel, panel: HTMLElement): () => void {
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    if (!(event.target as Element).matches("input, textarea, select")) return;
    event.preventDefault();
    event.stopPropagation();
    const prompt = panel.querySelector<HTMLTextAreaElement>(".jpt-prompt textarea");
    model.send({ kind: "run", prompt: prompt?.value ?? "" });
  };
  panel.addEventListener("keydown", press, true);
  return () => panel.removeEventListener("keydown", press, true);
}

/** Of Run and Stop one is switched off, and a button that is loses the focus: the other one gets it. */
function focus(panel: HTMLElement): () => void {
  const buttons = [...panel.querySelectorAll<HTMLButtonElement>(".jpt-run, .jpt-stop")];
  let focused: Element | null = null;
  const note = (event: FocusEvent) => (focused = event.target as Element);
  // A button that is switched off may leave the focus without a word, or not at all.
  const observer = new MutationObserver(() => {
    const off = buttons.find((button) => button.disabled && button === focused);
    const lost = document.activeElement === document.body || document.activeElement === off;
    if (off && lost) buttons.find((button) => !button.disabled)?.focus();
  });
  panel.addEventListener("focusin", note);
  for (const button of buttons) observer.observe(button, { attributeFilter: ["disabled"] });
  return () => {
    panel.removeEventListener("focusin", note);
    observer.disconnect();
  };
}

async function place(model: ExplorerModel, panel: HTMLElement): Promise<void> {
  const area = panel.closest<HTMLElement>(".jp-OutputArea");
  const child = area && [...area.children].find((one) => one.contains(panel));
  const root = model.get("root");
  if (!area || !child || !root || panel.closest(".jpt-host")) return;
  const shown = await model.widget_manager?.get_model?.(root);
  const views = await Promise.all(Object.values(shown?.views ?? {}));
  const widget = views.find((view) => view.el === panel)?.luminoWidget;
  const attach = widget?.constructor.attach;
  if (!widget || !attach || !child.isConnected) return;
  const host = h("div", { class: "jp-OutputArea-output jpt-host" });
  child.append(host);
  widget.parent = null;
  attach.call(widget.constructor, widget, host);
  follow(area, child, host, () => {
    document.body.append(host); // Lumino takes only what is on the page off it
    if (!widget.isDisposed) widget.dispose();
    host.remove();
  });
  model.send({ kind: "placed" });
}

/** Keeps `host` in the output as it changes; `gone` is called when the output is cleared. */
function follow(area: Element, child: Element, host: Element, gone: () => void): void {
  let at = [...area.children].indexOf(child);
  const observer = new MutationObserver((records) => {
    if (child.isConnected) {
      at = [...area.children].indexOf(child);
      return;
    }
    const added = new Set(records.flatMap((record) => [...record.addedNodes]));
    const heir = area.children[at];
    if (heir && added.has(heir) && heir.querySelector(".jp-RenderedMarkdown")) {
      child = heir;
      child.append(host);
    } else {
      observer.disconnect();
      gone();
    }
  });
  observer.observe(area, { childList: true });
}
