/**
 * The module of the carrier: one widget per kernel, never displayed, which brings all of the view to a page. The first
 * that comes serves the views of all kernels with the same build.
 */

import { Display } from "./display.ts";
import { Frames } from "./frames.ts";
import type { Tools } from "./markdown/index.ts";
import type { Context, Model } from "./protocol.ts";
import { arrive, page, Shelf } from "./registry.ts";
import { Session } from "./session.ts";

const frames = new Frames();
const shelf = new Shelf();
const sessions = new WeakMap<object, Session>();

function deliver(asset: string, source: BlobPart | undefined): void {
  shelf.deliver(asset, source);
}

/** What has been fetched, as the Markdown wants it. */
async function bring(asset: "highlight" | "maths", model: Model, tools: Tools): Promise<void> {
  const module = await shelf.need(asset, model);
  Object.assign(tools, { [asset]: module[asset] });
}

/** Shows the answer of a model in a node, until what is returned is called. */
function render({ model, el, signal, key = model }: Context): () => void {
  let session = sessions.get(key);
  if (!session) sessions.set(key, (session = new Session(deliver)));
  const close = new Display(session, model, frames, bring).show(el);
  signal?.addEventListener("abort", close, { once: true });
  return close;
}

/** Takes a model whose kernel can be asked for modules. */
function carry(model: Model): () => void {
  const hear = (content: { asset?: string }, buffers?: BlobPart[]) => {
    if (content?.asset) deliver(content.asset, buffers?.[0]);
  };
  model.on("msg:custom", hear as (...args: never[]) => void);
  const back = shelf.offer(model);
  model.send({ kind: "hello" });
  return () => {
    back();
    model.off("msg:custom", hear as (...args: never[]) => void);
  };
}

if (!page().core) document.addEventListener("visibilitychange", () => frames.turn());
arrive({ render, carry });

export default {
  initialize: ({ model }: { model: Model }) => page().core?.carry(model),
};
