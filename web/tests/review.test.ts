// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { pathOf } from "../src/outlines";
import * as actions from "../src/review/actions";
import { Refused } from "../src/review/api";
import { areaOf, contains, ellipse, Mask, merged, rectangle, simplified, split, toMap } from "../src/review/geometry";
import type { SaveState } from "../src/review/queue";
import { batch, SaveQueue } from "../src/review/queue";
import { corrected, hit, Journal, nextToCheck, numbersOf } from "../src/review/state";
import { KEYS, TOOLS } from "../src/review/tools";
import type { Correction, Detail, Draft, Item } from "../src/review/types";

const square = (x: number, y: number, side = 10) => rectangle(x, y, x + side, y + side);
const hairpin = [0, 0, 24, 0, 24, 40, 16, 40, 16, 10, 8, 10, 8, 40, 0, 40];
const item: Item = {
  id: 0, kind: "frame", file_sha256: "a", page: null, name: "a.png", status: "ok", usable: true, reason: "",
  count: 3, density: 0.03, uncertainty: 0.5, width: 100, height: 100, scale: 2, frames: 1,
};
const detail: Detail = {
  valid_px: 10_000,
  shapes: [[1, 0.9, 100, square(0, 0)], [2, 0.8, 100, square(20, 0)], [3, 0.7, 100, square(60, 60)]],
  candidates: [[40, 40, 10, 10, 0.4]],
};
const empty = new Journal();
const write = (journal: Journal, ...drafts: (Draft | undefined)[]) => {
  for (const draft of drafts) if (draft) journal.append({ seq: journal.last + 1, ...draft });
};
const idsOf = (journal: Journal) => corrected(item, detail, journal).capillaries.map((c) => c.id);

test("a mask holds the pixels whose centre is inside", () => {
  assert.equal(new Mask([square(3, 4)]).count(), 100);
  assert.equal(new Mask([square(0, 0), square(5, 0)]).count(), 150);
  assert.equal(new Mask([hairpin]).count(), areaOf(hairpin));
  assert.equal(new Mask([square(-5, -5)], { left: 0, top: 0, right: 50, bottom: 50 }).count(), 25);
});

test("the border of a mask has the mask's pixels again", () => {
  for (const shape of [square(3, 4), hairpin, ellipse(5, 5, 31, 17), [0, 0, 40, 13, 7, 29]]) {
    const mask = new Mask([shape]);
    mask.keepLargest();
    assert.equal(new Mask([mask.border()]).count(), mask.count());
  }
});

test("outlines that overlap merge into their union", () => {
  const one = merged([square(0, 0), square(5, 5)]);
  assert.equal(areaOf(one), 175);
  assert.ok(contains(one, 12, 12) && contains(one, 2, 2) && !contains(one, 12, 2));
});

test("outlines that lie apart merge by a narrow bar at their nearest places", () => {
  const one = merged([square(0, 0), square(40, 0), square(20, 0)]);
  for (const x of [5, 25, 45]) assert.ok(contains(one, x, 5));
  assert.ok(areaOf(one) > 300 && areaOf(one) < 400);
});

test("a line across an outline makes two that keep its area", () => {
  const parts = split(hairpin, -5, 5, 40, 6);
  assert.equal(parts.length, 2);
  assert.ok(Math.abs(areaOf(parts[0]) + areaOf(parts[1]) - areaOf(hairpin)) < 1);
  assert.ok(parts.some((p) => contains(p, 12, 2)) && parts.some((p) => contains(p, 4, 30)));
});

test("a line across both limbs of a hairpin makes three, a line beside it none", () => {
  const parts = split(hairpin, -5, 25, 40, 25);
  assert.equal(parts.length, 3);
  assert.equal(parts.reduce((sum, p) => sum + areaOf(p), 0), areaOf(hairpin));
  assert.deepEqual(split(hairpin, -5, 50, 40, 50), [hairpin]);
  assert.deepEqual(split(hairpin, 4, 25, 12, 25), [hairpin]);
});

test("simplifying keeps corners", () => {
  assert.deepEqual(simplified([0, 0, 5, 0, 10, 0, 10, 5, 10, 10, 0, 10, 0, 5], 0.5), [0, 0, 10, 0, 10, 10, 0, 10]);
});

test("a pixel of a frame is put where the frame's pose puts it", () => {
  const [x, y] = toMap({ dx: 10, dy: -4, deg: 90, cx: 50, cy: 50 }, 60, 50);
  assert.ok(Math.abs(x - 60) < 1e-9 && Math.abs(y - 56) < 1e-9);
});

test("removing and adding change the numbers by what was removed and added", () => {
  const journal = new Journal();
  assert.deepEqual(numbersOf(item, detail, corrected(item, detail, empty)), { count: 3, density: 0.03, per_mm2: 75 });
  write(journal, actions.remove(item, corrected(item, detail, journal), [1, 2]));
  write(journal, actions.add(item, corrected(item, detail, journal), square(40, 40), 0));
  const state = corrected(item, detail, journal);
  assert.deepEqual(state.capillaries.map((c) => c.id), [3, 4]);
  assert.ok(state.used.has(0));
  assert.deepEqual(numbersOf(item, detail, state), { count: 2, density: 0.02, per_mm2: 50 });
});

test("an ambiguous capillary is neither counted nor in the density, and can be taken back", () => {
  const journal = new Journal();
  write(journal, actions.ambiguous(item, corrected(item, detail, journal), [2]));
  assert.equal(numbersOf(item, detail, corrected(item, detail, journal)).count, 2);
  write(journal, actions.ambiguous(item, corrected(item, detail, journal), [2]));
  assert.equal(numbersOf(item, detail, corrected(item, detail, journal)).count, 3);
});

test("an excluded area takes its capillaries and its pixels out, and comes back when it is included", () => {
  const journal = new Journal();
  write(journal, actions.excludeArea(item, [50, 50, 100, 100], "glare"));
  const now = numbersOf(item, detail, corrected(item, detail, journal));
  assert.equal(now.count, 2);
  assert.equal(now.density, 200 / 7500);
  write(journal, actions.includeArea(item, corrected(item, detail, journal).areas[0].points));
  assert.equal(numbersOf(item, detail, corrected(item, detail, journal)).density, 0.03);
});

test("a frame is excluded with a reason and included again; a frame of a clip alone too", () => {
  const journal = new Journal();
  write(journal, actions.exclude(item, "motion"));
  assert.equal(corrected(item, detail, journal).excluded, "motion");
  write(journal, actions.include(item, "fine"));
  assert.equal(corrected(item, detail, journal).excluded, null);
  const clip: Item = { ...item, kind: "clip" };
  write(journal, actions.exclude(clip, "blink", 7));
  assert.deepEqual([...corrected(clip, detail, journal).excludedPages], [[7, "blink"]]);
  assert.equal(corrected(clip, detail, journal).excluded, null);
});

test("split and merge give new ids, and never one that was given before, even if it was undone", () => {
  const journal = new Journal();
  write(journal, ...actions.cut(item, corrected(item, detail, journal), [5, -5, 5, 15]));
  assert.deepEqual(idsOf(journal), [2, 3, 4, 5]);
  write(journal, journal.step("undo"));
  assert.deepEqual(idsOf(journal), [1, 2, 3]);
  write(journal, actions.merge(item, corrected(item, detail, journal), [1, 2]));
  assert.deepEqual(idsOf(journal), [3, 6]);
});

test("what is too small to be an outline is not added, and one capillary is not merged", () => {
  const state = corrected(item, detail, empty);
  assert.equal(actions.add(item, state, [1, 1, 2, 2]), undefined);
  assert.equal(actions.add(item, state, [1, 1, 2, 1, 2, 2]), undefined);
  assert.equal(actions.merge(item, state, [1]), undefined);
});

test("undo and redo have no end and are the same after reopening", () => {
  const journal = new Journal();
  for (const id of [1, 2, 3]) write(journal, actions.remove(item, corrected(item, detail, journal), [id]));
  for (let k = 0; k < 3; ++k) write(journal, journal.step("undo"));
  assert.equal(journal.step("undo"), undefined);
  assert.deepEqual(idsOf(journal), [1, 2, 3]);
  const again = new Journal(journal.records);
  for (let k = 0; k < 2; ++k) write(again, again.step("redo"));
  assert.deepEqual(idsOf(again), [3]);
  write(again, again.step("undo"));
  assert.deepEqual(idsOf(again), [2, 3]);
  write(again, actions.note(item, "seen"));
  assert.equal(again.step("redo"), undefined);
  write(again, again.step("undo"), again.step("undo"));
});

test("a correction belongs to its frame, that of a clip to all its frames", () => {
  const journal = new Journal();
  write(journal, actions.note({ ...item, page: 3 }, "x"), actions.note({ ...item, page: 4 }, "y"), actions.note({ ...item, file_sha256: "b" }, "z"));
  assert.equal(journal.of({ ...item, page: 3 }).length, 1);
  assert.equal(journal.of({ ...item, kind: "clip" }).length, 2);
});

test("the least certain frame comes first, frames without a result last", () => {
  const list = [0.1, 0.9, 0.5, 0.9].map((uncertainty, id) => ({ ...item, id, uncertainty }));
  list.push({ ...item, id: 4, uncertainty: 1, status: "failed" });
  assert.deepEqual(nextToCheck(list).map((i) => i.id), [1, 3, 2, 0, 4]);
});

test("a click takes the smallest outline under it, or the nearest line", () => {
  const shapes = [{ points: square(0, 0, 30) }, { points: square(5, 5) }];
  assert.equal(hit(shapes, 7, 7, 0), shapes[1]);
  assert.equal(hit(shapes, 33, 7, 4), shapes[0]);
  assert.equal(hit(shapes, 36, 7, 4), undefined);
});

test("every tool and every key has one meaning", () => {
  const keys = [...TOOLS.map((t) => t.key), ...KEYS.flatMap(([k]) => k.split(", "))];
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(pathOf([0, 0, 1, 1]), "M0 0L1 1Z");
});

const correction = (seq: number, text = ""): Correction => ({ seq, what: "note", file_sha256: "a", page: null, ids: [], old: {}, new: { text } });

test("what the server did not acknowledge is sent again, in order and once", async () => {
  const disk: number[] = [];
  const states: SaveState[] = [];
  const timers: (() => void)[] = [];
  let fail = 2;
  const queue = new SaveQueue(
    async (records) => {
      if (fail-- > 0) {
        if (fail === 0) disk.push(...records.map((r) => r.seq)); // on disk, but the answer is lost
        throw new Error("no connection");
      }
      for (const r of records) if (!disk.includes(r.seq)) disk.push(r.seq);
      return { seq: disk[disk.length - 1] };
    },
    (s) => states.push(s),
    (work) => timers.push(work),
  );
  for (const seq of [1, 2, 3]) queue.push(correction(seq));
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
  await settle();
  assert.deepEqual(states[states.length - 1], { waiting: 3, error: "no connection", refused: false });
  while (timers.length > 0) {
    timers.shift()?.();
    await settle();
  }
  assert.deepEqual(disk, [1, 2, 3]);
  assert.deepEqual(states[states.length - 1], { waiting: 0, error: "", refused: false });
});

test("a record that the server refuses is kept and not sent again by itself", async () => {
  const states: SaveState[] = [];
  let asked = 0;
  const queue = new SaveQueue(async () => {
    asked += 1;
    throw new Refused(409, "another record");
  }, (s) => states.push(s));
  queue.push(correction(1));
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(asked, 1);
  assert.deepEqual(states[states.length - 1], { waiting: 1, error: "another record", refused: true });
});

test("one request stays within what a server takes, but holds one record at least", () => {
  const large = correction(1, "x".repeat(400_000));
  assert.equal(batch([large, { ...large, seq: 2 }]).length, 1);
  assert.equal(batch([correction(1, "x".repeat(900_000))]).length, 1);
  assert.equal(batch(Array.from({ length: 500 }, (_, k) => correction(k))).length, 100);
});
