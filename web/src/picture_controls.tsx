// SPDX-License-Identifier: Apache-2.0
// What stands under a picture: which view, the capillary under the pointer, and the same for the keyboard.
import { useState } from "preact/hooks";
import type { Shape } from "./data";
import { number, whole } from "./format";
import type { Pose } from "./outlines";
import type { Picture, View } from "./viewer";
import { PictureViewer } from "./viewer";

interface Props {
  picture: Picture;
  label: string;
  shapes: readonly Shape[];
  /** False: the picture is an overlay, whose contours are part of it. */
  plainPicture: boolean;
  /** Whether the shapes are others than an overlay has. */
  ownShapes?: boolean;
  scale: number | null;
  pose?: Pose;
}

const NUMBER_OF = new Intl.NumberFormat("en-GB");

/** A capillary in words. */
export function describe(shape: Shape, scale: number | null): string {
  const parts = [`capillary ${NUMBER_OF.format(shape.id)}`, `score ${number(shape.score)}`];
  if (shape.area !== null) {
    parts.push(`area ${whole(shape.area)} px${scale === null ? "" : ` = ${number(shape.area * scale * scale)} \u00b5m\u00b2`}`);
  }
  if (shape.note) parts.push(shape.note);
  return parts.join(", ");
}

export function PictureWithControls({ picture, label, shapes, plainPicture, ownShapes = false, scale, pose }: Props) {
  const [view, setView] = useState<View>("original");
  const [outlines, setOutlines] = useState(plainPicture || ownShapes); // an overlay file has its frame's already
  const [boxes, setBoxes] = useState(false);
  const [contrast, setContrast] = useState(4);
  const [active, setActive] = useState<number | null>(null);
  const at = shapes.findIndex((s) => s.id === active);
  const step = (by: number) => setActive(shapes[(Math.max(at, by > 0 ? -1 : 0) + by + shapes.length) % shapes.length].id);
  const option = (value: View, name: string) => (
    <label class="choice">
      <input type="radio" name={`view-of-${label}`} checked={view === value} onChange={() => setView(value)} />
      {name}
    </label>
  );
  return (
    <>
      <div class="controls picture-controls screen">
        <fieldset>
          <legend>Picture</legend>
          {option("original", plainPicture ? "Original" : "Overlay file")}
          {option("vessels", "Vessel contrast")}
        </fieldset>
        {view === "vessels" && (
          <label class="choice">
            contrast
            <input type="range" min="1" max="10" step="0.5" value={contrast} onInput={(e) => setContrast(Number(e.currentTarget.value))} />
          </label>
        )}
        {shapes.length > 0 && (
          <fieldset>
            <legend>Overlay</legend>
            <label class="choice">
              <input type="checkbox" checked={outlines} onChange={() => setOutlines(!outlines)} />
              Outlines
            </label>
            <label class="choice">
              <input type="checkbox" checked={boxes} disabled={!outlines} onChange={() => setBoxes(!boxes)} />
              Boxes
            </label>
          </fieldset>
        )}
      </div>
      <PictureViewer {...{ picture, label, shapes, view, contrast, outlines, boxes, active, scale, pose }} onActive={setActive} />
      {view === "vessels" && <p class="why">Green channel without its background. For looking: nothing is measured on this view.</p>}
      {!plainPicture && <p class="why">Only the overlay of this frame is here, with its contours drawn in: there is no original picture to show.</p>}
      {shapes.length > 0 && (
        <div class="capillary screen">
          <button type="button" class="button" aria-label="Previous capillary" onClick={() => step(-1)}>
            {"\u2039"}
          </button>
          <button type="button" class="button" aria-label="Next capillary" onClick={() => step(1)}>
            {"\u203a"}
          </button>
          <output>{at >= 0 ? describe(shapes[at], scale) : "Point at a capillary, or step through them"}</output>
        </div>
      )}
    </>
  );
}
