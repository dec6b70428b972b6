// SPDX-License-Identifier: Apache-2.0
// What stands over the picture. A shape draws itself again only if it changed: 300 of them keep up with a pointer.
import { Component } from "preact";
import { boxOf, pathOf } from "../outlines";
import type { Box } from "./geometry";
import { middleOf } from "./geometry";
import type { Capillary } from "./state";

interface ShapeProps {
  id: number;
  points: readonly number[];
  kind: string;
}

class ShapePath extends Component<ShapeProps> {
  shouldComponentUpdate(next: ShapeProps): boolean {
    return next.points !== this.props.points || next.kind !== this.props.kind;
  }
  render({ id, points, kind }: ShapeProps) {
    const d = pathOf(points);
    return (
      <g class={`cap ${kind}`} data-id={id}>
        <path class="under" d={d} />
        <path class="over" d={d} />
      </g>
    );
  }
}

interface ShapesProps {
  capillaries: readonly Capillary[];
  selected: ReadonlySet<number>;
  hover: number | null;
  leaveOut: number | null;
}

export class Capillaries extends Component<ShapesProps> {
  shouldComponentUpdate(next: ShapesProps): boolean {
    const now = this.props;
    return next.capillaries !== now.capillaries || next.selected !== now.selected || next.hover !== now.hover || next.leaveOut !== now.leaveOut;
  }
  render({ capillaries, selected, hover, leaveOut }: ShapesProps) {
    return (
      <g class="capillaries">
        {capillaries.map((c) =>
          c.id === leaveOut ? null : (
            <ShapePath
              key={c.id}
              id={c.id}
              points={c.points}
              kind={`${c.score === null ? "person" : "automatic"}${c.ambiguous ? " ambiguous" : ""}${selected.has(c.id) ? " selected" : ""}${c.id === hover ? " hover" : ""}`}
            />
          ),
        )}
      </g>
    );
  }
}

export interface Candidate {
  id: number;
  points: readonly number[];
  score: number;
}

interface CandidatesProps {
  candidates: readonly Candidate[];
  chosen: number | null;
}

/** Refused proposals: dashed boxes. */
export class Candidates extends Component<CandidatesProps> {
  shouldComponentUpdate(next: CandidatesProps): boolean {
    return next.candidates !== this.props.candidates || next.chosen !== this.props.chosen;
  }
  render({ candidates, chosen }: CandidatesProps) {
    return (
      <g class="candidates">
        {candidates.map((c) => (
          <rect key={c.id} class={c.id === chosen ? "candidate chosen" : "candidate"} data-candidate={c.id} {...boxOf(c.points)} />
        ))}
      </g>
    );
  }
}

export const within = (points: readonly number[], box: Box): boolean => {
  const [x, y] = middleOf(points);
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
};
