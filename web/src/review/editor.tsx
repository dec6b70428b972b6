// SPDX-License-Identifier: Apache-2.0
// The editor over the picture: what a pointer, or the cross that the arrow keys move, does with each tool.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Pose } from "../outlines";
import { pathOf, toFrame } from "../outlines";
import type { Transform } from "../viewer";
import type { Box } from "./geometry";
import { nearestEdge, rectangle, toMap } from "./geometry";
import type { Candidate } from "./shapes";
import { Candidates, Capillaries, within } from "./shapes";
import type { Capillary, Corrected } from "./state";
import { hit } from "./state";
import type { Tool } from "./tools";

type Point = [x: number, y: number];
interface Keys {
  shift: boolean;
  alt: boolean;
}

export interface Handle {
  moveCross: (dx: number, dy: number) => void;
  clickCross: (keys: Keys) => void;
  enter: () => boolean;
  escape: () => boolean;
}

export interface EditorProps {
  transform: Transform;
  /** Where points may lie. */
  bounds: Box;
  tool: Tool;
  state: Corrected;
  candidates: readonly Candidate[];
  chosenCandidate: number | null;
  selected: ReadonlySet<number>;
  outlines: boolean;
  /** Of a clip: where the frame that is shown lies on its map. Points are those of the map. */
  pose?: Pose;
  handle: { current: Handle | null };
  onSelect: (ids: number[], add: boolean) => void;
  onRemove: (ids: number[]) => void;
  onCandidate: (id: number) => void;
  onDrawn: (points: number[]) => void;
  onEdited: (id: number, points: number[]) => void;
  onSplit: (line: [number, number, number, number]) => void;
  onArea: (box: [number, number, number, number]) => void;
}

interface Drag {
  from: Point;
  to: Point;
  what: "click" | "area" | "line" | "point";
  keys: Keys;
  /** A point of an outline: the outline as it is now and the point's place in it. */
  points?: number[];
  at?: number;
}

const NEAR = 9; // of the screen, px

export function Editor(props: EditorProps) {
  const { transform, tool, state, selected, handle } = props;
  const svg = useRef<SVGSVGElement>(null);
  const [drag, setDrag] = useState<Drag | null>(null);
  const [drawn, setDrawn] = useState<number[]>([]);
  const [cross, setCross] = useState<Point | null>(null);
  const [pointer, setPointer] = useState<Point | null>(null);
  const [hover, setHover] = useState<number | null>(null);
  const now = useRef({ drag, drawn, props, cross });
  now.current = { drag, drawn, props, cross };
  const near = NEAR / transform.zoom;

  useEffect(() => {
    setDrag(null);
    setDrawn([]);
  }, [tool]);

  const one: Capillary | undefined = selected.size === 1 ? state.capillaries.find((c) => selected.has(c.id)) : undefined;
  const editing = tool === "edit" ? one : undefined;

  const press = (p: Point, keys: Keys): void => {
    if (tool === "split") setDrag({ from: p, to: p, what: "line", keys });
    else if (tool === "area" || keys.shift) setDrag({ from: p, to: p, what: "area", keys });
    else if (editing) {
      const points = [...editing.points];
      let at = -1;
      let least = near;
      for (let i = 0; i < points.length; i += 2) {
        const distance = Math.hypot(points[i] - p[0], points[i + 1] - p[1]);
        if (distance < least) [least, at] = [distance, i];
      }
      if (at >= 0 && keys.alt) {
        if (points.length > 6) props.onEdited(editing.id, points.filter((_, i) => i !== at && i !== at + 1));
        return;
      }
      const edge = nearestEdge(points, p[0], p[1]);
      if (at < 0 && edge.distance < near * 0.7) {
        at = edge.at + 2;
        points.splice(at, 0, p[0], p[1]);
      }
      setDrag(at >= 0 ? { from: p, to: p, what: "point", keys, points, at } : { from: p, to: p, what: "click", keys });
    } else setDrag({ from: p, to: p, what: "click", keys });
  };

  const move = (p: Point): void => {
    const d = now.current.drag;
    if (!d) return;
    const far = Math.hypot(p[0] - d.from[0], p[1] - d.from[1]) * transform.zoom > 5;
    const what = d.what === "click" && tool === "remove" && far ? "area" : d.what;
    const points = d.points && d.at !== undefined ? d.points.map((v, i) => (i === d.at ? p[0] : i === (d.at ?? 0) + 1 ? p[1] : v)) : undefined;
    setDrag({ ...d, to: p, what, points });
  };

  const click = (p: Point, keys: Keys): void => {
    const { onSelect, onRemove, onCandidate, onDrawn, candidates } = props;
    if (tool === "add") {
      const proposal = drawn.length === 0 ? hit(candidates, p[0], p[1], 0) : undefined;
      if (proposal) onCandidate(proposal.id);
      else if (drawn.length >= 6 && Math.hypot(drawn[0] - p[0], drawn[1] - p[1]) < near) {
        setDrawn([]);
        onDrawn(drawn);
      } else setDrawn([...drawn, ...p]);
      return;
    }
    const found = hit(state.capillaries, p[0], p[1], near);
    if (tool === "remove") found && onRemove([found.id]);
    else onSelect(found ? [found.id] : [], keys.shift);
  };

  const release = (p: Point): void => {
    const d = now.current.drag;
    setDrag(null);
    if (!d) return;
    const moved = Math.hypot(p[0] - d.from[0], p[1] - d.from[1]) * transform.zoom > 4;
    if (d.what === "point" && d.points && one) {
      if (moved) props.onEdited(one.id, d.points);
    } else if (d.what === "line") moved && props.onSplit([...d.from, ...p]);
    else if (d.what === "area" && moved) {
      if (tool === "area") props.onArea([...d.from, ...p]);
      else {
        const box: Box = { left: Math.min(d.from[0], p[0]), right: Math.max(d.from[0], p[0]), top: Math.min(d.from[1], p[1]), bottom: Math.max(d.from[1], p[1]) };
        const ids = state.capillaries.filter((c) => within(c.points, box)).map((c) => c.id);
        if (tool === "remove") ids.length > 0 && props.onRemove(ids);
        else props.onSelect(ids, true);
      }
    } else if (!moved) click(d.from, d.keys);
  };

  const inside = ([x, y]: Point): Point => [Math.max(props.bounds.left, Math.min(props.bounds.right, x)), Math.max(props.bounds.top, Math.min(props.bounds.bottom, y))];
  const pointOf = (e: PointerEvent): Point => {
    const rect = svg.current?.getBoundingClientRect();
    const pixel: Point = [(e.clientX - (rect?.left ?? 0) - transform.x) / transform.zoom, (e.clientY - (rect?.top ?? 0) - transform.y) / transform.zoom];
    return inside(props.pose ? toMap(props.pose, ...pixel) : pixel);
  };
  const live = useRef({ pointOf, move, release });
  live.current = { pointOf, move, release };
  const pressed = (e: PointerEvent): void => {
    if (e.button !== 0) return;
    const pans = tool === "select" && !e.shiftKey;
    if (!pans) e.stopPropagation();
    setCross(null);
    press(pointOf(e), { shift: e.shiftKey, alt: e.altKey });
    const moved = (m: PointerEvent) => live.current.move(live.current.pointOf(m));
    // A picture that was moved is no click: the way of the pointer on the screen tells, not the one on the picture.
    const end = (u: PointerEvent) => {
      removeEventListener("pointermove", moved, true);
      removeEventListener("pointerup", end, true);
      removeEventListener("pointercancel", end, true);
      if (u.type === "pointercancel" || (pans && Math.hypot(u.clientX - e.clientX, u.clientY - e.clientY) > 4)) setDrag(null);
      else live.current.release(live.current.pointOf(u));
    };
    addEventListener("pointermove", moved, true);
    addEventListener("pointerup", end, true);
    addEventListener("pointercancel", end, true);
  };

  handle.current = {
    moveCross: (dx, dy) => {
      const { left, right, top, bottom } = props.bounds;
      const p: Point = cross ? inside([cross[0] + dx / transform.zoom, cross[1] + dy / transform.zoom]) : [(left + right) / 2, (top + bottom) / 2];
      setCross(p);
      setPointer(p);
      if (drag) move(p);
    },
    clickCross: (keys) => {
      if (!cross) return;
      if (drag) release(cross);
      else if (tool === "split" || tool === "area" || keys.shift || editing) press(cross, keys);
      else click(cross, keys);
    },
    enter: () => {
      if (drawn.length < 6) return false;
      setDrawn([]);
      props.onDrawn(drawn);
      return true;
    },
    escape: () => {
      const begun = drag !== null || drawn.length > 0 || cross !== null;
      setDrag(null);
      setDrawn([]);
      setCross(null);
      return begun;
    },
  };

  const outline = drag?.what === "point" ? drag.points : editing?.points;
  const size = 4.5 / transform.zoom;
  const way = drawn.length > 0 ? `M${drawn.join(" ")}${pointer ? ` L${pointer.join(" ")}` : ""}` : "";
  return (
    <svg
      ref={svg}
      class={`over-picture editor tool-${tool}`}
      aria-hidden="true"
      onPointerDown={pressed}
      onPointerMove={(e) => {
        const p = pointOf(e);
        if (drawn.length > 0) setPointer(p);
        if (!drag) setHover((tool === "select" || tool === "remove" || tool === "edit" ? hit(state.capillaries, p[0], p[1], near)?.id : undefined) ?? null);
      }}
      onPointerLeave={() => setHover(null)}
    >
      <g transform={`translate(${transform.x} ${transform.y}) scale(${transform.zoom}) ${props.pose ? toFrame(props.pose) : ""}`}>
        {state.areas.map((a) => (
          <path key={a.seq} class="excluded-area" d={pathOf(a.points)} />
        ))}
        <g class={props.outlines ? "" : "no-outlines"}>
          <Capillaries capillaries={state.capillaries} selected={selected} hover={hover} leaveOut={outline && one ? one.id : null} />
        </g>
        <Candidates candidates={props.candidates} chosen={props.chosenCandidate} />
        {outline && (
          <g class="being-edited">
            <path d={pathOf(outline)} />
            {Array.from({ length: outline.length / 2 }, (_, k) => (
              <rect key={k} x={outline[2 * k] - size} y={outline[2 * k + 1] - size} width={2 * size} height={2 * size} />
            ))}
          </g>
        )}
        {way && (
          <g class="being-drawn">
            <path d={way} />
            <circle cx={drawn[0]} cy={drawn[1]} r={size * 1.4} />
          </g>
        )}
        {drag?.what === "line" && <path class="cut-line" d={`M${drag.from.join(" ")} L${drag.to.join(" ")}`} />}
        {drag?.what === "area" && <path class={`dragged-area ${tool}`} d={pathOf(rectangle(...drag.from, ...drag.to))} />}
        {cross && <path class="cross" d={`M${cross[0] - 4 * size} ${cross[1]}h${8 * size}M${cross[0]} ${cross[1] - 4 * size}v${8 * size}`} />}
      </g>
    </svg>
  );
}
