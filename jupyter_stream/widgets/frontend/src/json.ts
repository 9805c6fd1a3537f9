/** JSON as it comes, indented at once, so that it only grows; the same in the end as Python's `indent=2`. */

const SPACE = /\s/;
/** Further in than this all is on one line: 20,000 brackets would be indented by 4 MB of spaces. */
const DEEPEST = 30;

/** Takes pieces of JSON text; each returns what is to be appended to what is shown. Text that is no object or list stays as it is. */
export class Indenter {
  private depth = 0;
  private inString = false;
  private escaped = false;
  private raw: boolean | null = null;
  /** An opening bracket was written, and nothing after it. */
  private fresh = false;

  feed(text: string): string {
    let out = "";
    for (const char of text) out += this.char(char);
    return out;
  }

  private char(char: string): string {
    if (this.raw === null) {
      if (SPACE.test(char)) return "";
      this.raw = char !== "{" && char !== "[";
    }
    if (this.raw) return char;
    if (this.inString) return this.within(char);
    return SPACE.test(char) ? "" : this.token(char);
  }

  private within(char: string): string {
    if (this.escaped) this.escaped = false;
    else if (char === "\\") this.escaped = true;
    else if (char === '"') this.inString = false;
    return char;
  }

  private token(char: string): string {
    if (char === "}" || char === "]") {
      this.depth = Math.max(0, this.depth - 1);
      const line = this.fresh ? "" : this.line();
      this.fresh = false;
      return line + char;
    }
    const line = this.fresh ? this.line() : "";
    this.fresh = char === "{" || char === "[";
    if (this.fresh) this.depth += 1;
    if (char === '"') this.inString = true;
    if (char === ",") return `${line},${this.line() || " "}`;
    return line + (char === ":" ? ": " : char);
  }

  private line(): string {
    return this.depth > DEEPEST ? "" : `\n${"  ".repeat(this.depth)}`;
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[^"\s[\]{},:]+|[[\]{},:]/g;

/** The whole text as the saved notebook shows it; null where it is no JSON. Numbers stay as they are written. */
export function pretty(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const plain = text.replace(TOKEN, (token) => (token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : token));
  const indenter = new Indenter();
  const out = indenter.feed(plain);
  return out || plain.trim();
}

/** Pieces of indented JSON with the class of each, for colours; what has none is as few pieces as can be. */
export function* coloured(text: string): Generator<[string, string | null]> {
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [token] = match;
    const name = classOf(token, text, match.index + token.length);
    if (!name) continue;
    if (match.index > at) yield [text.slice(at, match.index), null];
    at = match.index + token.length;
    yield [token, name];
  }
  if (at < text.length) yield [text.slice(at), null];
}

function classOf(token: string, text: string, after: number): string | null {
  if (token.startsWith('"')) return text[after] === ":" ? "hljs-attr" : "hljs-string";
  if (/^[-\d]/.test(token)) return "hljs-number";
  return /^(?:true|false|null)$/.test(token) ? "hljs-literal" : null;
}
