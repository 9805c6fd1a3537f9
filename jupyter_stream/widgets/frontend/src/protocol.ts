/** What travels between the kernel and a view: see the log of operations in `widgets/log.py`. */

export type Kind = "text" | "thinking" | "tool" | "return" | "file" | "table" | "other";
export type Mark = "interrupted" | "incomplete" | "error" | "length" | "content_filter" | "suspended";

/** How an answer ended. */
export interface End {
  mark?: Mark | null;
  /** Lines to show below the answer, each a sentence. */
  notes?: string[];
  /** Who answered, as the last line of the final Markdown says it; null where that has none. */
  byline?: string | null;
  /** What the muted last line says. */
  footer?: string[];
  /** The turns that the question was asked with: in a few words, and a line each. */
  sent?: [words: string, lines: string];
  /** Which of its cell's answers this is, from 1, and how many those are. */
  versions?: [position: number, count: number];
  /** Whether the kernel is about to replace this output with the final Markdown. */
  swap?: boolean;
}

/** Another answer of the same cell, as it ended. */
export interface Version extends End {
  /** The Markdown that the model wrote. */
  source: string;
}

export interface Source {
  title?: string | null;
  url?: string | null;
  quote?: string | null;
}

/** One operation. Seconds, where given, count from when the question was asked. */
export type Op =
  | ["title", string, number?]
  | ["status", string]
  | ["start", number, Kind, string?, number?]
  | ["add", number, string]
  | ["set", number, string]
  | ["name", number, string]
  | ["file", number, string, string | null, number]
  | ["cite", number, Source[]]
  | ["columns", number, string[], boolean]
  | ["row", number, number, string[], string | null]
  | ["cell", number, number, number, string]
  | ["end", number, number?]
  | ["done", End]
  | ["version", Version];

/** Operations from number `at` on. `size` is how many there are after them, where they were made fewer. */
export interface Message {
  at?: number;
  ops: Op[];
  size?: number;
}

/** A heavy module of the front end, fetched when it is first of use; its only export has the same name. */
export type Asset = "highlight" | "maths";

/** What a page says to a kernel. */
export type Said =
  | { kind: "hello"; path?: string }
  | { kind: "ready"; have: number }
  | { kind: "need"; from: number }
  | { kind: "need"; asset: Asset | "core" }
  | { kind: "stop" }
  | { kind: "version"; number: number };

/** What anywidget hands to a module; each view gets another object for the same model. */
export interface Model {
  get(name: string): unknown;
  on(event: string, callback: (...args: never[]) => void): void;
  off(event: string, callback?: (...args: never[]) => void): void;
  send(content: Said): void;
  widget_manager?: unknown;
}

/** What anywidget's `render` is called with. `key` is the same object for all views of one model. */
export interface Context {
  model: Model;
  el: HTMLElement;
  signal?: AbortSignal;
  key?: object;
}
