// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { csv, number, plain, roundLength, ticks, withInterval } from "../src/format";

test("characters that let a name pose as another are shown as codes", () => {
  assert.equal(plain("a\u202egnp.\u200b\n"), "a\u27e8U+202E\u27e9gnp.\u27e8U+200B\u27e9\u27e8U+000A\u27e9");
  assert.equal(plain("\u56f3 \u00e4 <b>"), "\u56f3 \u00e4 <b>");
});

test("numbers have three significant digits and no powers of ten unless needed", () => {
  assert.deepEqual([0, 0.032712, 41, 1234.5, 2e8, null].map((x) => number(x)), ["0", "0.0327", "41.0", "1235", "2.00e+8", "\u2013"]);
});

test("a mean has the decimals that its interval supports", () => {
  assert.deepEqual(withInterval(0.03271, [0.031, 0.0345], 100, "%"), { mean: "3.27%", interval: "3.10 to 3.45%" });
  assert.deepEqual(withInterval(41.4, [30, 55]), { mean: "41", interval: "30 to 55" });
  assert.equal(withInterval(0.5, null).interval, "no interval from one frame");
});

test("the length of a scale bar is 1, 2 or 5 times a power of ten, and fits", () => {
  assert.deepEqual([176, 99, 20, 0.7].map(roundLength), [100, 50, 20, 0.5]);
});

test("ticks are round, in the range, and at most six", () => {
  assert.deepEqual(ticks(0, 5.9), [0, 2, 4]);
  assert.deepEqual(ticks(-1, 1), [-1, -0.5, 0, 0.5, 1]);
  for (const high of [0.003, 7, 41, 99_999]) assert.ok(ticks(0, high).length <= 6);
});

test("a table keeps commas and quotes, and no cell is a formula", () => {
  assert.equal(csv([["a,b", 'c"d', "=1+1", -2, null, NaN]]), '"a,b","c""d","\'=1+1",-2,,\r\n');
});
