/** Colours for code, as nodes with highlight.js's classes. An asset: it travels when the first code is shown. */

import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import julia from "highlight.js/lib/languages/julia";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const LANGUAGES = {
  bash, c, cpp, css, diff, ini, java, javascript, json, julia, markdown, python, r, rust, shell, sql, typescript, xml, yaml,
};
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.registerAliases(["ipython", "ipython3", "python3"], { languageName: "python" });

/** Builds the nodes while highlight.js reads: no HTML is written or read. */
class NodeEmitter {
  private readonly root = document.createDocumentFragment();
  private readonly stack: Node[] = [this.root];

  get nodes(): Node[] {
    return [...this.root.childNodes];
  }

  addText(text: string): void {
    if (!text) return;
    const top = this.top;
    const last = top.lastChild;
    if (last?.nodeType === 3) (last as Text).appendData(text);
    else top.appendChild(document.createTextNode(text));
  }

  openNode(scope: string): void {
    this.open(classesOf(scope));
  }

  closeNode(): void {
    if (this.stack.length > 1) this.stack.pop();
  }

  startScope(scope: string): void {
    this.openNode(scope);
  }

  endScope(): void {
    this.closeNode();
  }

  __addSublanguage(emitter: NodeEmitter, name: string): void {
    if (name) this.open(`language-${name}`);
    this.top.appendChild(emitter.root);
    if (name) this.endScope();
  }

  finalize(): void {
    this.stack.length = 1;
  }

  toHTML(): string {
    return "";
  }

  private get top(): Node {
    return this.stack[this.stack.length - 1] as Node;
  }

  private open(classes: string): void {
    const span = document.createElement("span");
    span.className = classes;
    this.top.appendChild(span);
    this.stack.push(span);
  }
}

/** `title.function` is `hljs-title function_`: the names that highlight.js's styles use. */
function classesOf(scope: string): string {
  const [first, ...rest] = scope.split(".");
  return [`hljs-${first}`, ...rest.map((name, i) => name + "_".repeat(i + 1))].join(" ");
}

hljs.configure({ __emitter: NodeEmitter } as unknown as Parameters<typeof hljs.configure>[0]);

/** The code in colours; null where its language is not known. */
export function highlight(code: string, language: string): Node[] | null {
  if (!hljs.getLanguage(language)) return null;
  try {
    const result = hljs.highlight(code, { language, ignoreIllegals: true });
    return result.errorRaised ? null : (result as unknown as { _emitter: NodeEmitter })._emitter.nodes;
  } catch {
    return null;
  }
}
