/** What the modules import: no two of them need each other, not even for a type, and only the clock knows the time. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const FOLDER = join(process.cwd(), "src");
const FILES = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const SOURCES = new Map(FILES.map((name) => [name, readFileSync(join(FOLDER, name), "utf8")]));

function importsOf(name: string): string[] {
  const found = (SOURCES.get(name) ?? "").matchAll(/^(?:import|export)\b[^;]*?"(\.[^"]+\.ts)"/gm);
  return [...found].map(([, path]) => normalize(join(dirname(name), path as string)));
}

/** The modules from `name` on that lead back to it or to one on the way; null where none do. */
function circleFrom(name: string, way: readonly string[], done: Set<string>): string[] | null {
  if (way.includes(name)) return [...way.slice(way.indexOf(name)), name];
  if (done.has(name)) return null;
  for (const next of importsOf(name)) {
    const circle = circleFrom(next, [...way, name], done);
    if (circle) return circle;
  }
  done.add(name);
  return null;
}

test("no module needs itself, by whatever way", () => {
  const done = new Set<string>();
  assert.ok(importsOf("markdown/index.ts").includes("markdown/patch.ts"), "imports are found");
  for (const name of FILES) assert.equal(circleFrom(name, [], done)?.join(" → "), undefined);
  assert.equal(done.size, FILES.length);
});

/** Those that a view is, before there is anything to pass a clock, and the timeline, which is a page's own module. */
const OWN_TIME = ["clock.ts", "timeline.ts", "view.ts"];

test("time comes from the clock that is passed in", () => {
  const time = /\b(?:performance\.now|Date\.now|setTimeout|setInterval|requestAnimationFrame|requestIdleCallback)\b/;
  assert.deepEqual(FILES.filter((name) => time.test(SOURCES.get(name) as string)).sort(), OWN_TIME);
});
