/** Formulas as MathML, by Temml. An asset: it travels when the first formula is shown. */

import temml from "temml";
import { safeFormula } from "../markdown/formulas.ts";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS: ReadonlySet<string> = new Set(
  (
    "math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt " +
    "mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none"
  ).split(" "),
);
const ATTRIBUTES: ReadonlySet<string> = new Set(
  (
    "accent accentunder columnalign columnlines columnspacing depth dir display displaystyle fence form height " +
    "largeop linebreak linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize movablelimits notation " +
    "rowlines rowspacing rspace scriptlevel separator stretchy symmetric voffset width"
  ).split(" "),
);
const STYLES: ReadonlySet<string> = new Set(
  (
    "border borderBottom borderLeft borderRight borderTop color display fontFamily fontWeight height justifyContent " +
    "marginLeft mathDepth padding paddingBottom paddingLeft paddingRight paddingTop textAlign whiteSpace width"
  ).split(" "),
);
const VALUE = /^[\w\s.,%#()+-]{0,80}$/;
const CLASS =
  /^(?:(?:tml|ff|chr|wbk|longdiv|phasor)-[a-z0-9-]+|mathcal|mathscr|special-fraction|textcircle|actuarial|circle-pad|sout|upstrike|downstrike|menclose)$/;

/** What Temml makes: a tree of its own, from which nodes are made here. */
interface Tree {
  type?: string;
  text?: string;
  classes?: string[];
  attributes?: Record<string, string | number | boolean>;
  style?: Record<string, string>;
  children?: Tree[];
}

const OPTIONS = { trust: false, strict: false, throwOnError: true, maxExpand: 200, maxSize: [20, 20] as [number, number] };

/** The formula typeset; null if it cannot be read, or holds what a formula has no business with. */
export function maths(tex: string, display: boolean): Node | null {
  if (safeFormula(tex) === null) return null;
  try {
    const tree = temml.__renderToMathMLTree(tex, { ...OPTIONS, displayMode: display }) as Tree;
    return tree.type === "math" ? built(tree) : null;
  } catch {
    return null; // a mistake of the formula, or too deep for the stack
  }
}

/** The node for a tree of MathML. An allow-list: whatever else is in it is an error. */
function built(tree: Tree): Node {
  if (tree.text !== undefined) return document.createTextNode(tree.text);
  const { type, children = [] } = tree;
  const inside = children.map(built);
  if (type === undefined) {
    const fragment = document.createDocumentFragment();
    fragment.append(...inside);
    return fragment;
  }
  if (!ELEMENTS.has(type)) throw new Error(`no element of a formula: ${type}`);
  const node = document.createElementNS(MATHML, type) as Element & { style?: CSSStyleDeclaration };
  for (const [name, value] of Object.entries(tree.attributes ?? {})) {
    if (ATTRIBUTES.has(name) && VALUE.test(String(value))) node.setAttribute(name, String(value));
  }
  for (const [name, value] of Object.entries(tree.style ?? {})) {
    if (STYLES.has(name) && VALUE.test(value)) node.style?.setProperty(hyphenated(name), value);
  }
  const classes = (tree.classes ?? []).filter((name) => CLASS.test(name));
  if (classes.length) node.setAttribute("class", classes.join(" "));
  node.append(...inside);
  return node;
}

function hyphenated(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
