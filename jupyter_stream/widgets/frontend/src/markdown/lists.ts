/** Where a long list may be cut, and which of its parts are loose. */

import type { Token } from "markdown-it";
import type { Lines } from "./lines.ts";

/** A list is cut before the first item that begins after so many characters. */
export const PART = 4096;

/** Before this line a list may be cut; `loose` says whether its items before it are set apart. */
export interface ListCut {
  line: number;
  loose: boolean;
}

/**
 * The cuts of the top-level list that begins with `tokens[first]`.
 *
 * A list that is cut, or is the rest of one (`inherited`: whether it was loose so far), gets its looseness part by
 * part: what comes later cannot change the items that are final.
 */
export function settled(tokens: Token[], first: number, lines: Lines, inherited: boolean | undefined): ListCut[] {
  const items = itemsOf(tokens, first);
  const parts: number[][] = [[]];
  let start = lines.offset(lineOf(tokens, items[0] as number));
  for (const item of items) {
    const line = lineOf(tokens, item);
    if (lines.offset(line) - start >= PART && lines.isFinal(line)) {
      parts.push([]);
      start = lines.offset(line);
    }
    parts.at(-1)?.push(item);
  }
  if (parts.length === 1 && inherited === undefined) return [];
  let loose = inherited ?? false;
  const cuts: ListCut[] = [];
  parts.forEach((part, i) => {
    const next = parts[i + 1]?.[0];
    loose ||= isLoose(tokens, part, lines) || (next !== undefined && lines.isBlank(lineOf(tokens, next) - 1));
    for (const item of part) setParagraphs(tokens, item, loose);
    if (next !== undefined) cuts.push({ line: lineOf(tokens, next), loose });
  });
  return cuts;
}

function lineOf(tokens: Token[], index: number): number {
  return tokens[index]?.map?.[0] ?? 0;
}

/** Where the items of a list begin. */
function itemsOf(tokens: Token[], first: number): number[] {
  return childrenOf(tokens, first).filter((index) => tokens[index]?.type === "list_item_open");
}

/** Where the blocks in a container begin. */
function childrenOf(tokens: Token[], container: number): number[] {
  const found: number[] = [];
  const level = (tokens[container] as Token).level;
  for (let i = container + 1; (tokens[i] as Token).level > level; i++) {
    const token = tokens[i] as Token;
    if (token.level === level + 1 && token.nesting >= 0 && token.map) found.push(i);
  }
  return found;
}

/** CommonMark 5.3: whether a blank line is between two of the items, or two of the blocks directly in one. */
function isLoose(tokens: Token[], items: number[], lines: Lines): boolean {
  return items.some((item, i) => {
    const blocks = childrenOf(tokens, item);
    const apart = i > 0 && lines.isBlank(lineOf(tokens, item) - 1);
    return apart || blocks.slice(1).some((block) => lines.isBlank(lineOf(tokens, block) - 1));
  });
}

/** The paragraphs of a tight list are not in <p> tags (5.3). */
function setParagraphs(tokens: Token[], item: number, loose: boolean): void {
  for (const block of childrenOf(tokens, item)) {
    if (tokens[block]?.type !== "paragraph_open") continue;
    (tokens[block] as Token).hidden = !loose;
    (tokens[block + 2] as Token).hidden = !loose;
  }
}
