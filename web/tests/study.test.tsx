// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderToString } from "preact-render-to-string";
import { PAPER } from "../src/chart";
import { PairedChart } from "../src/study_chart";
import type { GroupRow, Study } from "../src/study_data";
import { comparisonsOf, quantitiesOf, sentence } from "../src/study_data";
import { StudySection } from "../src/study_section";

type Labelled = GroupRow & Record<string, string | number>;
const mean = (level: string, value: number, labels: Record<string, string>, more: Partial<GroupRow> = {}) => ({ quantity: "density", unit: "fraction", statistic: "mean", level, value, n: 2, of: "subject", ...more, ...labels }) as Labelled;
const difference: GroupRow = { quantity: "density", unit: "fraction", statistic: "difference", level: "all", compared: "visit", from: "v1", to: "v2", of: "subject", n: 2, value: 0.01, low: 0.004, high: 0.016, p: 0.03, change_percent: 20 };
const measurement = (subject: string, visit: string, file: string, counts: "yes" | "no" = "yes") =>
  ({ file, kind: "field", frames: 1, usable_frames: 1, counts, subject, visit, density: 0.05, ...(counts === "no" ? { reason: "unusable: dark" } : {}) }) as Study["measurements"][number];

const study: Study = {
  levels: ["subject", "visit"],
  compare: ["visit", "condition"],
  definitions: [],
  methods: "Capillaries were detected with CapillaryX.",
  left_out: [{ file: "b/v2/2.png", reason: "unusable: dark" }],
  note: "scales differ: 1, 2 um/px",
  measurements: [measurement("a", "v1", "a/v1/1.png"), measurement("a", "v2", "a/v2/1.png"), measurement("<b>", "v1", "b/v1/1.png"), measurement("<b>", "v2", "b/v2/1.png"), measurement("<b>", "v2", "b/v2/2.png", "no")],
  groups: [
    mean("visit", 0.05, { subject: "a", visit: "v1" }),
    mean("visit", 0.06, { subject: "a", visit: "v2" }),
    mean("visit", 0.04, { subject: "<b>", visit: "v1" }),
    mean("subject", 0.055, { subject: "a" }),
    mean("all", 0.05, {}, { low: 0.04, high: 0.06 }),
    mean("all", 0.045, { visit: "v1" }, { compared: "visit", low: 0.03, high: 0.05 }),
    mean("all", 0.06, { visit: "v2" }, { compared: "visit", reason: "only one subject" }),
    difference,
  ],
};

test("a subject without a value at a visit stays in the plot with the values that it has", () => {
  const [one, ...others] = comparisonsOf(study, "density");
  assert.equal(others.length, 0);
  assert.deepEqual(one.labels, ["v1", "v2"]);
  assert.deepEqual(one.units, [{ name: "a", values: [0.05, 0.06] }, { name: "<b>", values: [0.04, null] }]);
  assert.equal(one.differences.length, 1);
  const svg = renderToString(<PairedChart width={600} palette={PAPER} label="x" one={one} factor={100} unit="%" />);
  assert.equal(svg.match(/<polyline/g)?.length, 2);
  assert.doesNotMatch(svg, /NaN/);
});

test("conditions that subjects do not cross get separate plots", () => {
  const strata: Study = {
    ...study,
    groups: ["cold", "warm"].flatMap((condition, k) => [
      mean("visit", 0.05 + k, { subject: `s${k}`, visit: "v1", condition }),
      mean("all", 0.05 + k, { visit: "v1", condition }, { compared: "visit" }),
      mean("all", 0.06 + k, { visit: "v2", condition }, { compared: "visit" }),
      { ...difference, value: 0.01 + k },
    ]),
  };
  const list = comparisonsOf(strata, "density");
  assert.deepEqual(list.map((one) => one.units.map((u) => u.name)), [["s0"], ["s1"]]);
  assert.deepEqual(list.map((one) => one.differences.map((d) => d.value)), [[0.01], [1.01]]);
});

test("a difference says by how much, how sure, and of how many subjects", () => {
  const text = sentence(difference);
  for (const part of ["From v1 to v2", "rose by 1.00\u00a0percentage points", "+20.0\u00a0%", "0.4 to 1.6\u00a0percentage points", "p = 0.030", "2 subjects measured at both", "excludes no change"]) assert.ok(text.includes(part), `${part}: ${text}`);
  assert.match(sentence({ ...difference, low: -0.004 }), /includes no change/);
  assert.match(sentence({ ...difference, n: 1, low: undefined, high: undefined, reason: "only one subject has a value at both" }), /1 subject measured at both. No interval: only one subject/);
  assert.match(sentence({ ...difference, value: undefined, reason: "no subject has a value at both" }), /no difference can be given \(no subject/);
});

test("the section names what was left out with its reason, unequal scales and the methods, and draws no markup of names", () => {
  const html = renderToString(<StudySection study={study} onShow={() => undefined} />);
  for (const part of ["2 subjects; 4 measurements count (4 fields, 0 clips), 1 left out", "unusable: dark (1 measurement)", "scales differ: 1, 2 um/px", "Capillaries were detected with CapillaryX.", "&lt;b>", "only one subject"]) assert.ok(html.includes(part), part);
  assert.doesNotMatch(html, /<b>/);
});

test("only quantities that have a mean are offered", () => {
  assert.deepEqual(quantitiesOf({ ...study, groups: [...study.groups, { ...study.groups[0], quantity: "count_per_mm2", value: undefined }] }), ["density"]);
});
