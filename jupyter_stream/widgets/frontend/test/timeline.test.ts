import assert from "node:assert/strict";
import { test } from "node:test";

import { seconds, spoken, step, Story } from "../src/timeline.ts";

const quiet = { first: null, last: null, silence: null, deltas: 0, characters: 0, rate: null, end: null };
const news = (at: number, count: number, more: object = {}) => ({
  trace: 1,
  at,
  count,
  rows: Array.from({ length: count - at }, (_, i): [number, string, null, string, string, number] => [i, "e", null, "", `${at + i}`, 0]),
  points: [[count, 1] as [number, number]],
  ...quiet,
  ...more,
});

test("what continues is taken, what is known is passed over, what leaves a gap is refused", () => {
  const story = new Story();
  assert.equal(story.take(news(0, 2)), true);
  assert.equal(story.take(news(2, 5)), true);
  assert.equal(story.take(news(2, 5)), true);
  assert.equal(story.take(news(7, 9)), false);
  assert.equal(story.take({ ...news(5, 6), trace: 2 }), false);
  assert.deepEqual(story.rows.map((row) => row[4]), ["0", "1", "2", "3", "4"]);
  assert.deepEqual(story.points, [[2, 1], [5, 1]]);
});

test("the whole replaces what there is, an older one nothing, and one as old brings only its figures", () => {
  const story = new Story();
  story.take(news(0, 2));
  story.take(news(0, 4));
  assert.equal(story.rows.length, 4);
  story.take(news(0, 3));
  story.fresh = 0;
  story.take(news(0, 4, { end: 7 }));
  assert.deepEqual([story.count, story.fresh, story.news?.end], [4, 0, 7]);
  story.take({ ...news(0, 1), trace: 2 });
  assert.deepEqual([story.count, story.fresh], [1, 1]);
});

test("rows and points stay bounded, and no character is lost", () => {
  const story = new Story();
  for (let i = 0; i < 10_000; i += 1) story.take(news(i, i + 1));
  assert.equal(story.rows.length, 500);
  assert.ok(story.points.length <= 4000);
  assert.equal(story.points.reduce((sum, point) => sum + point[1], 0), 10_000);
});

test("times and steps are round", () => {
  assert.deepEqual([0.4213, 12.34, 184.4].map(seconds), ["0.42 s", "12.3 s", "184 s"]);
  assert.deepEqual([step(1, 3), step(10, 4), step(700, 3), step(0, 3)], [0.5, 5, 500, 1]);
});

test("what is seen is also said", () => {
  assert.equal(spoken(null), "No text has come yet.");
  assert.equal(spoken(news(0, 1, { end: 3 })), "No text came.");
  const told = spoken(news(0, 1, { first: 0.5, last: 2, silence: [0.5, 1.2], deltas: 1234, characters: 5678 }));
  assert.match(told, /first text came after 0\.50 s, then 1,234 pieces of text with 5,678 characters until 2\.00 s; .* 0\.70 s\.$/);
});
