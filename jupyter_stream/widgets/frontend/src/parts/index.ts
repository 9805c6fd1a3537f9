/** Which part shows a block. */

import type { Block } from "../answer.ts";
import type { Kind } from "../protocol.ts";
import { FilePart } from "./file.ts";
import type { Home, Part } from "./part.ts";
import { TextPart } from "./text.ts";
import { ThinkingPart } from "./thinking.ts";
import { ToolPart } from "./tool.ts";

const PARTS: Record<Kind, (block: Block, home: Home) => Part> = {
  text: (block, home) => new TextPart(block, home),
  thinking: (block, home) => new ThinkingPart(block, home),
  tool: (block) => new ToolPart(block, "tool"),
  return: (block) => new ToolPart(block, "return"),
  file: (block) => new FilePart(block),
  other: (block, home) => new TextPart(block, home),
};

export function partOf(block: Block, home: Home): Part {
  return (PARTS[block.kind] ?? PARTS.other)(block, home);
}
