/** What all kernels of a page share: the core, the kernels that can be asked for more of it, what they have sent. */

import type { Cancel, Clock } from "./clock.ts";
import type { Asset, Context, Model } from "./protocol.ts";

export interface Core {
  /** Shows the answer of a view's model. */
  render(context: Context): () => void;
  /** Takes a model whose kernel can be asked for more modules. */
  addLoader(model: Model): () => void;
}

type Module = Record<string, unknown>;

/** One per build and page; the first view may make it before there is a core, so it is data only. */
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

/** Makes this the page's core, unless it has one, and starts the views that wait for it. */
export function publish(core: Core): void {
  const here = page();
  here.core ??= core;
  for (const start of here.waiting.splice(0)) start(here.core);
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

type Sender = Pick<Model, "send">;

/** A module that somebody needs. */
interface Wanted {
  module: Promise<Module>;
  receive: (source: BlobPart) => void;
  /** It has come, or an answer is still waited for. */
  asked: boolean;
  cancel: Cancel | undefined;
}

/** A kernel that does not answer within this time is not waited for, in ms. */
const PATIENCE = 2000;

/** Fetches the heavy modules, each once a page: asks one kernel after the other until one answers. */
export class AssetRegistry {
  private readonly loaders = new Set<Sender>();
  private readonly wanted = new Map<Asset, Wanted>();

  constructor(
    private readonly clock: Clock,
    private readonly run: (source: BlobPart) => Promise<Module> = load,
  ) {}

  /** A model whose kernel can be asked, until what is returned is called. */
  add(loader: Sender): () => void {
    this.loaders.add(loader);
    return () => void this.loaders.delete(loader);
  }

  /** The module. `view` is asked too if no loader answers. */
  need(asset: Asset, view: Sender): Promise<Module> {
    const wanted = this.wanted.get(asset) ?? this.want(asset);
    if (!wanted.asked) this.ask(asset, wanted, [...this.loaders, view]);
    return wanted.module;
  }

  /** A kernel's answer, however late. */
  receive(asset: string, source: BlobPart | undefined): void {
    const wanted = this.wanted.get(asset as Asset);
    if (!wanted || source === undefined) return;
    wanted.cancel?.();
    wanted.asked = true;
    wanted.receive(source);
  }

  private want(asset: Asset): Wanted {
    let receive!: (source: BlobPart) => void;
    const module = new Promise<BlobPart>((resolve) => (receive = resolve)).then((source) => this.run(source));
    const wanted: Wanted = { module, receive, asked: false, cancel: undefined };
    this.wanted.set(asset, wanted);
    return wanted;
  }

  private ask(asset: Asset, wanted: Wanted, [model, ...others]: Sender[]): void {
    // Where nobody has answered, the question or the answer may be lost: the next that needs the module asks again.
    wanted.asked = model !== undefined;
    if (!model) return;
    model.send({ kind: "need", asset });
    wanted.cancel = this.clock.after(PATIENCE, () => this.ask(asset, wanted, others));
  }
}
