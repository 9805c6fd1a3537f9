/** Tokens to a small tree of what the page shows. An allow-list: what is not named here is not made. */

import type { Token } from "markdown-it";
import type { Lines } from "./lines.ts";
import { imageIs, mayLink } from "./links.ts";
import { type Piece, piecesOf, readOf } from "./parser.ts";

export type Node_ = Text_ | Element_ | Code_ | Formula_;

export interface Text_ {
  kind: "text";
  text: string;
  dom?: Text;
}

export interface Element_ {
  kind: "element";
  tag: Tag;
  attributes: Attributes;
  children: Node_[];
  dom?: HTMLElement;
}

/** A block of code: a <pre> with a <code>. */
export interface Code_ {
  kind: "code";
  text: string;
  language: string;
  closed: boolean;
  dom?: HTMLElement;
}

export interface Formula_ {
  kind: "formula";
  tex: string;
  display: boolean;
  open: boolean;
  dom?: HTMLElement;
}

/** All the attributes there are; `align` becomes a property of the style. */
export interface Attributes {
  href?: string;
  src?: string;
  alt?: string;
  title?: string;
  start?: string;
  align?: string;
  /** A check box: whether it is checked. */
  checked?: boolean;
}

const TAGS = [
  ..."p h1 h2 h3 h4 h5 h6 blockquote ul ol li table thead tbody tr th td hr".split(" "),
  ..."em strong del code a br img input".split(" "),
] as const;
export type Tag = string;
const ALLOWED: ReadonlySet<string> = new Set(TAGS);

/** Further in than this, text is shown without its formatting. */
const DEEPEST = 100;

/** A top-level block and the lines it is from. */
export interface Block {
  type: string;
  from: number;
  to: number;
  /** The characters that opened it. */
  markup: string;
  /** Of code: whether its end is there. */
  closed: boolean;
  /** Where it may be cut, once it is long: its items', rows' or quoted blocks' first lines. Empty for all others. */
  parts: number[];
  /** A paragraph's further pieces. */
  pieces: Piece[];
}

/** The blocks of a text. */
export function outline(tokens: Token[], lines: Lines): Block[] {
  const blocks: Block[] = [];
  tokens.forEach((token, i) => {
    const { type, markup, map, level, nesting } = token;
    if (!map || nesting < 0 || type === "reference_definition" || type === "inline") return;
    const block = blocks.at(-1);
    if (level && block && isPart(block, token, tokens[i - 1])) block.parts.push(map[0]);
    if (level) return;
    const closed = type !== "fence" || isClosed(token, lines);
    const pieces = type === "paragraph_open" ? piecesOf(tokens[i + 1]) : [];
    blocks.push({ type, markup, from: map[0], to: map[1], closed, parts: [], pieces });
  });
  return blocks;
}

function isPart(block: Block, token: Token, before: Token | undefined): boolean {
  if (block.type === "table_open") return token.type === "tr_open" && before?.type !== "thead_open";
  return token.level === 1 && (block.type === "blockquote_open" || token.type === "list_item_open");
}

/** What the blocks show, one node each; at the `final` end of a text all code is whole. */
export function nodesOf(tokens: Token[], images: boolean, lines: Lines, final: boolean): Node_[] {
  const root = element("p");
  const stack: Element_[] = [root];
  for (const token of tokens) {
    const parent = stack[stack.length - 1] as Element_;
    if (token.type === "reference_definition" || token.hidden) continue;
    if (token.nesting < 0) stack.pop();
    else if (token.type === "inline") addInline(parent.children, token, images);
    else {
      const node = token.nesting ? opened(token) : leaf(token, lines, final);
      parent.children.push(node);
      if (node.kind === "element" && token.nesting) stack.push(node);
    }
  }
  return root.children;
}

/** Adds the nodes of an inline text, and says with which each piece of it begins. */
function addInline(children: Node_[], token: Token, images: boolean): void {
  const pieces = piecesOf(token);
  readOf(token).forEach((tokens, i) => {
    const piece = pieces[i - 1];
    if (piece) piece.child = children.length;
    children.push(...inlineNodes(tokens, images));
  });
}

function element(tag: Tag, attributes: Attributes = {}, children: Node_[] = []): Element_ {
  return { kind: "element", tag: ALLOWED.has(tag) ? tag : "p", attributes, children };
}

function opened(token: Token): Element_ {
  const attributes: Attributes = {};
  if (token.type === "ordered_list_open") {
    const start = Number(token.attrGet("start") ?? 1);
    // The number of the first item is where the list starts (CommonMark 5.3); those of the others are nothing.
    if (start !== 1) attributes.start = String(start);
  } else if (token.tag === "th" || token.tag === "td") {
    const align = /^text-align:(left|right|center)$/.exec(String(token.attrGet("style") ?? ""))?.[1];
    if (align) attributes.align = align;
  }
  const node = element(token.tag, attributes);
  if (token.type === "list_item_open" && token.meta) {
    node.children.push(element("input", { checked: token.meta.checked === true }));
  }
  return node;
}

const LANGUAGE = /^[\w+#.-]{1,40}/;

function leaf(token: Token, lines: Lines, final: boolean): Node_ {
  if (token.type === "hr") return element("hr");
  const language = token.type === "fence" ? languageOf(token.info) : "";
  const closed = final || token.type !== "fence" || isClosed(token, lines);
  return { kind: "code", text: token.content, language, closed };
}

/** The language, the first word of an info string (CommonMark 4.5); empty if no class can be named after it. */
export function languageOf(info: string): string {
  return LANGUAGE.exec(info.slice(0, 200).trim().replace(/^\{?\.?/, ""))?.[0] ?? "";
}

function isClosed(token: Token, lines: Lines): boolean {
  const [from, to] = token.map as [number, number];
  // The closing fence: of the same character, as long as the opening or longer (4.5).
  const mark = token.markup.charAt(0);
  const run = /^[ \t>]*(`+|~+)[ \t]*$/.exec(lines.at(to - 1))?.[1] ?? "";
  return to - 1 > from && run.startsWith(mark) && run.length >= token.markup.length;
}

// ------------------------------------------------------------------ inline

/** The nodes of a piece of inline text. */
export function inlineNodes(tokens: Token[], images: boolean): Node_[] {
  const root = element("p");
  const stack: Element_[] = [root];
  for (const token of tokens) {
    const parent = stack[stack.length - 1] as Element_;
    if (token.nesting > 0) {
      const node = inlineOpened(token);
      if (!node || stack.length > DEEPEST) stack.push(parent);
      else {
        parent.children.push(node);
        stack.push(node);
      }
    } else if (token.nesting < 0) {
      if (stack.length > 1) stack.pop();
    } else add(parent.children, inlineLeaf(token, images));
  }
  return root.children;
}

function add(children: Node_[], node: Node_ | null): void {
  const last = children[children.length - 1];
  if (node?.kind === "text" && last?.kind === "text") last.text += node.text;
  else if (node) children.push(node);
}

function inlineOpened(token: Token): Element_ | null {
  if (token.type !== "link_open") return element(token.tag);
  const href = String(token.attrGet("href") ?? "");
  if (!mayLink(href)) return null;
  const title = token.attrGet("title");
  return element("a", title ? { href, title: String(title) } : { href });
}

function text(content: string): Text_ | null {
  return content ? { kind: "text", text: content } : null;
}

function inlineLeaf(token: Token, images: boolean): Node_ | null {
  switch (token.type) {
    case "softbreak":
      return text("\n");
    case "hardbreak":
      return element("br");
    case "code_inline":
      return element("code", {}, [{ kind: "text", text: token.content }]);
    case "formula":
      return { kind: "formula", tex: token.content, ...(token.meta as { display: boolean; open: boolean }) };
    case "image":
      return image(token, images);
    default:
      return text(token.content);
  }
}

function image(token: Token, images: boolean): Node_ | null {
  const src = String(token.attrGet("src") ?? "");
  const alt = plain(token.children ?? []);
  const title = token.attrGet("title");
  const kind = imageIs(src, images);
  if (kind === "image") return element("img", title ? { src, alt, title: String(title) } : { src, alt });
  if (kind === "text") return text(alt);
  return element("a", { href: src }, [{ kind: "text", text: alt || src }]);
}

function plain(tokens: Token[]): string {
  return tokens.map((token) => (token.children ? plain(token.children) : token.type.endsWith("break") ? " " : token.content)).join("");
}
