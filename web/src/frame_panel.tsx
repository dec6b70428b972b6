// SPDX-License-Identifier: Apache-2.0
// The frame that was chosen: its picture, its numbers, and why it was refused.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Row, Shape } from "./data";
import { shapesOf } from "./load";
import { address, number, percent, plain, plural } from "./format";
import { PictureWithControls } from "./picture_controls";

export const WORD = { ok: "analysed", failed: "failed", dropped: "dropped" } as const;

/** Why a frame does not count; empty if it does. */
export function refusal(row: Row): string {
  if (row.status !== "ok") return `${WORD[row.status]}: ${plain(row.error)}`;
  if (row.usable === false) return `unusable: ${(row.reasons ?? []).map(plain).join("; ") || "no reason was given"}`;
  return "";
}

export const pictureOf = (row: Row): string => row.picture ?? (row.overlay ? address(`overlays/${row.overlay}`) : "");

/** Names and values, as a list. */
export function Facts({ facts }: { facts: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl>
      {facts.flatMap(([name, value], k) => [<dt key={`${k} name`}>{name}</dt>, <dd key={`${k} value`}>{value}</dd>])}
    </dl>
  );
}

export function useShapes(row: Row | null): { shapes: Shape[]; error: string } {
  const [state, setState] = useState<{ of: Row | null; shapes: Shape[]; error: string }>({ of: null, shapes: [], error: "" });
  useEffect(() => {
    let current = true;
    if (row) {
      shapesOf(row).then(
        (shapes) => current && setState({ of: row, shapes, error: "" }),
        (error: Error) => current && setState({ of: row, shapes: [], error: error.message }),
      );
    }
    return () => {
      current = false;
    };
  }, [row]);
  return state.of === row ? state : { shapes: [], error: "" };
}

interface Props {
  row: Row;
  valueNames: readonly string[];
  previous: Row | undefined;
  next: Row | undefined;
  onShow: (row: Row | null) => void;
}

export function FramePanel({ row, valueNames, previous, next, onShow }: Props) {
  const { shapes, error } = useShapes(row);
  const name = plain(row.source);
  const facts: [string, string][] = [["Status", refusal(row) || WORD.ok]];
  if (row.density !== null) facts.push(["Density", `${percent(row.density)} of the valid pixels`]);
  if (row.count !== null) facts.push(["Count", plural(row.count, "capillary", "capillaries")]);
  if (row.per_mm2 !== null) facts.push(["Count per mm\u00b2", `${number(row.per_mm2)} at ${row.scale} \u00b5m per pixel (${row.scale_from ? plain(row.scale_from) : "as given"})`]);
  valueNames.forEach((value, k) => {
    const x = row.values?.[k];
    if (x !== null && x !== undefined) facts.push([plain(value), String(x)]);
  });
  if (row.time_s !== null) facts.push(["Time in the clip", `${number(row.time_s, 4)} s`]);
  if (row.width && row.height) facts.push(["Size", `${row.width} \u00d7 ${row.height} px`]);
  if (row.ms !== null) facts.push(["Time to analyse", `${number(row.ms)} ms`]);
  for (const note of row.notes ?? []) facts.push(["Note", plain(note)]);
  const url = pictureOf(row);
  const step = (to: Row | undefined, text: string, label: string) => (
    <button type="button" class="button" aria-label={label} disabled={!to} onClick={() => to && onShow(to)}>
      {text}
    </button>
  );
  return (
    <aside class="viewer" aria-label="The chosen frame">
      <div class="bar">
        <h3>{name}</h3>
        {step(previous, "\u2190", "Previous frame")}
        {step(next, "\u2192", "Next frame")}
        <button type="button" class="button" aria-label="Close" onClick={() => onShow(null)}>
          {"\u00d7"}
        </button>
      </div>
      {refusal(row) && <p class="refusal">{`This frame ${row.status === "ok" ? "is" : "was"} ${refusal(row)}`}</p>}
      {row.width && row.height && (url || shapes.length > 0) ? (
        <PictureWithControls
          picture={{ url, width: row.width, height: row.height }}
          label={`Picture of ${name}`}
          shapes={shapes}
          plainPicture={row.picture !== null}
          scale={row.scale}
        />
      ) : (
        <p class="none">There is no picture of this frame.</p>
      )}
      {error && <p class="refusal">{error}</p>}
      <Facts facts={facts} />
      {url && (
        <p class="screen">
          <a href={url} target="_blank" rel="noopener">
            Open the picture file
          </a>
        </p>
      )}
    </aside>
  );
}
