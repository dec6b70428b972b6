// SPDX-License-Identifier: Apache-2.0
// The report's charts: a measure over the frames, and the means of the subfolders.
import { useMemo, useState } from "preact/hooks";
import type { Palette, Stretch } from "./chart";
import { FrameChart, ForestChart, frameAt, PAGE } from "./chart";
import type { Index, Means, Row, Subfolder } from "./data";
import { Downloads } from "./download";
import type { Interval } from "./format";
import { csv, number, plain, plural, whole, withInterval } from "./format";
import { refusal } from "./frame_panel";
import { OVER_FRAMES } from "./overview";
import { useWidth } from "./width";

export const groupName = (name: string): string => (name === "" ? "(top folder)" : plain(name));

interface Measure {
  name: string;
  key: string;
  unit: string;
  of: (row: Row) => number | null;
  factor: number;
  mean?: (of: Means) => [number | null, Interval | null];
}

export function measuresOf(index: Index, hasDensity: boolean, hasScale: boolean): Measure[] {
  const list: Measure[] = [];
  if (hasDensity || index.value_names.length === 0) {
    list.push({ name: "Density", key: "density", unit: "%", factor: 100, of: (r) => r.density, mean: (m) => [m.mean_density, m.mean_density_interval] });
  }
  if (hasDensity) list.push({ name: "Count", key: "count", unit: "", factor: 1, of: (r) => r.count, mean: (m) => [m.mean_count, m.mean_count_interval] });
  if (hasScale) list.push({ name: "Count per mm\u00b2", key: "count_per_mm2", unit: "/mm\u00b2", factor: 1, of: (r) => r.per_mm2, mean: (m) => [m.mean_count_per_mm2, m.mean_count_per_mm2_interval] });
  index.value_names.forEach((name, k) => list.push({ name: plain(name), key: `value_${k}`, unit: "", factor: 1, of: (r) => r.values?.[k] ?? null }));
  return list;
}

/** Stretches of neighbouring frames of one subfolder. */
export function stretchesOf(rows: readonly Row[], subfolders: readonly Subfolder[], measure: Measure, all: Means): Stretch[] {
  const list: { start: number; end: number; subfolder: number }[] = [];
  for (const row of rows) {
    const last = list[list.length - 1];
    if (last?.subfolder === row.subfolder) last.end = row.index;
    else list.push({ start: row.index, end: row.index, subfolder: row.subfolder });
  }
  const whole = list.length > 80 || list.length === 1;
  return (whole && rows.length > 0 ? [{ start: 0, end: rows.length - 1, subfolder: -1 }] : list).map((s) => {
    const of = s.subfolder < 0 ? all : subfolders[s.subfolder];
    const [mean, interval] = (of && measure.mean?.(of)) ?? [null, null];
    const by = measure.factor;
    return { start: s.start, end: s.end, name: s.subfolder < 0 ? "" : groupName(subfolders[s.subfolder]?.name ?? ""), mean: mean === null || mean === undefined ? null : mean * by, interval: interval ? [interval[0] * by, interval[1] * by] : null };
  });
}

interface Props {
  index: Index;
  rows: readonly Row[];
  hasDensity: boolean;
  hasScale: boolean;
  chosen: Row | null;
  onShow: (row: Row) => void;
}

export function FramesChart({ index, rows, hasDensity, hasScale, chosen, onShow }: Props) {
  const measures = measuresOf(index, hasDensity, hasScale);
  const [at, setAt] = useState(0);
  const [pointed, setPointed] = useState<Row | null>(null);
  const [box, width] = useWidth();
  const measure = measures[Math.min(at, measures.length - 1)];
  const { values, lost, known, stretches } = useMemo(() => {
    const of = Float64Array.from(rows, (r) => (refusal(r) ? NaN : (measure.of(r) ?? NaN) * measure.factor));
    return {
      values: of,
      known: of.reduce((n, v) => n + (Number.isNaN(v) ? 0 : 1), 0),
      lost: rows.flatMap((r) => (refusal(r) ? [r.index] : [])),
      stretches: stretchesOf(rows, index.subfolders, measure, index.summary),
    };
  }, [rows, measure.key, index]);
  const title = `${measure.name} over frames`;
  const footnote = measure.mean ? `Line and band: mean with its 95 % interval ${OVER_FRAMES}.` : "";
  const draw = (palette: Palette, w: number, here: number | null = null, inFile = true, note = inFile ? footnote : "") => (
    <FrameChart
      width={w}
      palette={palette}
      label={`${title}: ${plural(known, "frame")}; the table below has every value.`}
      unit={measure.unit}
      series={[{ name: measure.name, values, mark: "dots" }]}
      lost={lost}
      stretches={stretches}
      here={here}
      footnote={note}
      title={inFile ? `${measure.name}${measure.unit ? `, ${measure.unit}` : ""}` : undefined}
    />
  );
  const mean = useMemo(() => draw(PAGE, width, null, false), [values, width, stretches]);
  const mark = pointed ?? chosen;
  const rowAt = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return rows[frameAt(((event.clientX - box.left) / box.width) * width, width, rows.length)];
  };
  const table = () => csv([["index", "source", "status", "reason", measure.key], ...rows.map((r) => [r.index, r.source, r.status, refusal(r), measure.of(r)])]);
  return (
    <section class="card" aria-labelledby="chart-title">
      <div class="controls">
        <h2 id="chart-title">{title}</h2>
        {measures.length > 1 && (
          <label class="right screen">
            Show
            <select value={at} onChange={(e) => setAt(Number(e.currentTarget.value))}>
              {measures.map((m, k) => (
                <option key={m.key} value={k}>
                  {m.name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <div class="chart" ref={box} onPointerMove={(e) => setPointed(rowAt(e) ?? null)} onPointerLeave={() => setPointed(null)} onClick={(e) => { const row = rowAt(e); if (row) onShow(row); }}>
        {mark ? draw(PAGE, width, mark.index, false) : mean}
      </div>
      <div class="key" aria-live="polite">
        {pointed ? (
          <span>{`${plain(pointed.source)}: ${refusal(pointed) || number((measure.of(pointed) ?? NaN) * measure.factor) + measure.unit}`}</span>
        ) : (
          <>
            <span>{known > 3000 ? "dark line: mean of neighbouring frames, pale: their range" : "each dot a frame"}</span>
            {measure.mean && <span>{`line and band: mean${stretches.length > 1 ? " of a subfolder" : ""} with its 95\u00a0% interval ${OVER_FRAMES}`}</span>}
            {lost.length > 0 && <span>red ticks: frames that failed, were dropped or are unusable</span>}
          </>
        )}
      </div>
      <Downloads name={`${measure.key}_over_frames`} draw={draw} table={table} />
    </section>
  );
}

function Bar({ of, high }: { of: Subfolder; high: number }) {
  const x = (v: number) => 6 + (high ? v / high : 0) * 288;
  const interval = of.mean_density_interval;
  return (
    <svg class="forest" viewBox="0 0 300 18" preserveAspectRatio="none" aria-hidden="true">
      <line class="axis" x1="0" x2="300" y1="9" y2="9" />
      {interval && <line class="range" x1={x(interval[0])} x2={x(interval[1])} y1="9" y2="9" />}
      {of.mean_density !== null && <line class="range" x1={x(of.mean_density)} x2={x(of.mean_density)} y1="3" y2="15" />}
    </svg>
  );
}

export function Subfolders({ index, hasDensity, hasScale, onPick }: { index: Index; hasDensity: boolean; hasScale: boolean; onPick: (subfolder: number) => void }) {
  const list = index.subfolders;
  if (!hasDensity || (list.length < 2 && (list[0]?.name ?? "") === "")) return null;
  const high = Math.max(0, ...list.map((s) => s.mean_density_interval?.[1] ?? s.mean_density ?? 0));
  const drawn = list.slice(0, 60);
  const draw = (palette: Palette, width: number) => (
    <ForestChart width={width} palette={palette} label="Mean density of each subfolder" unit={"mean capillary density, %"} rows={drawn.map((s) => ({ name: groupName(s.name), mean: s.mean_density === null ? null : s.mean_density * 100, interval: s.mean_density_interval ? [s.mean_density_interval[0] * 100, s.mean_density_interval[1] * 100] : null }))} footnote={`95 % intervals ${OVER_FRAMES}.`} />
  );
  const table = () =>
    csv([["subfolder", "frames", "analysed", "mean_density", "low", "high", "mean_count", "mean_count_per_mm2"], ...list.map((s) => [s.name, s.frames, s.ok, s.mean_density, s.mean_density_interval?.[0], s.mean_density_interval?.[1], s.mean_count, s.mean_count_per_mm2])]);
  return (
    <section class="card" aria-labelledby="subfolders-title">
      <h2 id="subfolders-title">Subfolders</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Means of the subfolders">
        <table>
          <thead>
            <tr>
              <th scope="col">Subfolder</th>
              {["Frames", "Analysed", "Mean density", "95\u00a0% interval"].map((name) => (
                <th key={name} scope="col" class="n">
                  {name}
                </th>
              ))}
              <td />
              <th scope="col" class="n">
                Mean count
              </th>
              {hasScale && (
                <th scope="col" class="n">
                  Mean count per mm²
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {list.map((s, k) => {
              const density = withInterval(s.mean_density, s.mean_density_interval, 100, "\u00a0%");
              return (
                <tr key={k}>
                  <td class="name-cell">
                    <button type="button" class="link" onClick={() => onPick(k)}>
                      {groupName(s.name)}
                    </button>
                  </td>
                  <td class="n">{whole(s.frames)}</td>
                  <td class="n">{whole(s.ok)}</td>
                  <td class="n">{density.mean}</td>
                  <td class="n">{density.interval}</td>
                  <td>
                    <Bar of={s} high={high} />
                  </td>
                  <td class="n">{withInterval(s.mean_count, s.mean_count_interval).mean}</td>
                  {hasScale && <td class="n">{withInterval(s.mean_count_per_mm2, s.mean_count_per_mm2_interval).mean}</td>}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="why">{`Intervals ${OVER_FRAMES}.`}</p>
      <Downloads name="density_of_subfolders" draw={draw} table={table} />
    </section>
  );
}
