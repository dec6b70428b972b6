// SPDX-License-Identifier: Apache-2.0
// Corrections as records, from what a person does. Nothing here draws.
import { areaOf, eighth, merged, rectangle, split } from "./geometry";
import type { Corrected } from "./state";
import { outlinesOf } from "./state";
import type { Draft, Facts, Item } from "./types";

export const LEAST_PX = 4;

const draft = (item: Item, what: Draft["what"], ids: number[], old: Facts, now: Facts, page = item.page): Draft => ({ what, file_sha256: item.file_sha256, page, ids, old, new: now });

export const remove = (item: Item, state: Corrected, ids: number[]): Draft => draft(item, "remove", ids, { shapes: outlinesOf(state, ids) }, {});

/** Undefined if the outline is too small to be one. */
export function add(item: Item, state: Corrected, points: readonly number[], candidate?: number): Draft | undefined {
  const rounded = points.map(eighth);
  if (rounded.length < 6 || areaOf(rounded) < LEAST_PX) return undefined;
  const facts: Facts = { shapes: [[state.nextId, rounded]], from: candidate === undefined ? "drawn" : "candidate" };
  return draft(item, "add", [], {}, candidate === undefined ? facts : { ...facts, candidate });
}

export function edit(item: Item, state: Corrected, id: number, points: readonly number[]): Draft | undefined {
  const rounded = points.map(eighth);
  if (rounded.length < 6 || areaOf(rounded) < LEAST_PX) return undefined;
  return draft(item, "edit", [id], { shapes: outlinesOf(state, [id]) }, { shapes: [[id, rounded]] });
}

/** Every capillary that the line crosses is cut; undefined if there is none. */
export function cut(item: Item, state: Corrected, line: [number, number, number, number]): Draft[] {
  let next = state.nextId;
  return state.capillaries.flatMap((c) => {
    const parts = split(c.points, ...line);
    if (parts.length < 2) return [];
    return [draft(item, "split", [c.id], { shapes: outlinesOf(state, [c.id]) }, { shapes: parts.map((p) => [next++, p.map(eighth)]) })];
  });
}

export function merge(item: Item, state: Corrected, ids: number[]): Draft | undefined {
  const shapes = outlinesOf(state, ids);
  if (shapes.length < 2) return undefined;
  const one = merged(shapes.map(([, points]) => points)).map(eighth);
  return draft(item, "merge", shapes.map(([id]) => id), { shapes }, { shapes: [[state.nextId, one]] });
}

/** Marks them ambiguous; if all are so already, takes the mark away. */
export function ambiguous(item: Item, state: Corrected, ids: number[]): Draft {
  const all = state.capillaries.filter((c) => ids.includes(c.id)).every((c) => c.ambiguous);
  return draft(item, "ambiguous", ids, { ambiguous: all }, { ambiguous: !all });
}

/** `page`: of a clip, one frame of it. */
export const exclude = (item: Item, reason: string, page = item.page): Draft => draft(item, "exclude", [], {}, { reason }, page);
export const include = (item: Item, reason: string, page = item.page): Draft => draft(item, "include", [], {}, { reason }, page);
export const excludeArea = (item: Item, box: [number, number, number, number], reason: string): Draft => draft(item, "exclude", [], {}, { reason, area: rectangle(...box) });
export const includeArea = (item: Item, area: readonly number[]): Draft => draft(item, "include", [], { area: [...area] }, { reason: "counts again" });
export const note = (item: Item, text: string): Draft => draft(item, "note", [], {}, { text });

const WORDS: Record<Draft["what"], string> = {
  remove: "removed", add: "added", edit: "changed an outline", split: "split", merge: "merged", ambiguous: "ambiguous", exclude: "excluded", include: "included",
  note: "note", undo: "undone", redo: "done again",
};

/** A correction in a few words, for the list of what was done. */
export function inWords(record: Draft): string {
  const n = record.ids.length;
  const image = record.page === null ? "" : ` image ${record.page + 1}`;
  switch (record.what) {
    case "remove": return `removed ${n === 1 ? `capillary ${record.ids[0]}` : `${n} capillaries`}`;
    case "add": return record.new.from === "candidate" ? "added a refused proposal" : "added an outline drawn by hand";
    case "edit": return `changed the outline of capillary ${record.ids[0]}`;
    case "split": return `split capillary ${record.ids[0]} into ${record.new.shapes?.length ?? 2}`;
    case "merge": return `merged ${n} capillaries`;
    case "ambiguous": return `${record.new.ambiguous === false ? "took the mark ambiguous from" : "marked as ambiguous"} ${n === 1 ? `capillary ${record.ids[0]}` : `${n} capillaries`}`;
    case "exclude": return `excluded${record.new.area ? " an area" : image}: ${record.new.reason ?? ""}`;
    case "include": return record.old.area ? "included an area again" : `included${image}: ${record.new.reason ?? ""}`;
    case "note": return `note: ${record.new.text ?? ""}`;
    default: return WORDS[record.what];
  }
}
