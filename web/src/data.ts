// SPDX-License-Identifier: Apache-2.0
// What the data beside the page hold.
import type { Interval } from "./format";

export interface Means {
  frames: number;
  ok: number;
  mean_density: number | null;
  mean_density_interval: Interval | null;
  mean_count: number | null;
  mean_count_interval: Interval | null;
  mean_count_per_mm2: number | null;
  mean_count_per_mm2_interval: Interval | null;
}

export interface Subfolder extends Means {
  name: string;
}

interface Milliseconds {
  p50: number;
  p95: number;
  p99: number;
}

export interface Summary extends Means {
  failed: number;
  dropped: number;
  unusable?: number;
  interrupted?: boolean;
  interval?: { method?: string; resamples?: number } | null;
  skipped?: { count: number; first: { source: string; reason: string }[] };
  timing?: { finished?: string; frames_per_s?: number | null; frame_ms?: Milliseconds | null; latency_ms?: Milliseconds | null };
}

type Facts = Record<string, unknown>;

export interface RunLine {
  notice?: string;
  definitions?: string;
  version?: string;
  commit?: string;
  options?: Facts;
  model?: { name?: string; sha256?: string };
  analyzer?: { name?: string; version?: string };
  host?: {
    executor?: string;
    workers?: number;
    paths?: { inputs?: string[] };
    machine?: { processor?: string; cores?: number; system?: string };
  };
}

export interface Index {
  run: RunLine;
  summary: Summary;
  subfolders: Subfolder[];
  value_names: string[];
  columns: string[];
  frames: number;
  row_chunks: number;
  clips: ClipFacts[];
}

export const STATUS = ["ok", "failed", "dropped"] as const;

/** One frame. What is unknown is null. */
export interface Row {
  index: number;
  source: string;
  subfolder: number;
  status: (typeof STATUS)[number];
  error: string;
  density: number | null;
  count: number | null;
  per_mm2: number | null;
  width: number | null;
  height: number | null;
  ms: number | null;
  scale: number | null;
  scale_from: string | null;
  /** The chunk with its outlines. */
  detail: number;
  /** File in overlays/. */
  overlay: string | null;
  /** Path, from the page, of the picture without anything drawn on it. */
  picture: string | null;
  values: (number | null)[] | null;
  time_s: number | null;
  /** Number of the clip that it belongs to. */
  clip: number | null;
  usable: boolean | null;
  reasons: string[] | null;
  notes: string[] | null;
}

/** One outline: px, x0, y0, x1, y1, ... */
export interface Shape {
  id: number;
  score: number;
  area: number | null;
  points: number[];
  note?: string;
}

export interface Repeatability {
  count: number[];
  density: number[];
}

/** The clip line of results.jsonl but for what grows with frames and capillaries. */
export interface ClipFacts {
  /** What Row.clip says. */
  number: number;
  file: string;
  frames: number;
  usable: number;
  registered: number;
  reference: number | null;
  extent: [number, number, number, number] | null;
  count: number | null;
  density: number | null;
  seen_px: number | null;
  count_per_mm2: number | null;
  repeatability: Repeatability | null;
  quality: Record<string, unknown> | null;
  reason: string | null;
  /** Path, from the page, of the mosaic. */
  mosaic: string | null;
  subfolder: number;
}

export interface ClipLine extends ClipFacts {
  motion: { dx: (number | null)[]; dy: (number | null)[]; rotation_deg?: (number | null)[]; registered?: boolean[] };
  capillaries: { id: number; polygon: number[]; score: number; area_px?: number; seen?: number; in_view?: number }[];
}

export interface RowChunk {
  first: number;
  rows: unknown[][];
}

/** Rows of a chunk, by the names of the columns: a column that this page does not know is ignored. */
export function rowsOf(chunk: RowChunk, columns: readonly string[]): Row[] {
  const place = (name: string) => columns.indexOf(name);
  const places = Object.fromEntries(
    ["source", "subfolder", "status", "error", "density", "count", "per_mm2", "width", "height", "ms", "scale"]
      .concat(["scale_from", "detail", "overlay", "picture", "values", "time_s", "clip", "usable", "reasons", "notes"])
      .map((name) => [name, place(name)]),
  );
  return chunk.rows.map((cells, k) => {
    const at = <T>(name: string): T | null => (cells[places[name]] ?? null) as T | null;
    return {
      index: chunk.first + k,
      source: at<string>("source") ?? "",
      subfolder: at<number>("subfolder") ?? 0,
      status: STATUS[at<number>("status") ?? 1],
      error: at<string>("error") ?? "",
      density: at("density"),
      count: at("count"),
      per_mm2: at("per_mm2"),
      width: at("width"),
      height: at("height"),
      ms: at("ms"),
      scale: at("scale"),
      scale_from: at("scale_from"),
      detail: at<number>("detail") ?? 0,
      overlay: at("overlay"),
      picture: at("picture"),
      values: at("values"),
      time_s: at("time_s"),
      clip: at("clip"),
      usable: at("usable"),
      reasons: at("reasons"),
      notes: at("notes"),
    };
  });
}

export interface DetailChunk {
  first: number;
  /** Of each frame its capillaries: score, area in px, outline. */
  frames: [number, number, number[]][][];
}

/** Outlines travel as eighths of a pixel, each point but the first as the way from the point before it. */
export function outline(eighths: readonly number[]): number[] {
  const points: number[] = [];
  let x = 0;
  let y = 0;
  for (let i = 0; i + 1 < eighths.length; i += 2) {
    x += eighths[i];
    y += eighths[i + 1];
    points.push(x / 8, y / 8);
  }
  return points;
}
