/** What is shown of the characters of a text that have no look of their own. */

const ODD = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/;
const EACH = new RegExp(ODD, "g");

/**
 * The text with one kind of line break and every control character visible (as the kernel's `visible`).
 *
 * `after` says whether the text before ended with a carriage return, which was taken for a line break.
 */
export function visible(text: string, after = false): string {
  const rest = after && text.startsWith("\n") ? text.slice(1) : text;
  return ODD.test(rest) ? rest.replace(/\r\n?/g, "\n").replace(EACH, shown) : rest;
}

function shown(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 32) return String.fromCharCode(0x2400 + code);
  if (code === 127) return "\u2421";
  return code > 0x2000 ? " " : "\ufffd";
}
