/** Copying: a button that takes text along and says so. */

import type { Cancel, Clock } from "./clock.ts";
import { h, put } from "./dom.ts";

const SAID = 1400;

/** Puts text in the clipboard; whether it is there. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOld(text);
  }
}

// Pages that are not secure, and frames without the permission, have no clipboard but this.
function copyOld(text: string): boolean {
  const active = document.activeElement as HTMLElement | null;
  const area = h("textarea", { class: "jps-hidden", readonly: true, tabindex: "-1" });
  area.value = text;
  document.body.append(area);
  try {
    area.select();
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    active?.focus({ preventScroll: true });
  }
}

/** A button without text of its own (its sign is drawn by the style sheet), so that nothing is copied with what it copies. */
export function copyButton(label: string, text: () => string, clock: Clock): HTMLButtonElement {
  const button = h("button", { type: "button", class: "jps-copy", "aria-label": label, title: label });
  let cancel: Cancel | undefined;
  const said = (word: string | null) => {
    put(button, "data-said", word);
    put(button, "aria-label", word ?? label);
  };
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    said((await copy(text())) ? "Copied" : "Not copied");
    cancel?.();
    cancel = clock.after(SAID, () => said(null));
  });
  return button;
}

/** Gives a block of code its button. */
export function codeButton(pre: HTMLElement, clock: Clock): void {
  pre.classList.add("jps-code");
  pre.append(copyButton("Copy the code", () => (pre.querySelector("code") ?? pre).textContent ?? "", clock));
}
