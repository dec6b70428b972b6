// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import { FrameChart, frameAt, PAPER, wrapped } from "../src/chart";
import { boxOf, Outlines, pathOf, toFrame } from "../src/outlines";
import { describe } from "../src/picture_controls";
import { inView, scrollTo, sorted } from "../src/table";

const shape = { id: 3, score: 0.934, area: 512, points: [1, 2, 5, 2, 5, 9] };

test("an outline is a closed path, and its box is its own", () => {
  assert.equal(pathOf(shape.points), "M1 2L5 2L5 9Z");
  assert.deepEqual(boxOf(shape.points), { x: 1, y: 2, width: 4, height: 7 });
});

test("the capillary under the pointer is marked, the others are not", () => {
  const html = renderToString(
    <Outlines shapes={[shape, { ...shape, id: 4 }]} active={4} onActive={() => undefined} boxes={false} />,
  );
  assert.match(html, /class="shape" data-id="3"/);
  assert.match(html, /class="shape active" data-id="4"/);
  assert.doesNotMatch(html, /<rect/);
});

test("a capillary is measured in um only if a scale is given", () => {
  assert.equal(describe(shape, null), "capillary 3, score 0.934, area 512 px");
  assert.equal(describe(shape, 2), "capillary 3, score 0.934, area 512 px = 2048 \u00b5m\u00b2");
});

test("shapes of a clip's map move onto a frame against the frame's own motion", () => {
  assert.equal(toFrame({ dx: 12, dy: -3, deg: 2, cx: 50, cy: 40 }), "rotate(-2 50 40) translate(-12 3)");
});

test("of a long table only the rows in view are drawn, and the last row can be reached", () => {
  for (const rows of [3, 100_000, 1_000_000]) {
    const height = 700;
    const start = inView(rows, 0, height);
    assert.equal(start.first, 0);
    assert.ok(start.count < 40);
    const end = inView(rows, scrollTo(rows - 1, rows, 0, height, 40), height);
    assert.equal(end.first + end.count, rows);
    assert.ok(end.total <= 12_000_000);
    assert.ok(end.top + end.count * 72 <= end.total + 1);
  }
});

test("sorting keeps equal rows in order and puts unknown ones last, both ways", () => {
  const column = { name: "n", key: "n", of: (r: { n: number | null }) => r.n, cell: () => "" };
  const rows = [{ n: null, k: 0 }, { n: 2, k: 1 }, { n: 1, k: 2 }, { n: 2, k: 3 }];
  assert.deepEqual(sorted(rows, column, false).map((r) => r.k), [2, 1, 3, 0]);
  assert.deepEqual(sorted(rows, column, true).map((r) => r.k), [1, 3, 2, 0]);
});

const chart = (values: number[], names: string[] = []) =>
  renderToString(
    <FrameChart
      width={600}
      palette={PAPER}
      label="Density"
      unit="%"
      series={[{ name: "Density", values, mark: "dots" }]}
      lost={[1]}
      stretches={names.map((name, k) => ({ start: 2 * k, end: 2 * k + 1, name, mean: 2, interval: [1, 3] as const }))}
    />,
  );

test("a chart has a dot for each known value, and names stay text", () => {
  const html = chart([1, NaN, 3, 4], ["visit <2>", "b"]);
  assert.equal(html.match(/M[\d.]+ [\d.]+h0/g)?.length, 3);
  assert.match(html, /visit &lt;2>/);
  assert.match(html, /class="lost"/);
});

test("a chart of 100,000 frames draws one range per px, not one dot per frame", () => {
  const html = chart(Array.from({ length: 100_000 }, (_, i) => 3 + Math.sin(i)));
  assert.ok(html.length < 100_000);
  assert.match(html, /stroke-opacity="0.35"/);
});

test("the place under the pointer is the frame that is drawn there", () => {
  assert.equal(frameAt(0, 600, 10), 0);
  assert.equal(frameAt(56 + (600 - 66) * 0.55, 600, 10), 5);
  assert.equal(frameAt(600, 600, 10), 9);
});

test("a footnote is wrapped to the width of its chart and loses no word", () => {
  const note = "Line and band: mean with its 95 % interval over frames, which resemble each other: not between patients.";
  const lines = wrapped(note, 353);
  assert.equal(lines.join(" "), note);
  assert.ok(lines.length > 1 && lines.every((line) => line.length * 4.5 <= 353));
});
