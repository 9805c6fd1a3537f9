/** What the Markdown can use of its surroundings: the heavy modules that come later, buttons, the reader's consent. */

import type { Asset } from "../protocol.ts";

/** Each is used from when it is there on. */
export interface Tools {
  /** Coloured code, null where the language is unknown. */
  highlight?: (code: string, language: string) => Node[] | null;
  /** A formula as MathML, null where it cannot be read. */
  maths?: (tex: string, display: boolean) => Node | null;
  /** Called once an asset when it would first be useful. */
  need?: (asset: Asset) => void;
  /** Whether remote images may load. */
  images?: boolean;
  /** Called once with each <pre>; it may append to it, but not move it. */
  copyButton?: (pre: HTMLElement) => void;
}
