/** Which way a text runs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { directionOf } from "../src/parts/prose.ts";

test("a text runs as its first letter does", () => {
  const texts = ["## 1. a שלום", "* (2) שלום a", "العربية", "\u{10a00}", "你好", "ﬁ", "יִ", "", "1 + 2 * ![](", "\u{1f600}"];
  assert.deepEqual(texts.map(directionOf), ["ltr", "rtl", "rtl", "rtl", "ltr", "ltr", "rtl", null, null, null]);
});
