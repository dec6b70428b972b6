// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { outline, rowsOf } from "../src/data";

test("rows are read by the names of their columns, in any order, and what is missing is null", () => {
  const [row] = rowsOf({ first: 7, rows: [[2, "b.png", "later"]] }, ["status", "source", "unknown"]);
  assert.deepEqual([row.index, row.source, row.status, row.density, row.usable], [7, "b.png", "dropped", null, null]);
});

test("an outline comes back from its eighths of a pixel", () => {
  assert.deepEqual(outline([80, 160, 20, 0, 0, -80]), [10, 20, 12.5, 20, 12.5, 10]);
});
