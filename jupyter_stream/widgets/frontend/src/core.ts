/**
 * The module of the loader: one widget per kernel, never displayed, which brings all of the view to a page. The first
 * that comes serves the views of all kernels with the same build. docs/life-of-an-answer.md tells how.
 */

import { pageClock } from "./clock.ts";
import { Display } from "./display.ts";
import { Frames } from "./frames.ts";
import type { Tools } from "./markdown/tools.ts";
import { pathOf } from "./manager.ts";
import type { Asset, Context, Model } from "./protocol.ts";
import { AssetRegistry, page, publish } from "./registry.ts";
import { Session } from "./session.ts";

const frames = new Frames(pageClock);
const assets = new AssetRegistry(pageClock);
const sessions = new WeakMap<object, Session>();

/** Gives `tools` a module, once it is here. */
async function equip(asset: Asset, model: Model, tools: Tools): Promise<void> {
  const module = await assets.need(asset, model);
  Object.assign(tools, { [asset]: module[asset] });
}

/** Shows the answer of a model in a node, until what is returned is called. */
function render({ model, el, signal, key = model }: Context): () => void {
  let session = sessions.get(key);
  if (!session) sessions.set(key, (session = new Session(pageClock, (asset, source) => assets.receive(asset, source))));
  const close = new Display(session, model, frames, equip).show(el);
  signal?.addEventListener("abort", close, { once: true });
  return close;
}

function addLoader(model: Model): () => void {
  const receive = (content: { asset?: string }, buffers?: BlobPart[]) => {
    if (content?.asset) assets.receive(content.asset, buffers?.[0]);
  };
  model.on("msg:custom", receive as (...args: never[]) => void);
  const remove = assets.add(model);
  const path = pathOf(model);
  model.send(path === null ? { kind: "hello" } : { kind: "hello", path });
  return () => {
    remove();
    model.off("msg:custom", receive as (...args: never[]) => void);
  };
}

if (!page().core) document.addEventListener("visibilitychange", () => frames.turn());
publish({ render, addLoader });

export default {
  initialize: ({ model }: { model: Model }) => page().core?.addLoader(model),
};
