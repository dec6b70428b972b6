// SPDX-License-Identifier: Apache-2.0
// Numbers and names as the pages show them.

/** Control characters, marks of direction and characters without width could let a name pose as another: shown as codes. */
export function plain(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (c) => `\u27e8U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}\u27e9`,
  );
}

export const whole = (n: number): string => Math.round(n).toLocaleString("en-GB");

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${whole(n)} ${n === 1 ? one : many}`;
}

/** Three significant digits, in powers of ten only if the number cannot be read otherwise. */
export function number(x: number | null | undefined, digits = 3): string {
  if (x === null || x === undefined) return "\u2013";
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e7 || size < 1e-5) return x.toExponential(digits - 1);
  return x.toFixed(Math.max(0, Math.min(8, digits - 1 - Math.floor(Math.log10(size)))));
}

export const percent = (x: number | null | undefined): string =>
  x === null || x === undefined ? "\u2013" : `${number(x * 100)}\u00a0%`;

export type Interval = readonly [number, number];

/** A mean with the decimals that its interval supports: two significant digits of the interval's width. */
export function withInterval(
  mean: number | null | undefined,
  interval: Interval | null | undefined,
  factor = 1,
  unit = "",
): { mean: string; interval: string } {
  if (mean === null || mean === undefined) return { mean: "\u2013", interval: "" };
  if (!interval) return { mean: number(mean * factor) + unit, interval: "no interval from one frame" };
  const width = (interval[1] - interval[0]) * factor;
  const decimals = width > 0 ? Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(width)))) : 2;
  const fixed = (x: number) => (x * factor).toFixed(decimals);
  return { mean: fixed(mean) + unit, interval: `${fixed(interval[0])} to ${fixed(interval[1])}${unit}` };
}

/** A relative path as an address: every part encoded. */
export const address = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** 1, 2 or 5 times a power of ten, the largest that is at most `most`. */
export function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return [5, 2, 1].map((k) => k * power).find((k) => k <= most * (1 + 1e-9)) ?? power;
}

/** Round values from `low` to `high`, at most six. */
export function ticks(low: number, high: number): number[] {
  if (!(high > low)) return [low];
  const power = 10 ** Math.floor(Math.log10((high - low) / 4));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => (high - low) / s <= 5) ?? 10 * power;
  const list: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i) list.push(i * step || 0);
  return list;
}

/** RFC 4180; a text that a spreadsheet would take for a formula gets an apostrophe in front. */
export function csv(rows: readonly (readonly (string | number | null | undefined)[])[]): string {
  const cell = (value: string | number | null | undefined): string => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) || text !== value ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
