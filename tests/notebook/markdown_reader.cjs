// Reads Markdown as JupyterLab does: with the marked in one of its own scripts. Lines of JSON in, lines of JSON out.
global.self = {};
require(process.argv[2]);
const [[, modules]] = self.rspackChunk_jupyterlab_application_top;
const exported = {};
const getters = (to, names) => Object.entries(names).forEach(([name, get]) => Object.defineProperty(to, name, { get }));
Object.values(modules)[0]({ exports: exported }, exported, { r() {}, d: getters });
require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => console.log(JSON.stringify(exported.marked.parse(JSON.parse(line), { gfm: true }))));
