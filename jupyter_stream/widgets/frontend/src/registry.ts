/** What all kernels of a page share: the core, who can bring more of it, and what has been brought. */

import type { Asset, Context, Model, Said } from "./protocol.ts";

export interface Core {
  /** Shows the answer of a view's model. */
  render(context: Context): () => void;
  /** Takes a model whose kernel can be asked for more. */
  carry(model: Model): () => void;
}

type Wanted = Exclude<Asset, "core">;
type Module = Record<string, unknown>;

/** One per build and page; the loader makes it too, so it is data only. */
export interface Page {
  core?: Core;
  waiting: ((core: Core) => void)[];
}

const NAME = typeof BUILD === "undefined" ? "" : BUILD;

/** The page's own place for this build. */
export function page(): Page {
  const all = globalThis as unknown as Record<symbol, Page | undefined>;
  return (all[Symbol.for(`jupyter_stream/${NAME}`)] ??= { waiting: [] });
}

/** Says that the core is here. */
export function arrive(core: Core): void {
  const here = page();
  here.core ??= core;
  for (const go of here.waiting.splice(0)) go(here.core);
}

/** Runs the source of a module that a kernel sent. */
export async function load(source: BlobPart): Promise<Module> {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ url)) as Module;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Where heavy modules come from: asks the models in turn until one answers. */
export class Shelf {
  private readonly carriers = new Set<Pick<Model, "send">>();
  private readonly asked = new Map<Wanted, { module: Promise<Module>; give: (source: BlobPart) => void }>();

  constructor(
    private readonly read: (source: BlobPart) => Promise<Module> = load,
    private readonly patience = 2000,
  ) {}

  /** A model whose kernel can be asked; returns how to take it back. */
  offer(model: Pick<Model, "send">): () => void {
    this.carriers.add(model);
    return () => void this.carriers.delete(model);
  }

  /** The module, fetched once. `other` is asked too if no carrier answers. */
  need(asset: Wanted, other: Pick<Model, "send">): Promise<Module> {
    const known = this.asked.get(asset);
    if (known) return known.module;
    let give!: (source: BlobPart) => void;
    const module = new Promise<BlobPart>((resolve) => (give = resolve)).then((source) => this.read(source));
    this.asked.set(asset, { module, give });
    void this.ask(asset, [...this.carriers, other], module);
    return module;
  }

  /** A kernel's answer. */
  deliver(asset: string, source: BlobPart | undefined): void {
    if (source !== undefined) this.asked.get(asset as Wanted)?.give(source);
  }

  private async ask(asset: Wanted, models: Pick<Model, "send">[], module: Promise<unknown>): Promise<void> {
    const question: Said = { kind: "need", asset };
    let there = false;
    module.finally(() => (there = true)).catch(() => {});
    for (const model of models) {
      if (there) return;
      model.send(question);
      await Promise.race([module.catch(() => {}), new Promise((go) => setTimeout(go, this.patience))]);
    }
    // Nobody has answered: the next to need it asks again.
    if (!there) this.asked.delete(asset);
  }
}
