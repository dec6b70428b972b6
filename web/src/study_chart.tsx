// SPDX-License-Identifier: Apache-2.0
// The paired plot: a line per subject over the compared labels, and the means with their intervals.
import type { Palette } from "./chart";
import { ticks } from "./format";
import type { Comparison } from "./study_data";
import { intervalOf } from "./study_data";

interface Props {
  width: number;
  palette: Palette;
  label: string;
  one: Comparison;
  factor: number;
  unit: string;
}

export function PairedChart({ width, palette, label, one, factor, unit }: Props) {
  const height = 300;
  const left = 58;
  const base = height - 34;
  const top = 22;
  const values = [...one.units.flatMap((u) => u.values), ...one.means.flatMap((m) => [m.value ?? null, ...(intervalOf(m) ?? [])])].flatMap((v) => (v === null ? [] : [v * factor]));
  let low = Math.min(...values);
  let high = Math.max(...values);
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  low -= margin;
  high += margin;
  const step = (width - left - 16) / one.labels.length;
  const x = (k: number) => left + (k + 0.5) * step;
  const y = (v: number) => base - ((v * factor - low) / (high - low)) * (base - top);
  const room = Math.max(4, Math.floor(step / 7));
  const beside = Math.min(26, step / 4); // the means stand beside the lines, so that neither hides the other
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={label}>
      {ticks(low, high).map((t) => (
        <g key={t}>
          <line x1={left} x2={width - 16} y1={y(t / factor)} y2={y(t / factor)} stroke={palette.line} />
          <text x={left - 8} y={y(t / factor) + 4} text-anchor="end" font-size="12" fill={palette.soft}>
            {Number(t.toPrecision(6))}
          </text>
        </g>
      ))}
      <text x="4" y="13" font-size="12" fill={palette.soft}>
        {unit}
      </text>
      {one.labels.map((name, k) => (
        <text key={name} x={x(k)} y={base + 20} text-anchor="middle" font-size="12" fill={palette.ink}>
          {name.length > room ? `${name.slice(0, room - 1)}\u2026` : name}
        </text>
      ))}
      {one.units.map((u) => {
        const points = u.values.flatMap((v, k) => (v === null ? [] : [[x(k), y(v)]]));
        return (
          <g key={u.name} class="unit">
            <title>{u.name}</title>
            <polyline points={points.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(" ")} fill="none" stroke={palette.soft} stroke-opacity="0.7" />
            {points.map(([a, b]) => (
              <circle key={a} cx={a.toFixed(1)} cy={b.toFixed(1)} r="3" fill={palette.soft} />
            ))}
          </g>
        );
      })}
      {one.means.map((m, k) => {
        const interval = intervalOf(m);
        const at = x(k) + (k === 0 ? -beside : beside);
        return (
          <g key={k} class="mean">
            {interval && <line x1={at} x2={at} y1={y(interval[0])} y2={y(interval[1])} stroke={palette.accent} stroke-width="2.5" />}
            {m.value !== undefined && <circle cx={at} cy={y(m.value)} r="5" fill={palette.accent} />}
          </g>
        );
      })}
    </svg>
  );
}
