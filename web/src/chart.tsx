// SPDX-License-Identifier: Apache-2.0
// Charts as SVG, in px. The same component draws on the page (colours of the page) and into files (colours of paper):
// every property is an attribute, so that a file needs no style sheet.
import type { ComponentChildren } from "preact";
import type { Interval } from "./format";
import { ticks, whole } from "./format";

export interface Palette {
  ink: string;
  soft: string;
  line: string;
  band: string;
  accent: string;
  second: string;
  bad: string;
}

export const PAGE: Palette = {
  ink: "var(--ink)",
  soft: "var(--soft)",
  line: "var(--line)",
  band: "var(--band)",
  accent: "var(--accent)",
  second: "var(--late)",
  bad: "var(--bad)",
};

export const PAPER: Palette = {
  ink: "#000000",
  soft: "#333333",
  line: "#cccccc",
  band: "#f0f0f0",
  accent: "#0b6470",
  second: "#8a5a00",
  bad: "#a3231c",
};

export interface Stretch {
  start: number;
  end: number;
  name: string;
  mean: number | null;
  interval: Interval | null;
}

export interface Series {
  name: string;
  /** One value per frame; NaN if unknown. */
  values: ArrayLike<number>;
  mark: "dots" | "line";
}

interface FrameChartProps {
  width: number;
  height?: number;
  palette: Palette;
  label: string;
  unit: string;
  series: readonly Series[];
  /** Frames without a value, marked at the bottom. */
  lost?: readonly number[];
  /** Neighbouring frames that belong together, with their mean; more than 80 are not drawn. */
  stretches?: readonly Stretch[];
  here?: number | null;
  footnote?: string;
  /** Above the axis; on the page the heading says it. */
  title?: string;
  xLabel?: string;
}

export const BOX = { left: 56, right: 10, top: 12, bottom: 34 };
const MOST_DOTS = 3000;
const MOST_STRETCHES = 80;

/** The frame under `x` px of a chart that is `width` px wide. */
export function frameAt(x: number, width: number, frames: number): number {
  const at = Math.floor(((x - BOX.left) / (width - BOX.left - BOX.right)) * frames);
  return Math.max(0, Math.min(frames - 1, at));
}

/** Of many values per px: the range and the mean of each px column. */
function columns(values: ArrayLike<number>, x: (i: number) => number, y: (v: number) => number) {
  let range = "";
  let mean = "";
  for (let i = 0; i < values.length; ) {
    const column = Math.floor(x(i));
    let low = Infinity;
    let high = -Infinity;
    let sum = 0;
    let known = 0;
    for (; i < values.length && Math.floor(x(i)) === column; ++i) {
      const v = values[i];
      if (Number.isNaN(v)) continue;
      low = Math.min(low, v);
      high = Math.max(high, v);
      sum += v;
      ++known;
    }
    if (known === 0) continue;
    range += `M${column + 0.5} ${(y(high) - 0.5).toFixed(1)}V${(y(low) + 0.5).toFixed(1)}`;
    mean += `${mean === "" ? "M" : "L"}${column + 0.5} ${y(sum / known).toFixed(1)}`;
  }
  return { range, mean };
}

function Marks({ series, x, y, colour }: { series: Series; x: (i: number) => number; y: (v: number) => number; colour: string }) {
  const { values } = series;
  let known = 0;
  for (let i = 0; i < values.length; ++i) if (!Number.isNaN(values[i])) ++known;
  if (known > MOST_DOTS) {
    const { range, mean } = columns(values, x, y);
    return (
      <g fill="none" stroke={colour}>
        <path d={range} stroke-opacity="0.35" />
        <path d={mean} stroke-width="1.5" />
      </g>
    );
  }
  let path = "";
  let joined = false;
  for (let i = 0; i < values.length; ++i) {
    const v = values[i];
    if (Number.isNaN(v)) {
      joined = false;
      continue;
    }
    const at = `${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
    path += series.mark === "dots" ? `M${at}h0` : `${joined ? "L" : "M"}${at}h0`;
    joined = true;
  }
  const size = series.mark === "line" ? 1.5 : known > 600 ? 3 : known > 120 ? 5 : 7;
  return <path class="marks" d={path} fill="none" stroke={colour} stroke-width={size} stroke-linecap="round" stroke-linejoin="round" />;
}

function text(palette: Palette, x: number, y: number, anchor: "start" | "middle" | "end", content: ComponentChildren, size = 12) {
  return (
    <text x={x} y={y} text-anchor={anchor} fill={palette.soft} font-size={size}>
      {content}
    </text>
  );
}

const NOTE_SIZE = 9;

/** Words in lines that fit `width` px at the size of footnotes. */
export function wrapped(words: string, width: number): string[] {
  const room = Math.max(10, Math.floor(width / (NOTE_SIZE * 0.5)));
  const lines: string[] = [];
  for (const word of words.split(" ").filter(Boolean)) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + word.length < room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function Footnote({ lines, palette, x, bottom }: { lines: readonly string[]; palette: Palette; x: number; bottom: number }) {
  return <>{lines.map((line, k) => text(palette, x, bottom - 5 - (lines.length - 1 - k) * 12, "start", line, NOTE_SIZE))}</>;
}

/** Values over frames, in frame order. */
export function FrameChart(props: FrameChartProps) {
  const { width, palette, series, unit, lost = [], stretches = [], here } = props;
  const { left, right } = BOX;
  const over = props.title || series.length > 1 ? 14 : 0; // room for the title or the names
  const top = BOX.top + over;
  const note = wrapped(props.footnote ?? "", width - 8);
  const height = (props.height ?? 260) + note.length * 12 + over;
  const bottom = BOX.bottom + note.length * 12;
  const frames = Math.max(1, ...series.map((s) => s.values.length));
  let low = 0;
  let high = 0;
  for (const { values } of series) {
    for (let i = 0; i < values.length; ++i) {
      if (values[i] < low) low = values[i];
      if (values[i] > high) high = values[i];
    }
  }
  if (high === low) high = low + 1;
  high += (high - low) * 0.06;
  const x = (i: number) => left + ((i + 0.5) / frames) * (width - left - right);
  const y = (v: number) => top + (1 - (v - low) / (high - low)) * (height - top - bottom);
  const half = (width - left - right) / frames / 2;
  const base = height - bottom;
  const marked = stretches.length > 1 && stretches.length <= MOST_STRETCHES;
  const bands = stretches.length === 1 || marked ? stretches : [];
  const colours = [palette.accent, palette.second, palette.ink];
  const shown = here !== null && here !== undefined ? series[0].values[here] : NaN;
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={props.label}>
      {marked
        ? stretches.map((s, k) => {
            const from = x(s.start) - half;
            const to = x(s.end) + half;
            const room = Math.floor((to - from - 8) / 7);
            return (
              <g key={k}>
                {k % 2 === 1 && <rect x={from} y={top} width={to - from} height={base - top} fill={palette.band} />}
                {room > 3 &&
                  text(palette, (from + to) / 2, base + 28, "middle", s.name.length > room ? `\u2026${s.name.slice(1 - room)}` : s.name)}
              </g>
            );
          })
        : [
            text(palette, (left + width) / 2, base + 28, "middle", props.xLabel ?? "frame"),
            ...ticks(0, Math.max(1, frames - 1))
              .filter((t) => Number.isInteger(t) && t < frames)
              .map((t) => text(palette, x(t), base + 14, "middle", whole(t))),
          ]}
      {ticks(low, high).map((t) => (
        <g key={t}>
          <line x1={left} x2={width - right} y1={y(t)} y2={y(t)} stroke={palette.line} />
          {text(palette, left - 8, y(t) + 4, "end", `${Number(t.toPrecision(6))}${unit === "%" ? " %" : ""}`)}
        </g>
      ))}
      {bands.map((s, k) => {
        const from = x(s.start) - half;
        const to = x(s.end) + half;
        return (
          <g key={k}>
            {s.interval && (
              <rect x={from} width={to - from} y={y(s.interval[1])} height={Math.max(1, y(s.interval[0]) - y(s.interval[1]))} fill={palette.accent} fill-opacity="0.16" />
            )}
            {s.mean !== null && <line x1={from} x2={to} y1={y(s.mean)} y2={y(s.mean)} stroke={palette.accent} stroke-width="1.5" />}
          </g>
        );
      })}
      {series.map((s, k) => (
        <Marks key={s.name} series={s} x={x} y={y} colour={colours[k % colours.length]} />
      ))}
      {series.length > 1 &&
        series.map((s, k) => (
          <text key={s.name} x={left + 8 + k * 120} y={13} font-size="12" fill={colours[k % colours.length]}>
            {s.name}
          </text>
        ))}
      {lost.length > 0 && (
        <path class="lost" d={lost.map((i) => `M${x(i).toFixed(1)} ${base}v-9`).join("")} stroke={palette.bad} stroke-width="1.5" fill="none" />
      )}
      {here !== null && here !== undefined && (
        <circle class="here" cx={x(here)} cy={Number.isNaN(shown) ? base : y(shown)} r="7" fill="none" stroke={palette.ink} stroke-width="2" />
      )}
      {props.title && text(palette, 4, 13, "start", props.title)}
      <Footnote lines={note} palette={palette} x={4} bottom={height} />
    </svg>
  );
}

export interface ForestRow {
  name: string;
  mean: number | null;
  interval: Interval | null;
}

/** Means of groups with their intervals, one under another. */
export function ForestChart({ width, palette, label, unit, rows, footnote }: { width: number; palette: Palette; label: string; unit: string; rows: readonly ForestRow[]; footnote?: string }) {
  const left = Math.min(width * 0.4, 16 + 6.5 * Math.max(4, ...rows.map((r) => r.name.length)));
  const step = 22;
  const base = 10 + rows.length * step;
  const note = wrapped(footnote ?? "", width - 8);
  const height = base + 40 + note.length * 12;
  let high = 0;
  for (const r of rows) high = Math.max(high, r.interval?.[1] ?? r.mean ?? 0);
  if (high === 0) high = 1;
  const x = (v: number) => left + (v / high) * (width - left - 16);
  const room = Math.floor((left - 12) / 6.5);
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={label}>
      {ticks(0, high).map((t) => (
        <g key={t}>
          <line x1={x(t)} x2={x(t)} y1="6" y2={base} stroke={palette.line} />
          {text(palette, x(t), base + 15, "middle", Number(t.toPrecision(6)))}
        </g>
      ))}
      {rows.map((r, k) => {
        const y = 10 + (k + 0.5) * step;
        return (
          <g key={k}>
            {text(palette, left - 8, y + 4, "end", r.name.length > room ? `\u2026${r.name.slice(1 - room)}` : r.name)}
            {r.interval && <line x1={x(r.interval[0])} x2={x(r.interval[1])} y1={y} y2={y} stroke={palette.accent} stroke-width="2" />}
            {r.mean !== null && <circle cx={x(r.mean)} cy={y} r="4" fill={palette.accent} />}
          </g>
        );
      })}
      {text(palette, (left + width) / 2, base + 32, "middle", unit)}
      <Footnote lines={note} palette={palette} x={4} bottom={height} />
    </svg>
  );
}
