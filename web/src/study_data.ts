// SPDX-License-Identifier: Apache-2.0
// What data/study.js holds (src/study/study_files.cc), and what the page draws of it. Absent cells are absent properties.
import type { Interval } from "./format";
import { number, withInterval } from "./format";

type Cells = Record<string, string | number | undefined>;

/** A row of groups.csv. */
export interface GroupRow {
  quantity: string;
  unit?: string;
  statistic: "mean" | "difference" | "icc(1,1)" | "icc(2,1)";
  level: string;
  compared?: string;
  from?: string;
  to?: string;
  of?: string;
  n?: number;
  value?: number;
  low?: number;
  high?: number;
  p?: number;
  effect_size?: number;
  change_percent?: number;
  change_low_percent?: number;
  change_high_percent?: number;
  measurements?: number;
  left_out?: number;
  reason?: string;
  note?: string;
}

/** A row of measurements.csv. */
export interface MeasurementRow {
  file: string;
  kind: "field" | "clip";
  frames: number;
  usable_frames: number;
  counts: "yes" | "no";
  reason?: string;
  note?: string;
}

export interface Study {
  levels: string[];
  compare: string[];
  definitions: { column: string; unit?: string; definition: string }[];
  methods: string;
  left_out: { file: string; reason: string }[];
  note: string;
  measurements: MeasurementRow[];
  groups: GroupRow[];
}

/** The cell of a column that the study names: a label or a quantity. */
export const cellOf = (row: GroupRow | MeasurementRow, column: string): string | number | undefined => (row as unknown as Cells)[column];
export const labelOf = (row: GroupRow | MeasurementRow, column: string): string => String(cellOf(row, column) ?? "");

export const NAMES: Record<string, string> = { density: "capillary density", count: "capillary count", count_per_mm2: "capillaries per mm\u00b2" };

/** How a quantity is shown: a fraction as %, a difference of fractions in percentage points, as relative changes are in %. */
export function shownAs(quantity: string, unit: string | undefined, statistic = "mean"): { factor: number; unit: string } {
  if (quantity === "density") return { factor: 100, unit: statistic === "difference" ? "percentage points" : "%" };
  return { factor: 1, unit: unit && unit !== "n" ? unit.replace("mm2", "mm\u00b2").replace("um", "\u00b5m") : "" };
}

/** The quantities that have a mean, in the order of the table. */
export const quantitiesOf = (study: Study): string[] => [...new Set(study.groups.filter((r) => r.statistic === "mean" && r.value !== undefined).map((r) => r.quantity))];

export const intervalOf = (row: GroupRow): Interval | null => (row.low === undefined || row.high === undefined ? null : [row.low, row.high]);

/** A mean or difference with its unit, and its interval or why there is none. */
export function written(row: GroupRow): { mean: string; interval: string } {
  const { factor, unit } = shownAs(row.quantity, row.unit, row.statistic);
  const interval = intervalOf(row);
  const shown = withInterval(row.value, interval, factor, unit && `\u00a0${unit}`);
  return interval ? shown : { mean: shown.mean, interval: row.reason ?? "" };
}

/** A column whose labels are compared within units, of one stratum: what one paired plot shows. */
export interface Comparison {
  column: string;
  labels: string[];
  /** The mean over units at each label. */
  means: GroupRow[];
  differences: GroupRow[];
  /** A line per unit: its mean at each label, or null. Empty if the column is no level. */
  units: { name: string; values: (number | null)[] }[];
}

/** The comparisons of a quantity. Strata follow each other in the table: a label that is there already begins the next one. */
export function comparisonsOf(study: Study, quantity: string): Comparison[] {
  const rows = study.groups.filter((r) => r.quantity === quantity);
  const list: Comparison[] = [];
  for (const row of rows.filter((r) => r.statistic === "mean" && r.level === "all" && r.compared)) {
    const column = row.compared ?? "";
    const label = labelOf(row, column);
    let last = list[list.length - 1];
    if (last?.column !== column || last.labels.includes(label)) {
      last = { column, labels: [], means: [], differences: [], units: [] };
      list.push(last);
    }
    last.labels.push(label);
    last.means.push(row);
  }
  const taken = new Map<string, number>();
  for (const row of rows.filter((r) => r.statistic === "difference" && r.compared)) {
    const pair = JSON.stringify([row.compared, row.from, row.to]);
    const of = list.filter((c) => c.column === row.compared && c.labels.includes(row.from ?? "") && c.labels.includes(row.to ?? ""));
    const k = taken.get(pair) ?? 0;
    taken.set(pair, k + 1);
    of[k]?.differences.push(row);
  }
  const outermost = study.levels[0];
  for (const one of list) {
    if (one.column !== study.levels[1]) continue;
    const units = new Map<string, (number | null)[]>();
    for (const row of rows.filter((r) => r.statistic === "mean" && r.level === one.column && r.value !== undefined)) {
      if (!belongs(row, one, study)) continue;
      const place = one.labels.indexOf(labelOf(row, one.column));
      if (place < 0) continue;
      const name = labelOf(row, outermost);
      const values = units.get(name) ?? one.labels.map(() => null);
      values[place] = row.value ?? null;
      units.set(name, values);
    }
    one.units = [...units].map(([name, values]) => ({ name, values }));
  }
  return list;
}

/** The labels that all means of a comparison share and that are compared elsewhere: its stratum ("condition: cold"). */
export function stratumOf(one: Comparison, study: Study): [string, string][] {
  return study.compare
    .filter((column) => column !== one.column && !study.levels.includes(column))
    .map((column): [string, string] => [column, one.means.every((r) => labelOf(r, column) === labelOf(one.means[0], column)) ? labelOf(one.means[0], column) : ""])
    .filter(([, label]) => label !== "");
}

const belongs = (row: GroupRow, one: Comparison, study: Study): boolean => stratumOf(one, study).every(([column, label]) => labelOf(row, column) === label);

/** A difference as a sentence: by how much, how sure. */
export function sentence(row: GroupRow): string {
  const name = NAMES[row.quantity] ?? row.quantity;
  const start = `From ${row.from ?? ""} to ${row.to ?? ""}, ${name}`;
  if (row.value === undefined) return `${start}: no difference can be given (${row.reason ?? "no value"}).`;
  const { mean, interval } = written({ ...row, value: Math.abs(row.value), low: undefined, high: undefined, reason: "" });
  const how = row.value > 0 ? `rose by ${mean}` : row.value < 0 ? `fell by ${mean}` : "did not change";
  const change = row.change_percent === undefined ? "" : ` (${row.change_percent > 0 ? "+" : ""}${number(row.change_percent)}\u00a0%)`;
  const units = `${row.n ?? 0} ${row.of ?? "unit"}${row.n === 1 ? "" : "s"} measured at both`;
  if (intervalOf(row) === null) return `${start} ${how}${change} on average; ${units}. No interval: ${row.reason ?? interval}.`;
  const p = row.p === undefined ? "" : `, paired t test p ${row.p < 0.001 ? "< 0.001" : `= ${number(row.p, 2)}`}`;
  const sure = (row.low ?? 0) > 0 || (row.high ?? 0) < 0 ? "The interval excludes no change." : "The interval includes no change.";
  return `${start} ${how}${change} on average; 95\u00a0% interval of the difference ${written(row).interval}${p}; ${units}. ${sure}`;
}
