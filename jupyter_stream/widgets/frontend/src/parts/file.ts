/** A file that the model made: a picture is shown; of others the type, the size and a way to keep it. */

import type { Part, Stored } from "../answer.ts";
import type { Clock } from "../clock.ts";
import { h } from "../dom.ts";
import type { Home, PartView } from "./part.ts";
import { MARKDOWN } from "./prose.ts";

const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const ENDINGS: Record<string, string> = {
  "application/json": "json",
  "application/pdf": "pdf",
  "audio/mpeg": "mp3",
  "audio/wav": "wav",
  "image/svg+xml": "svg",
  "text/csv": "csv",
  "text/html": "html",
  "text/plain": "txt",
  "video/mp4": "mp4",
};

export class FileView implements PartView {
  readonly el = h("div", { class: "jps-part" });
  private readonly body = h("div", { class: `${MARKDOWN} jps-file` });
  private shown: Stored | null = null;

  constructor(
    readonly part: Part,
    private readonly home: Home,
  ) {
    this.el.append(this.body);
  }

  draw(): boolean {
    const { file } = this.part;
    if (file && file !== this.shown) {
      this.shown = file;
      this.body.replaceChildren(PICTURES.has(file.type) && file.data ? picture(file) : other(file, this.home.clock));
    }
    return false;
  }
}

function picture(file: Stored): HTMLElement {
  return h("p", {}, h("img", { src: `data:${file.type};base64,${file.data}`, alt: "image" }));
}

function other(file: Stored, clock: Clock): HTMLElement {
  const size = file.size.toLocaleString("en");
  const line = h("p", {}, h("em", {}, "A file: ", h("code", {}, file.type), `, ${size} bytes.`));
  if (file.data !== null) line.append(" ", keep(file, file.data, clock));
  return line;
}

function keep(file: Stored, data: string, clock: Clock): HTMLElement {
  const button = h("button", { type: "button", class: "jps-button" }, "Download");
  button.addEventListener("click", () => {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    // Never of its own type: what a model wrote is not to be opened as a page.
    const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    h("a", { href: url, download: `file.${ENDINGS[file.type] ?? "bin"}` }).click();
    clock.after(10_000, () => URL.revokeObjectURL(url));
  });
  return button;
}
