/** Definitions of links, and the blocks that were final before a definition came that they use. */

import type { Lines } from "./lines.ts";
import { labelOf, type Parsed, type Reference } from "./parser.ts";
import type { Node_ } from "./tree.ts";

const LABEL = /\[((?:[^[\]\\]|\\[^]){1,300})\]/g;

interface Waiting {
  source: string;
  node: Node_;
}

/** Makes the block anew with these definitions; returns its node. */
type Again = (source: string, node: Node_, references: Record<string, Reference>) => Node_;

export class LateReferences {
  /** What the text before the last cut has defined. */
  known: Record<string, Reference> = Object.create(null);
  private readonly waiting = new Map<string, Set<Waiting>>();
  private fresh: string[] = [];

  /** What is defined before `end` is defined for good. */
  learn(parsed: Parsed, lines: Lines, end: number): void {
    for (const [label, reference, line] of definitions(parsed)) {
      // Where a label is defined twice the first definition counts (CommonMark 6.3).
      if (lines.offset(line) > end || label in this.known) continue;
      this.known[label] = reference;
      this.fresh.push(label);
    }
  }

  /** A final block, and the text that it is from: it may use what is not defined yet. */
  add(source: string, node: Node_): void {
    if (node.kind === "code" || !source.includes("]")) return;
    const block: Waiting = { source, node };
    for (const [, words] of source.matchAll(LABEL)) {
      const label = labelOf(words as string);
      if (label in this.known) continue;
      const blocks = this.waiting.get(label) ?? new Set();
      this.waiting.set(label, blocks.add(block));
    }
  }

  /** Make the blocks anew that have waited for what is defined now; at the end of the text for all that is. */
  resolve(parsed: Parsed, final: boolean, again: Again): void {
    if (!this.waiting.size) return;
    const labels = final ? definitions(parsed).map(([label]) => label) : [];
    const blocks = new Set([...this.fresh, ...labels].flatMap((label) => [...(this.waiting.get(label) ?? [])]));
    for (const label of this.fresh) this.waiting.delete(label);
    this.fresh = [];
    for (const block of blocks) {
      block.node = again(block.source, block.node, final ? parsed.references : this.known);
    }
  }
}

function definitions(parsed: Parsed): [label: string, reference: Reference, end: number][] {
  return parsed.tokens.flatMap((token) => {
    const label = token.type === "reference_definition" ? String(token.meta?.label) : undefined;
    const reference = label === undefined ? undefined : parsed.references[label];
    return label !== undefined && reference ? [[label, reference, token.map?.[1] ?? 0]] : [];
  });
}
