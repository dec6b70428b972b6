// SPDX-License-Identifier: Apache-2.0
// A clip: its mosaic, each of its frames at the place where it lies on the tissue, quality and motion over time.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Palette } from "./chart";
import { FrameChart, PAGE } from "./chart";
import type { ClipFacts, ClipLine, Row, Shape } from "./data";
import { clipLine } from "./load";
import { Downloads } from "./download";
import { csv, number, percent, plain, plural, whole } from "./format";
import { Facts, pictureOf, refusal } from "./frame_panel";
import type { Pose } from "./outlines";
import { PictureWithControls } from "./picture_controls";

const ITEM: Record<string, string> = { 0: "good", 1: "acceptable", 10: "unacceptable" };

/** Items of clip quality in words. */
export function qualityItems(quality: Record<string, unknown> | null): [string, string][] {
  return Object.entries(quality ?? {}).map(([name, value]) => [
    plain(name),
    value === null ? "not measured" : typeof value === "number" ? `${value} (${ITEM[value] ?? "unknown"})` : plain(String(value)),
  ]);
}

/** What the two halves of a clip say, and what they stand for. */
export function repeatability(clip: ClipFacts): string {
  const r = clip.repeatability;
  if (!r) return "not known";
  return `count ${r.count.map(whole).join(" and ")}, density ${r.density.map((d) => percent(d)).join(" and ")} in its two halves`;
}

const shapesOf = (line: ClipLine): Shape[] =>
  line.capillaries.map((c) => ({
    id: c.id,
    score: c.score,
    area: c.area_px ?? null,
    points: c.polygon,
    note: c.in_view === undefined ? undefined : `seen in ${whole(c.seen ?? 0)} of ${plural(c.in_view, "frame")}`,
  }));

const moved = (shapes: readonly Shape[], x: number, y: number): Shape[] =>
  shapes.map((s) => ({ ...s, points: s.points.map((p, i) => p - (i % 2 === 0 ? x : y)) }));

function poseOf(line: ClipLine, k: number, row: Row): Pose | undefined {
  if (line.motion.registered && !line.motion.registered[k]) return undefined;
  const [dx, dy] = [line.motion.dx[k], line.motion.dy[k]];
  if (dx === null || dx === undefined || dy === null || dy === undefined) return undefined;
  return { dx, dy, deg: line.motion.rotation_deg?.[k] ?? 0, cx: (row.width ?? 0) / 2, cy: (row.height ?? 0) / 2 };
}

interface Props {
  clip: number;
  facts: ClipFacts;
  rows: readonly Row[];
  onShow: (row: Row) => void;
  onClose: () => void;
}

export function ClipPanel({ clip, facts, rows, onShow, onClose }: Props) {
  const [line, setLine] = useState<ClipLine | null>(null);
  const [error, setError] = useState("");
  // -1: the mosaic; without one the reference frame stands for it.
  const [at, setAt] = useState(-1);
  useEffect(() => {
    let current = true;
    setLine(null);
    setAt(-1);
    clipLine(clip).then(
      (loaded) => current && setLine(loaded),
      (e: Error) => current && setError(e.message),
    );
    return () => {
      current = false;
    };
  }, [clip]);

  const name = plain(facts.file);
  const scale = rows.find((r) => r.scale !== null)?.scale ?? null;
  const shapes = useMemo(() => (line ? shapesOf(line) : []), [line]);
  const k = at < 0 && !facts.mosaic ? (facts.reference ?? 0) : at;
  const row = k >= 0 ? rows[k] : undefined;
  const pose = line && row ? poseOf(line, k, row) : undefined;
  const registered = !row || pose !== undefined;
  const [x, y, width, height] = facts.extent ?? [0, 0, 0, 0];
  const density = Float64Array.from(rows, (r) => (r.density === null || r.usable === false ? NaN : r.density * 100));
  const refused = rows.flatMap((r, i) => (refusal(r) ? [i] : []));
  const motion = line && (["dx", "dy"] as const).map((axis) => ({ name: `${axis}, px`, values: Float64Array.from(line.motion[axis], (v, i) => (v === null || line.motion.registered?.[i] === false ? NaN : v)), mark: "line" as const }));
  const quality = (palette: Palette, chartWidth: number) => (
    <FrameChart width={chartWidth} height={170} palette={palette} label={`Density of each usable frame of ${name}`} unit="%" series={[{ name: "density, %", values: density, mark: "dots" }]} lost={refused} here={row ? k : null} xLabel="frame of the clip (red: refused)" />
  );
  const shake = (palette: Palette, chartWidth: number) => (
    <FrameChart width={chartWidth} height={170} palette={palette} label={`Motion of ${name}`} unit="" series={motion ?? []} here={row ? k : null} xLabel="frame of the clip" />
  );
  const table = () =>
    csv([
      ["frame", "source", "status", "reason", "density", "count", "dx_px", "dy_px", "rotation_deg", "registered"],
      ...rows.map((r, i) => [i, r.source, r.status, refusal(r), r.density, r.count, line?.motion.dx[i], line?.motion.dy[i], line?.motion.rotation_deg?.[i], line?.motion.registered ? String(line.motion.registered[i]) : ""]),
    ]);
  const stem = `clip_${clip}`;
  const list: [string, string][] = [
    ["Capillaries", facts.count === null ? "\u2013" : whole(facts.count)],
    ["Density", facts.density === null ? "\u2013" : `${percent(facts.density)} of the tissue seen`],
  ];
  if (facts.count_per_mm2 !== null) list.push(["Count per mm\u00b2", number(facts.count_per_mm2)]);
  list.push(["Repeatability", repeatability(facts)]);
  list.push(["Frames", `${whole(facts.frames)}; ${whole(facts.usable)} usable, ${whole(facts.registered)} registered`]);
  return (
    <aside class="clip" aria-label="The chosen clip">
      <div class="bar">
        <h3>{name}</h3>
        <button type="button" class="button" aria-label="Close the clip" onClick={onClose}>
          {"\u00d7"}
        </button>
      </div>
      {facts.reason && <p class="refusal">{`No count and density: ${plain(facts.reason)}`}</p>}
      {error && <p class="refusal">{error}</p>}
      <div class="clip-columns">
        <div>
          {row?.width && row.height ? (
            <PictureWithControls picture={{ url: pictureOf(row), width: row.width, height: row.height }} label={`Frame ${k + 1} of ${name}`} shapes={registered ? shapes : []} plainPicture={row.picture !== null} ownShapes scale={row.scale} pose={pose} />
          ) : (
            facts.mosaic && <PictureWithControls picture={{ url: facts.mosaic, width, height }} label={`Mosaic of ${name}`} shapes={moved(shapes, x, y)} plainPicture scale={scale} />
          )}
          <label class="slider screen">
            Frame
            <input type="range" min={-1} max={rows.length - 1} value={at} aria-valuetext={at < 0 ? "mosaic" : `frame ${at + 1}`} onInput={(e) => setAt(Number(e.currentTarget.value))} />
          </label>
          <p class="why" role="status">
            {at < 0 ? (facts.mosaic ? "Mosaic: the mean of the registered frames" : `Reference frame (${k + 1} of ${whole(rows.length)}): there is no mosaic`) : `Frame ${k + 1} of ${whole(rows.length)}${row?.time_s !== null && row ? `, ${number(row.time_s)} s` : ""}`}
            {registered ? "" : ": not registered, so that no outlines can be placed"}
            {row && refusal(row) ? `; ${refusal(row)}` : ""}{" "}
            {row && (
              <button type="button" class="link" onClick={() => onShow(row)}>
                show this frame alone
              </button>
            )}
          </p>
        </div>
        <div>
          <Facts facts={list} />
          <h4>Quality of the clip</h4>
          <Facts facts={qualityItems(facts.quality)} />
          <p class="why">0 good, 1 acceptable, 10 unacceptable (after Massey 2013). Items are not summed if one is not measured.</p>
          <h4>Density over time</h4>
          <div class="chart">{quality(PAGE, 520)}</div>
          <Downloads name={`${stem}_density`} draw={quality} table={table} />
          {motion && (
            <>
              <h4>Motion</h4>
              <div class="chart">{shake(PAGE, 520)}</div>
              <Downloads name={`${stem}_motion`} draw={shake} table={table} />
            </>
          )}
        </div>
      </div>
    </aside>
  );
}
