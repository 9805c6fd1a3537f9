// How JupyterLab loads an extension that was built beforehand: a container of webpack's module federation, by hand.
//
// Lab gives `init` the packages that it shares and asks `get` for the extension. The packages have to be Lab's own (a
// second CodeMirror is not understood by the first), so they are looked up before the module that imports them runs.
import { type Scope, sharedModules } from "./shared.ts";

/** The packages that are imported and not bundled; build_lab.mjs fills it in. */
declare const SHARED: string[];
declare const NAME: string;

let scope: Scope = {};

const container = {
  init(shared: Scope): void {
    scope = shared;
  },
  async get(name: string): Promise<() => unknown> {
    if (name !== "./extension") throw new Error(`${NAME} has no module ${name}.`);
    await sharedModules(scope, SHARED);
    const module = await import("./plugin.ts");
    return () => module.default;
  },
};

const page = globalThis as { _JUPYTERLAB?: Record<string, unknown> };
(page._JUPYTERLAB ??= {})[NAME] = container;
