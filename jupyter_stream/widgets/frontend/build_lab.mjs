// Bundles src/lab/ into ../../../labextension, the prebuilt extension of JupyterLab; with --out DIR, elsewhere.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const NAME = "jupyter-stream";
// What is imported is the application's own, in the versions whose interface is used.
const SHARED = {
  "@codemirror/language": "^6.0.0",
  "@codemirror/state": "^6.2.0",
  "@codemirror/view": "^6.9.0",
  "@jupyterlab/codemirror": "^4.0.0",
};

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..", "..");
const at = process.argv.indexOf("--out");
const out = at > 0 ? process.argv[at + 1] : join(root, "labextension");

const shared = {
  name: "packages that JupyterLab shares",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@(codemirror|jupyter|jupyterlab|lezer|lumino)\// }, ({ path }) =>
      path in SHARED ? { path, namespace: "shared" } : { errors: [{ text: `${path} is not in the list SHARED.` }] },
    );
    onLoad({ filter: /./, namespace: "shared" }, ({ path }) => ({
      contents: `module.exports = require("./src/lab/shared.ts").modules[${JSON.stringify(path)}];`,
      resolveDir: here,
    }));
  },
};
const result = await build({
  absWorkingDir: here,
  entryPoints: ["src/lab/container.ts"],
  bundle: true,
  write: false,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  plugins: [shared],
  define: { NAME: JSON.stringify(NAME), SHARED: JSON.stringify(Object.keys(SHARED)) },
});
const code = result.outputFiles[0].text;
const entry = `static/remoteEntry.${createHash("sha256").update(code).digest("hex").slice(0, 12)}.js`;
const [, version] = /^version = "(.+)"$/m.exec(readFileSync(join(root, "pyproject.toml"), "utf8"));
const manifest = {
  name: NAME,
  version,
  description: "Cells that begin with %%ask are edited as prose.",
  license: "MIT",
  dependencies: Object.fromEntries(Object.entries(SHARED).filter(([name]) => name.startsWith("@jupyterlab/"))),
  jupyterlab: { extension: true, _build: { load: entry, extension: "./extension" } },
};
const install = {
  packageManager: "python",
  packageName: NAME,
  uninstallInstructions: `Uninstall the Python package: pip uninstall ${NAME}`,
};

rmSync(join(out, "static"), { recursive: true, force: true });
mkdirSync(join(out, "static"), { recursive: true });
const files = { [entry]: code, "package.json": json(manifest), "install.json": json(install) };
for (const [name, text] of Object.entries(files)) writeFileSync(join(out, name), text);
console.log("labextension".padEnd(14), `${(Buffer.byteLength(Object.values(files).join("")) / 1000).toFixed(1)} kB`);

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
