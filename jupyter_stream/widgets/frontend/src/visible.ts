/** Text that is shown as it is: every control character but tab and line break can be seen, as in the saved notebook. */

// eslint-disable-next-line no-control-regex
const ODD = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/g;

export function visible(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(ODD, (char) => {
    const code = char.charCodeAt(0);
    if (code < 32) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return code < 0xa0 ? "\ufffd" : " ";
  });
}
