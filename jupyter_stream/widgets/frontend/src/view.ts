/**
 * The module of every view: waits for the core, which travels once a page, and shows meanwhile which model is asked. It
 * is sent with each widget, so it is as small as can be, and uses the browser's timers as they are.
 */

import type { Context, Message, Op } from "./protocol.ts";
import { type Core, load, page } from "./registry.ts";

/**
 * Where each output is a page of its own, no loader comes: after this time the view asks for the core itself, in ms, and
 * again after twice as long, and so on, since a page that is just being loaded may lose the question or its answer.
 */
const PATIENCE = 1500;
const SELDOM = 12_000;

/** The line as the core's own that takes its place, `.jps-footer` of style.css, with its dot. */
const LINE =
  "display:flex;align-items:center;gap:.6em;min-height:1.9em;" +
  "font:calc(.85*var(--jp-content-font-size1,14px))/var(--jp-content-line-height,1.6) " +
  "var(--jp-content-font-family,var(--vscode-font-family,system-ui));" +
  "color:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#757575))";
const DOT =
  "flex:none;border:.3em solid var(--jp-brand-color1,var(--vscode-textLink-foreground,#1565c0));border-radius:50%";

function styled(name: string, style: string, ...children: Node[]): HTMLElement {
  const el = document.createElement(name);
  el.style.cssText = style;
  el.append(...children);
  return el;
}

function wait(context: Context): () => void {
  const { model, el } = context;
  const text = document.createTextNode("");
  el.replaceChildren(styled("div", LINE, styled("span", DOT), text));
  let words = ["", ""];
  const show = (ops: Op[] | undefined) => {
    for (const [name, word] of ops ?? []) {
      if (name === "title") words = [`Asking ${word || "the model"}…`, ""];
      if (name === "status") words[1] = String(word);
    }
    text.data = words.filter(Boolean).join(" · ");
  };
  show((model.get("snapshot") as Message | null)?.ops);

  const receive = (content: Message & { asset?: string }, buffers?: BlobPart[]) => {
    if (content.asset === "core" && buffers?.[0]) void load(buffers[0]);
    else show(content.ops);
  };
  const listener = receive as (...args: never[]) => void;
  model.on("msg:custom", listener);
  let timer: ReturnType<typeof setTimeout>;
  const ask = (patience: number) => {
    timer = setTimeout(() => {
      model.send({ kind: "need", asset: "core" });
      ask(Math.min(2 * patience, SELDOM));
    }, patience);
  };
  ask(PATIENCE);
  let close: (() => void) | null = null;
  const end = () => {
    clearTimeout(timer);
    model.off("msg:custom", listener);
  };
  const start = (core: Core) => {
    end();
    close = core.render(context);
  };
  const { waiting } = page();
  waiting.push(start);
  return () => {
    end();
    if (waiting.includes(start)) waiting.splice(waiting.indexOf(start), 1);
    close?.();
  };
}

/** Called once for each model: what its views share is kept under `key`. */
export default () => {
  const key = {};
  return {
    render(given: Context): () => void {
      const context = { ...given, key };
      return page().core?.render(context) ?? wait(context);
    },
  };
};
