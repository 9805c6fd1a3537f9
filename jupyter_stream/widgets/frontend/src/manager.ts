/** What the front end's manager of widgets knows besides them, where it says so: JupyterLab's and Notebook 7's does. */

import type { Model } from "./protocol.ts";

interface Kernel {
  interrupt?: () => unknown;
}

interface Manager {
  kernel?: Kernel | null;
  context?: { path?: unknown; sessionContext?: { session?: { kernel?: Kernel | null } } };
}

function managerOf(model: Model): Manager | undefined {
  return model.widget_manager as Manager | undefined;
}

/** How to interrupt the model's kernel from the page, null where the front end has no way. */
export function interruptOf(model: Model): (() => Promise<unknown>) | null {
  const manager = managerOf(model);
  const kernel = manager?.kernel ?? manager?.context?.sessionContext?.session?.kernel;
  if (typeof kernel?.interrupt !== "function") return null;
  return async () => kernel.interrupt?.();
}

/** Where the notebook that the page shows is stored, as its server names it; null where that is not known. */
export function pathOf(model: Model): string | null {
  const path = managerOf(model)?.context?.path;
  return typeof path === "string" && path ? path : null;
}
