// SPDX-License-Identifier: Apache-2.0
// What the review server sends and takes: web/README.md describes it.

/** One line of the list: a frame, or a clip that is measured as one. */
export interface Item {
  id: number;
  kind: "frame" | "clip";
  file_sha256: string;
  page: number | null;
  name: string | null;
  status: string;
  usable: boolean;
  reason: string;
  count: number | null;
  density: number | null;
  uncertainty: number | null;
  width: number;
  height: number;
  /** um per px. */
  scale: number | null;
  frames: number;
}

export interface Run {
  reviewer: string;
  run: string;
  blind: boolean;
  items: number;
}

/** An outline and the number that records know it by. Points: x0, y0, x1, y1, ..., px, pixel corners. */
export type Outline = [id: number, points: number[]];

export interface Detail {
  valid_px: number | null;
  shapes: [id: number, score: number, area_px: number, points: number[]][];
  candidates: [x: number, y: number, width: number, height: number, score: number][];
  /** Larger than every id that this item ever had. */
  next_id?: number;
  extent?: [number, number, number, number];
  reference?: number | null;
  frames?: { page: number; pose: [number, number, number] | null; usable: boolean }[];
}

export const CHANGES = ["remove", "add", "edit", "split", "merge", "ambiguous", "exclude", "include", "note"] as const;
export type Change = (typeof CHANGES)[number];

export interface Facts {
  shapes?: Outline[];
  ambiguous?: boolean;
  candidate?: number;
  from?: "candidate" | "drawn";
  reason?: string;
  area?: number[];
  text?: string;
  of?: number;
}

/** A line of corrections/REVIEWER.jsonl; the server adds `previous` and `time`. */
export interface Correction {
  seq: number;
  what: Change | "undo" | "redo";
  file_sha256: string;
  page: number | null;
  ids: number[];
  old: Facts;
  new: Facts;
}

export type Draft = Omit<Correction, "seq">;
