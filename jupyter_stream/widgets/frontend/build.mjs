// Bundles src/ into ../static; with --tests, test/ into .tests/ for node's test runner; with --out DIR, elsewhere.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const at = process.argv.indexOf("--out");
const out = at > 0 ? process.argv[at + 1] : join(here, "..", "static");
const css = {
  name: "css as text, without what only people read",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};
// The view finds bare addresses by rules of its own; markdown-it would bring a package for them all the same.
const lean = {
  name: "without linkify-it",
  setup(plugins) {
    plugins.onResolve({ filter: /^linkify-it$/ }, () => ({ path: "linkify-it", namespace: "none" }));
    plugins.onLoad({ filter: /./, namespace: "none" }, () => ({ contents: "export class LinkifyIt {}" }));
  },
};
const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2021",
  charset: "utf8",
  plugins: [css, lean],
};

if (process.argv.includes("--tests")) {
  rmSync(join(here, ".tests"), { recursive: true, force: true });
  const tests = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common,
    entryPoints: tests.map((name) => `test/${name}`),
    outdir: ".tests",
    platform: "node",
    packages: "external",
    outExtension: { ".js": ".mjs" },
    entryNames: "[name]",
  });
} else {
  mkdirSync(out, { recursive: true });
  const packages = new Set();
  const bundle = async (entry, define = {}) => {
    const result = await build({
      ...common,
      entryPoints: [entry],
      write: false,
      metafile: true,
      minify: true,
      legalComments: "none",
      define,
    });
    for (const input of Object.keys(result.metafile.inputs)) {
      const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (found) packages.add(found[1]);
    }
    return result.outputFiles[0].text;
  };
  // The page keeps each module once, under a name that its content decides: kernels of two versions may share a page.
  const extras = { highlight: await bundle("src/assets/highlight.ts"), maths: await bundle("src/assets/maths.ts") };
  const digest = createHash("sha256").update(Object.values(extras).join());
  const draft = await bundle("src/core.ts", { BUILD: '""' });
  const name = JSON.stringify(digest.update(draft).digest("hex").slice(0, 12));
  const files = {
    ...extras,
    core: await bundle("src/core.ts", { BUILD: name }),
    view: await bundle("src/view.ts", { BUILD: name }),
    timeline: await bundle("src/timeline.ts"),
  };
  writeFileSync(join(out, "LICENSES.txt"), licenses([...packages].sort()));
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(join(out, `${file}.js`), text);
    console.log(`${file}.js`.padEnd(14), `${(Buffer.byteLength(text) / 1000).toFixed(1)} kB`);
  }
}

/** What is bundled, and under which terms. */
function licenses(names) {
  const texts = names.map((name) => {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    if (!file) throw new Error(`${name} has no licence file.`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  return `The modules in this folder contain these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
