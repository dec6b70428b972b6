// SPDX-License-Identifier: Apache-2.0
// What the corrections make of the automatic result. Everything here is a pure function of the journal.
import { boundsOf, contains, Mask, middleOf, nearestEdge } from "./geometry";
import type { Correction, Detail, Draft, Item, Outline } from "./types";

export interface Capillary {
  id: number;
  points: readonly number[];
  /** Of the automatic result; null: a person made or changed it. */
  score: number | null;
  area: number | null;
  ambiguous: boolean;
}

export interface Corrected {
  capillaries: Capillary[];
  /** Places in `candidates` that were added. */
  used: Set<number>;
  excluded: string | null;
  included: string | null;
  areas: { seq: number; points: readonly number[]; reason: string }[];
  excludedPages: Map<number, string>;
  notes: { seq: number; text: string }[];
  nextId: number;
}

export const keyOf = (file: string, page: number | null): string => `${file}#${page ?? ""}`;

/** The journal in order, which of its records hold, and what undo and redo would take. */
export class Journal {
  readonly records: Correction[] = [];
  private readonly done: number[] = [];
  private readonly undone: number[] = [];
  private readonly files = new Map<string, Correction[]>();
  private readonly bySeq = new Map<number, Correction>();
  private readonly off = new Set<number>();

  constructor(records: readonly Correction[] = []) {
    for (const record of records) this.append(record);
  }

  get last(): number {
    return this.records.length > 0 ? this.records[this.records.length - 1].seq : 0;
  }

  append(record: Correction): void {
    this.records.push(record);
    this.bySeq.set(record.seq, record);
    const of = record.new.of ?? 0;
    if (record.what === "undo") {
      this.done.splice(this.done.lastIndexOf(of), this.done.includes(of) ? 1 : 0);
      this.undone.push(of);
      this.off.add(of);
    } else if (record.what === "redo") {
      this.undone.splice(this.undone.lastIndexOf(of), this.undone.includes(of) ? 1 : 0);
      this.done.push(of);
      this.off.delete(of);
    } else {
      this.done.push(record.seq);
      this.undone.length = 0;
      const list = this.files.get(record.file_sha256);
      if (list) list.push(record);
      else this.files.set(record.file_sha256, [record]);
    }
  }

  /** Records about an item that hold, in order. Those of a clip include those of its frames. */
  of(item: Item): Correction[] {
    return this.all(item).filter((r) => !this.off.has(r.seq));
  }

  /** Also those that were undone: their ids are not given again. */
  all(item: Item): Correction[] {
    return (this.files.get(item.file_sha256) ?? []).filter((r) => item.kind === "clip" || r.page === item.page);
  }

  nextUndo(): Correction | undefined {
    return this.bySeq.get(this.done[this.done.length - 1]);
  }

  nextRedo(): Correction | undefined {
    return this.bySeq.get(this.undone[this.undone.length - 1]);
  }

  /** What takes back the last correction that holds, or what brings back the last one taken back. */
  step(what: "undo" | "redo"): Draft | undefined {
    const target = what === "undo" ? this.nextUndo() : this.nextRedo();
    return target && { what, file_sha256: target.file_sha256, page: target.page, ids: [], old: {}, new: { of: target.seq } };
  }
}

export function corrected(item: Item, detail: Detail, journal: Journal): Corrected {
  const capillaries = new Map<number, Capillary>();
  let nextId = detail.next_id ?? 1;
  for (const [id, score, area, points] of detail.shapes) {
    capillaries.set(id, { id, points, score, area, ambiguous: false });
    nextId = Math.max(nextId, id + 1);
  }
  for (const r of journal.all(item)) for (const [id] of r.new.shapes ?? []) nextId = Math.max(nextId, id + 1);
  const out: Corrected = { capillaries: [], used: new Set(), excluded: null, included: null, areas: [], excludedPages: new Map(), notes: [], nextId };
  for (const r of journal.of(item)) {
    if (r.what === "remove" || r.what === "split" || r.what === "merge") for (const id of r.ids) capillaries.delete(id);
    for (const [id, points] of r.new.shapes ?? []) {
      capillaries.set(id, { id, points, score: null, area: null, ambiguous: capillaries.get(id)?.ambiguous ?? false });
    }
    if (r.what === "add" && r.new.candidate !== undefined) out.used.add(r.new.candidate);
    if (r.what === "ambiguous") {
      for (const id of r.ids) {
        const one = capillaries.get(id);
        if (one) capillaries.set(id, { ...one, ambiguous: r.new.ambiguous !== false });
      }
    }
    const whole = r.page === item.page;
    if (r.what === "exclude") {
      if (r.new.area) out.areas.push({ seq: r.seq, points: r.new.area, reason: r.new.reason ?? "" });
      else if (whole) [out.excluded, out.included] = [r.new.reason ?? "", null];
      else out.excludedPages.set(r.page ?? -1, r.new.reason ?? "");
    }
    if (r.what === "include") {
      if (r.old.area) out.areas = out.areas.filter((a) => JSON.stringify(a.points) !== JSON.stringify(r.old.area));
      else if (whole) [out.excluded, out.included] = [null, r.new.reason ?? ""];
      else out.excludedPages.delete(r.page ?? -1);
    }
    if (r.what === "note") out.notes.push({ seq: r.seq, text: r.new.text ?? "" });
  }
  out.capillaries = [...capillaries.values()];
  return out;
}

export interface Numbers {
  count: number;
  density: number | null;
  per_mm2: number | null;
}

const pixels = new WeakMap<readonly number[], number>();
function pixelsOf(points: readonly number[], frame: { left: number; top: number; right: number; bottom: number }): number {
  let n = pixels.get(points);
  if (n === undefined) pixels.set(points, (n = new Mask([points], frame).count()));
  return n;
}

export const frameBox = (item: Item, detail: Detail) => {
  const [x, y, w, h] = detail.extent ?? [0, 0, item.width, item.height];
  return { left: x, top: y, right: x + w, bottom: y + h };
};

/** Numbers of the capillaries that stand: ambiguous ones and those whose middle is in an excluded area are left out. */
export function numbersOf(item: Item, detail: Detail, state: Pick<Corrected, "capillaries" | "areas">): Numbers {
  const frame = frameBox(item, detail);
  const kept = state.capillaries.filter((c) => !c.ambiguous && !state.areas.some((a) => contains(a.points, ...middleOf(c.points))));
  const covered = kept.reduce((sum, c) => sum + (c.area ?? pixelsOf(c.points, frame)), 0);
  const out = state.areas.length > 0 ? new Mask(state.areas.map((a) => a.points), frame).count() : 0;
  const valid = detail.valid_px === null ? null : detail.valid_px - out;
  return {
    count: kept.length,
    density: valid && valid > 0 ? covered / valid : null,
    per_mm2: valid && valid > 0 && item.scale ? kept.length / (valid * item.scale * item.scale * 1e-6) : null,
  };
}

/** Least certain first; frames that need no check (failed ones) come last. Equal ones in the run's order. */
export function nextToCheck(items: readonly Item[]): Item[] {
  const rank = (i: Item) => (i.status === "ok" ? (i.uncertainty ?? 0) : -1);
  return items.map((item, k) => ({ item, k })).sort((a, b) => rank(b.item) - rank(a.item) || a.k - b.k).map(({ item }) => item);
}

/** The smallest outline under a point, so that one inside another can be reached; else the nearest one within `reach`. */
export function hit<T extends { points: readonly number[] }>(shapes: readonly T[], x: number, y: number, reach: number): T | undefined {
  let best: T | undefined;
  let least = Infinity;
  let near: T | undefined;
  let nearest = reach;
  for (const s of shapes) {
    const b = boundsOf(s.points);
    if (x < b.left - reach || x > b.right + reach || y < b.top - reach || y > b.bottom + reach) continue;
    const size = (b.right - b.left) * (b.bottom - b.top);
    if (contains(s.points, x, y)) {
      if (size < least) [best, least] = [s, size];
    } else if (reach > 0) {
      const { distance } = nearestEdge(s.points, x, y);
      if (distance < nearest) [near, nearest] = [s, distance];
    }
  }
  return best ?? near;
}

export const outlinesOf = (state: Corrected, ids: readonly number[]): Outline[] =>
  state.capillaries.filter((c) => ids.includes(c.id)).map((c) => [c.id, [...c.points]]);
