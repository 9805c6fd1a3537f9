// The packages that an application shares with its extensions.

/** Webpack's share scope: packages, their versions, and how to get each. */
export type Scope = Record<string, Record<string, Shared>>;
interface Shared {
  get: () => Promise<() => unknown> | (() => unknown);
  loaded?: boolean | number;
}

/** What was looked up; the imports of these packages are built to read it. */
export const modules: Record<string, unknown> = {};

/** Looks up the packages, all at once. */
export async function sharedModules(scope: Scope, names: readonly string[]): Promise<void> {
  await Promise.all(names.map(async (name) => (modules[name] = (await chosen(scope, name).get())())));
}

/** The version that is in use already, else the highest: webpack's rule for a package that may be there only once. */
function chosen(scope: Scope, name: string): Shared {
  const versions = Object.entries(scope[name] ?? {}).sort(([a], [b]) => b.localeCompare(a, "en", { numeric: true }));
  const found = versions.find(([, one]) => one.loaded) ?? versions[0];
  if (!found) throw new Error(`This application shares no ${name}: JupyterLab 4 or Notebook 7 is needed.`);
  return found[1];
}
