/** Brings the page from one tree to the next. What is equal is not touched, so that a selection in it lives on. */

import { CodeView } from "./code.ts";
import type { Extras } from "./extras.ts";
import type { Attributes, Code_, Formula_, Node_, Text_ } from "./tree.ts";

/** Change the children of `parent` that `old` says are there, the last ones of it, to `next`. */
export function patchChildren(parent: Node, old: readonly Node_[], next: readonly Node_[], extras: Extras): void {
  const both = Math.min(old.length, next.length);
  for (let i = 0; i < both; i++) patch(old[i] as Node_, next[i] as Node_, extras);
  for (const gone of old.slice(both)) remove(gone, extras);
  for (const node of next.slice(both)) parent.appendChild(create(node, extras));
}

function patch(old: Node_, next: Node_, extras: Extras): void {
  if (old.kind === "text" && next.kind === "text") return patchText(old, next);
  if (old.kind === "code" && next.kind === "code") return patchCode(old, next);
  if (old.kind === "formula" && next.kind === "formula" && old.display === next.display) {
    return patchFormula(old, next, extras);
  }
  if (old.kind === "element" && next.kind === "element" && old.tag === next.tag) {
    next.dom = old.dom as HTMLElement;
    patchAttributes(next.dom, old.attributes, next.attributes);
    return patchChildren(next.dom, old.children, next.children, extras);
  }
  const made = create(next, extras);
  (old.dom as ChildNode).replaceWith(made);
  forget(old, extras);
}

function remove(node: Node_, extras: Extras): void {
  (node.dom as ChildNode).remove();
  forget(node, extras);
}

/** What waits for a tool and is not in the page any more. */
function forget(node: Node_, extras: Extras): void {
  if (node.kind === "element") for (const child of node.children) forget(child, extras);
  else if (node.kind !== "text") extras.drop(node.dom as HTMLElement);
}

function create(node: Node_, extras: Extras): Node {
  if (node.kind === "text") return (node.dom = extras.page.createTextNode(node.text));
  if (node.kind === "code") return createCode(node, extras);
  if (node.kind === "formula") return createFormula(node, extras);
  const dom = extras.page.createElement(node.tag);
  node.dom = dom;
  patchAttributes(dom, {}, node.attributes);
  for (const child of node.children) dom.appendChild(create(child, extras));
  return dom;
}

// ------------------------------------------------------------------ text

function patchText(old: Text_, next: Text_): void {
  const dom = old.dom as Text;
  next.dom = dom;
  if (old.text === next.text) return;
  if (next.text.startsWith(old.text)) return dom.appendData(next.text.slice(old.text.length));
  let same = 0;
  const most = Math.min(old.text.length, next.text.length);
  while (same < most && old.text.charCodeAt(same) === next.text.charCodeAt(same)) same++;
  dom.replaceData(same, old.text.length - same, next.text.slice(same));
}

// ------------------------------------------------------------------ attributes

const WRITE: { [name in keyof Attributes]-?: (dom: HTMLElement, value: Attributes[name]) => void } = {
  href: (dom, value) => {
    put(dom, "href", value);
    put(dom, "target", value && "_blank");
    put(dom, "rel", value && "noopener noreferrer nofollow");
  },
  src: (dom, value) => {
    put(dom, "referrerpolicy", value && "no-referrer");
    put(dom, "loading", value && "lazy");
    put(dom, "src", value);
  },
  alt: (dom, value) => put(dom, "alt", value),
  title: (dom, value) => put(dom, "title", value),
  start: (dom, value) => put(dom, "start", value),
  align: (dom, value) => {
    dom.style.textAlign = value ?? "";
  },
  checked: (dom, value) => {
    put(dom, "type", "checkbox");
    put(dom, "disabled", "");
    put(dom, "checked", value ? "" : undefined);
  },
};

function put(dom: HTMLElement, name: string, value: string | undefined): void {
  if (value === undefined) dom.removeAttribute(name);
  else dom.setAttribute(name, value);
}

function patchAttributes(dom: HTMLElement, old: Attributes, next: Attributes): void {
  for (const name of new Set([...Object.keys(old), ...Object.keys(next)]) as Set<keyof Attributes>) {
    if (old[name] !== next[name]) (WRITE[name] as (dom: HTMLElement, value: unknown) => void)(dom, next[name]);
  }
}

// ------------------------------------------------------------------ code and mathematics

/** What shows each block of code that is in the page, by its <pre>. */
const views = new WeakMap<HTMLElement, CodeView>();

/** What shows a block of code that has been created. */
export function viewOf(node: Code_): CodeView {
  return views.get(node.dom as HTMLElement) as CodeView;
}

function createCode(node: Code_, extras: Extras): HTMLElement {
  const view = new CodeView(extras);
  views.set(view.element, view);
  node.dom = view.element;
  view.update(node.text, node.language, node.closed);
  return node.dom;
}

function patchCode(old: Code_, next: Code_): void {
  next.dom = old.dom as HTMLElement;
  viewOf(next).update(next.text, next.language, next.closed);
}

function createFormula(node: Formula_, extras: Extras): HTMLElement {
  const dom = extras.page.createElement("span");
  dom.className = node.display ? "jstream-maths jstream-display" : "jstream-maths";
  node.dom = dom;
  showFormula(node, dom, extras);
  return dom;
}

function patchFormula(old: Formula_, next: Formula_, extras: Extras): void {
  const dom = old.dom as HTMLElement;
  next.dom = dom;
  if (old.tex !== next.tex || old.open !== next.open) showFormula(next, dom, extras);
}

/** A formula is its source until it is whole and can be typeset. */
function showFormula(node: Formula_, dom: HTMLElement, extras: Extras): void {
  const source = extras.page.createElement("code");
  source.textContent = node.tex.trim();
  dom.replaceChildren(source);
  extras.drop(dom);
  if (node.open) return;
  extras.later(dom, "maths", () => {
    const formula = extras.tools.maths?.(node.tex, node.display);
    if (formula) dom.replaceChildren(formula);
  });
}
