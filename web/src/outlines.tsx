// SPDX-License-Identifier: Apache-2.0
// Outlines over a picture, in the picture's px. Lines keep their width at any zoom.
import type { Shape } from "./data";

interface Props {
  shapes: readonly Shape[];
  active: number | null;
  onActive: (id: number | null) => void;
  boxes: boolean;
  pose?: Pose;
}

/** Where a frame lies on the map of its clip: map = middle + shift + R (pixel - middle), px and degrees. */
export interface Pose {
  dx: number;
  dy: number;
  deg: number;
  cx: number;
  cy: number;
}

/** What puts shapes of the map onto the frame that lies at `pose`. */
export const toFrame = ({ dx, dy, deg, cx, cy }: Pose): string => `rotate(${-deg} ${cx} ${cy}) translate(${-dx} ${-dy})`;

export function pathOf(points: readonly number[]): string {
  let path = "";
  for (let i = 0; i + 1 < points.length; i += 2) path += `${i === 0 ? "M" : "L"}${points[i]} ${points[i + 1]}`;
  return `${path}Z`;
}

export function boxOf(points: readonly number[]): { x: number; y: number; width: number; height: number } {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < points.length; i += 2) {
    left = Math.min(left, points[i]);
    right = Math.max(right, points[i]);
    top = Math.min(top, points[i + 1]);
    bottom = Math.max(bottom, points[i + 1]);
  }
  return left > right ? { x: 0, y: 0, width: 0, height: 0 } : { x: left, y: top, width: right - left, height: bottom - top };
}

export function Outlines({ shapes, active, onActive, boxes, pose }: Props) {
  return (
    <g class="outlines" transform={pose && toFrame(pose)}>
      {shapes.map((s) => (
        <g key={s.id} class={s.id === active ? "shape active" : "shape"} data-id={s.id} onPointerEnter={() => onActive(s.id)} onPointerLeave={() => onActive(null)}>
          {boxes && <rect class="box" {...boxOf(s.points)} />}
          <path class="under" d={pathOf(s.points)} />
          <path class="over" d={pathOf(s.points)} />
        </g>
      ))}
    </g>
  );
}
