/** Arguments that fill in as they come and end as the saved notebook shows them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { coloured, Indenter, pretty } from "../src/json.ts";
import { visible } from "../src/visible.ts";

const SAVED: [string, string][] = [
  ['{"city":"Berlin","days":3}', '{\n  "city": "Berlin",\n  "days": 3\n}'],
  ['{"a": [], "b": {}, "c": [1, [2.0]]}', '{\n  "a": [],\n  "b": {},\n  "c": [\n    1,\n    [\n      2.0\n    ]\n  ]\n}'],
  ['[{"s": "a, {b} \\" \\\\"}, null]', '[\n  {\n    "s": "a, {b} \\" \\\\"\n  },\n  null\n]'],
  ["12345678901234567890", "12345678901234567890"],
  ['  {"a" : 1e5 }\n', '{\n  "a": 1e5\n}'],
  ['"text"', '"text"'],
];

for (const [source, shown] of SAVED) {
  test(`${source} is shown as Python indents it`, () => assert.equal(pretty(source), shown));

  test(`${source} is the same in pieces of any size`, () => {
    for (const size of [1, 2, 3, 7]) {
      const indenter = new Indenter();
      let out = "";
      for (let at = 0; at < source.length; at += size) out += indenter.feed(source.slice(at, at + size));
      assert.equal(out.trim(), shown);
    }
  });
}

test("escaped letters are shown as letters, as Python does", () => {
  assert.equal(pretty('{"a": "\\u00e9\\/"}'), '{\n  "a": "é/"\n}');
});

test("what is no JSON is left as it is", () => {
  assert.equal(pretty('{"a": '), null);
  assert.equal(new Indenter().feed("a result, in words"), "a result, in words");
});

test("what is nested without end is not indented without end", () => {
  for (const text of ["[".repeat(20_000), "[a](<b".repeat(20_000), `${"[".repeat(40)}${"1,".repeat(5000)}`]) {
    assert.ok(new Indenter().feed(text).length < text.length * 2 + 4000);
  }
  const nested = `${"[".repeat(40)}1,2${"]".repeat(40)}`;
  assert.deepEqual(JSON.parse(pretty(nested) ?? ""), JSON.parse(nested));
});

test("the colours change no character", () => {
  for (const [, shown] of SAVED) assert.equal([...coloured(shown)].map(([text]) => text).join(""), shown);
  const classes = new Map([...coloured('{\n  "a": "b",\n  "c": -1.5,\n  "d": true\n}')]);
  assert.deepEqual([classes.get('"a"'), classes.get('"b"'), classes.get("-1.5"), classes.get("true")], ["hljs-attr", "hljs-string", "hljs-number", "hljs-literal"]);
});

test("what has no colour is one piece", () => {
  assert.equal([...coloured("[a".repeat(10_000))].length, 1);
  assert.deepEqual([...coloured('[[1, x, {"a"')].map(([piece]) => piece), ["[[", "1", ", x, {", '"a"']);
});

test("control characters are seen", () => {
  assert.equal(visible("a\u0007\r\nb\u0085\u2028\tc"), "a\u2407\nb\ufffd \tc");
});
