/** Which addresses may stand in the page, and which words of a text are addresses. */

const LINK = /^(?:https?:\/\/|mailto:)/i;
const PICTURE = /^data:image\/(?:png|jpeg|gif|webp)[;,]|^attachment:[\w.-]+$/i;
const REMOTE = /^https?:\/\//i;

/** Whether a link may go there: an allow-list, what is not known to be harmless is not a link. */
export function mayLink(address: string): boolean {
  return LINK.test(address);
}

/** What becomes of an image: shown, a link to it, or only its description. */
export function imageIs(address: string, remote: boolean): "image" | "link" | "text" {
  if (PICTURE.test(address)) return "image";
  if (!REMOTE.test(address)) return "text";
  return remote ? "image" : "link";
}

/** The address in ASCII, as browsers write it; empty if it cannot be written so. */
export function encoded(address: string): string {
  try {
    return encodeURI(address).replaceAll("%25", "%");
  } catch {
    return "";
  }
}

/** A stretch of text that is a link by itself. */
export interface Found {
  from: number;
  to: number;
  address: string;
}

const START = /(?<![A-Za-z0-9])(?:https?:\/\/|www\.)|@/gi;
const REST = /[^\s<]*/y;
const HOST = /^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*/u;
const DOMAIN = /[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+/y;
const USER = /[A-Za-z0-9._+-]+$/;

/** The addresses in a text that has no Markdown left in it: `http(s)://…`, `www.…` and `name@host` (GFM, 6.9). */
export function addresses(text: string): Found[] {
  if (!/:\/\/|www\.|@/i.test(text)) return [];
  const found: Found[] = [];
  let end = 0;
  START.lastIndex = 0;
  for (let start = START.exec(text); start; start = START.exec(text)) {
    const next = start[0] === "@" ? email(text, start.index, end) : url(text, start.index, start[0]);
    if (!next) continue;
    found.push(next);
    START.lastIndex = end = next.to;
  }
  return found;
}

function url(text: string, from: number, start: string): Found | null {
  REST.lastIndex = from;
  const shown = trimmed(REST.exec(text)?.[0] ?? "");
  const www = start.toLowerCase() === "www.";
  const host = HOST.exec(shown.slice(www ? 0 : start.length))?.[0];
  // A valid domain (GFM 6.9); after `www.` there has to be something.
  if (!host || (www && host.length < 5)) return null;
  return { from, to: from + shown.length, address: encoded(www ? `http://${shown}` : shown) };
}

/** GFM 6.9, extended autolink path validation: without trailing punctuation, a last `)` too many, a last entity. */
function trimmed(address: string): string {
  let end = address.length;
  let surplus = 0;
  for (const char of address) surplus += Number(char === ")") - Number(char === "(");
  for (; end; end--) {
    const last = address[end - 1] as string;
    if (last === ")") {
      if (surplus <= 0) break;
      surplus--;
    } else if (last === ";") {
      const entity = /&[A-Za-z0-9]{1,31};$/.exec(address.slice(Math.max(0, end - 33), end));
      if (!entity) break;
      end -= entity[0].length - 1;
    } else if (!"?!.,:*_~'\"".includes(last)) break;
  }
  return address.slice(0, end);
}

function email(text: string, at: number, after: number): Found | null {
  const user = USER.exec(text.slice(Math.max(after, at - 64), at))?.[0];
  DOMAIN.lastIndex = at + 1;
  const domain = DOMAIN.exec(text)?.[0];
  // The last character must not be `-` or `_` (GFM 6.9); a last full stop is none of DOMAIN's.
  if (!user || !domain || /[-_]$/.test(domain)) return null;
  return { from: at - user.length, to: at + 1 + domain.length, address: `mailto:${user}@${domain}` };
}
