// SPDX-License-Identifier: Apache-2.0
// One frame or clip: tools, picture, numbers.
import OpenSeadragon from "openseadragon";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { plain } from "../format";
import type { View } from "../viewer";
import { PictureViewer } from "../viewer";
import * as actions from "./actions";
import { api } from "./api";
import type { Question } from "./dialogs";
import type { Handle } from "./editor";
import { Editor } from "./editor";
import { boundsOf, ellipse, rectangle } from "./geometry";
import type { Candidate } from "./shapes";
import { FrameActions, NumbersTable, Selection } from "./side";
import type { Journal } from "./state";
import { corrected, frameBox, numbersOf } from "./state";
import type { Tool } from "./tools";
import { TOOLS } from "./tools";
import type { Detail, Draft, Item } from "./types";

interface Props {
  item: Item;
  name: string;
  detail: Detail;
  journal: Journal;
  version: number;
  tool: Tool;
  onTool: (tool: Tool) => void;
  /** No automatic result is shown until it is asked for. */
  hidden: boolean;
  onReveal: () => void;
  onDo: (drafts: readonly (Draft | undefined)[]) => void;
  onAsk: (question: Question) => void;
  onSay: (text: string) => void;
  keys: { current: ((event: KeyboardEvent) => boolean) | null };
}

const REASONS = ["out of focus", "motion", "glare or bubble", "wrong place", "bleeding"];
const NONE: ReadonlySet<number> = new Set();

export function FrameView(props: Props) {
  const { item, detail, journal, version, tool, onDo, onAsk, onSay } = props;
  const [selected, setSelected] = useState<ReadonlySet<number>>(NONE);
  const [candidate, setCandidate] = useState<number | null>(null);
  const [showCandidates, setShowCandidates] = useState(true);
  const [outlines, setOutlines] = useState(true);
  const [view, setView] = useState<View>("original");
  const [shown, setShown] = useState<number | null>(item.kind === "clip" ? (detail.reference ?? 0) : null);
  const handle = useRef<Handle | null>(null);
  const osd = useRef<OpenSeadragon.Viewer | null>(null);

  const state = useMemo(() => corrected(item, detail, journal), [item, detail, journal, version]);
  const automatic = useMemo(() => corrected(item, detail, { of: () => [], all: () => [] } as unknown as Journal), [item, detail]);
  const now = useMemo(() => numbersOf(item, detail, state), [item, detail, state]);
  const before = useMemo(() => numbersOf(item, detail, automatic), [item, detail, automatic]);
  const candidates = useMemo<Candidate[]>(
    () => (showCandidates || tool === "add" ? detail.candidates.flatMap(([x, y, w, h, score], id) => (state.used.has(id) ? [] : [{ id, score, points: rectangle(x, y, x + w, y + h) }])) : []),
    [detail, state, showCandidates, tool],
  );
  useEffect(() => {
    // What no longer stands is no longer selected.
    const there = state.capillaries.filter((c) => selected.has(c.id)).map((c) => c.id);
    if (there.length !== selected.size) setSelected(new Set(there));
  }, [state]);

  const ids = [...selected];
  const removeIds = (list: number[]) => list.length > 0 && onDo([actions.remove(item, state, list)]);
  const merge = () => {
    if (ids.length < 2) return onSay("Select two capillaries or more to merge them: Shift-click");
    onDo([actions.merge(item, state, ids)]);
    setSelected(new Set([state.nextId]));
  };
  const mark = () => (ids.length > 0 ? onDo([actions.ambiguous(item, state, ids)]) : onSay("Select a capillary first: press V and click it"));
  const addCandidate = async (id: number) => {
    const [x, y, w, h] = detail.candidates[id];
    setCandidate(null);
    const points = await api.proposal(item.id, id).catch(() => ellipse(x, y, w, h));
    latest.current(points, id);
  };
  // The outline of a proposal comes from the server: by then the frame may have changed.
  const latest = useRef<(points: number[], id: number) => void>(() => undefined);
  latest.current = (points, id) => {
    if (state.used.has(id)) return;
    const record = actions.add(item, state, points, id);
    if (record) onDo([record]);
    else onSay("This proposal has no outline that can be added");
  };
  const reason = (title: string, answer: (text: string) => void) => onAsk({ title, label: "Reason", suggestions: REASONS, answer });
  const exclude = (page: number | null) =>
    reason(page === item.page ? `Why exclude this ${item.kind}?` : `Why exclude image ${(page ?? 0) + 1}?`, (text) => onDo([actions.exclude(item, text, page)]));
  const include = (page: number | null) => onDo([actions.include(item, "looked at: counts", page)]);
  const addNote = () => onAsk({ title: "A note", label: "Note", suggestions: [], answer: (text) => onDo([actions.note(item, text)]) });
  const toggleFrame = () => (state.excluded !== null || (!item.usable && state.included === null) ? include(item.page) : exclude(item.page));

  const step = (by: number, more: boolean) => {
    if (tool === "add") {
      const at = candidates.findIndex((c) => c.id === candidate);
      if (candidates.length > 0) setCandidate(candidates[(at + by + candidates.length + (at < 0 && by < 0 ? 1 : 0)) % candidates.length].id);
      return;
    }
    const all = state.capillaries;
    if (all.length === 0) return;
    const at = all.findIndex((c) => c.id === ids[ids.length - 1]);
    const next = all[(at + by + all.length + (at < 0 && by < 0 ? 1 : 0)) % all.length].id;
    select(more ? [...ids.filter((i) => i !== next), next] : [next]);
  };
  const zoom = (by: number) => {
    osd.current?.viewport.zoomBy(by);
    osd.current?.viewport.applyConstraints();
  };

  const pageFrame = shown === null ? undefined : detail.frames?.find((f) => f.page === shown);
  const pose = pageFrame?.pose ? { dx: pageFrame.pose[0], dy: pageFrame.pose[1], deg: pageFrame.pose[2], cx: item.width / 2, cy: item.height / 2 } : undefined;
  const select = (list: readonly number[]) => {
    setSelected(new Set(list));
    const one = tool === "edit" && list.length === 1 ? state.capillaries.find((c) => c.id === list[0]) : undefined;
    if (one) comeNear(one.points);
  };
  /** The points of a small outline lie too close to be taken hold of: the picture comes nearer. */
  const comeNear = (points: readonly number[]) => {
    const viewer = osd.current;
    const image = viewer?.world.getItemAt(0);
    if (!viewer || !image) return;
    const { left, top, right, bottom } = boundsOf(points);
    const side = Math.max(right - left, bottom - top); // and as much around it: a clip's frame is turned by a few degrees at most
    const [x, y] = [left - side - (pose?.dx ?? 0), top - side - (pose?.dy ?? 0)];
    const onScreen = (side / item.width) * viewer.viewport.getContainerSize().x * viewer.viewport.getZoom();
    if (onScreen < 150) viewer.viewport.fitBounds(image.imageToViewportRectangle(new OpenSeadragon.Rect(x, y, right - left + 2 * side, bottom - top + 2 * side)));
  };
  useEffect(() => {
    if (tool === "edit") select(ids.slice(-1));
  }, [tool]);

  props.keys.current = (event) => {
    const move: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = move[event.key];
    const onButton = (event.target as HTMLElement).closest("button, a, summary") !== null;
    if (way) {
      osd.current?.canvas.focus();
      const px = event.shiftKey ? 1 : 12;
      handle.current?.moveCross(way[0] * px, way[1] * px);
      return true;
    }
    if (onButton && (event.key === " " || event.key === "Enter")) return false;
    const actionsByKey: Record<string, () => void> = {
      " ": () => handle.current?.clickCross({ shift: event.shiftKey, alt: event.altKey }),
      Enter: () => {
        if (!handle.current?.enter() && tool === "add" && candidate !== null) void addCandidate(candidate);
      },
      Escape: () => {
        if (!handle.current?.escape()) {
          setSelected(NONE);
          setCandidate(null);
        }
      },
      Delete: () => removeIds(ids),
      Backspace: () => removeIds(ids),
      m: merge,
      b: mark,
      f: toggleFrame,
      t: addNote,
      n: () => step(1, event.shiftKey),
      p: () => step(-1, event.shiftKey),
      c: () => setShowCandidates(!showCandidates),
      o: () => setOutlines(!outlines),
      g: () => setView(view === "original" ? "vessels" : "original"),
      "+": () => zoom(1.5),
      "=": () => zoom(1.5),
      "-": () => zoom(1 / 1.5),
      "0": () => osd.current?.viewport.goHome(),
    };
    const chosen = TOOLS.find((t) => t.key.toLowerCase() === event.key.toLowerCase());
    if (chosen) props.onTool(chosen.tool);
    else {
      const action = actionsByKey[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!action) return false;
      action();
    }
    return true;
  };

  const hint = tool === "edit" && selected.size !== 1 ? "Click the capillary whose outline you want to change." : TOOLS.find((t) => t.tool === tool)?.hint;
  const toggle = (name: string, key: string, on: boolean, set: (on: boolean) => void) => (
    <label class="choice" title={`${key}`}>
      <input type="checkbox" checked={on} onChange={() => set(!on)} />
      {name}
      <kbd>{key}</kbd>
    </label>
  );
  return (
    <>
      <section class="work" aria-label="Picture">
        <div class="toolbar" role="toolbar" aria-label="Tools">
          {TOOLS.map((t) => (
            <button key={t.tool} type="button" class="button tool" aria-pressed={tool === t.tool} title={`${t.hint} (key ${t.key})`} onClick={() => props.onTool(t.tool)}>
              {t.name} <kbd>{t.key}</kbd>
            </button>
          ))}
        </div>
        <p class="hint">{hint}</p>
        <PictureViewer
          picture={{ url: api.picture(item.id, shown), width: item.width, height: item.height }}
          label={`Picture of ${props.name}. Arrow keys move a cross, Space clicks there.`}
          shapes={[]}
          view={view}
          contrast={4}
          outlines={outlines}
          boxes={false}
          active={null}
          onActive={() => undefined}
          scale={item.scale}
          onViewer={(viewer) => {
            osd.current = viewer;
            (viewer as unknown as { gestureSettingsMouse: { dblClickToZoom: boolean } }).gestureSettingsMouse.dblClickToZoom = false;
            viewer.addHandler("canvas-key", (event) => {
              event.preventDefaultAction = true;
            });
          }}
          layer={(transform) => (
            <Editor
              {...{ transform, tool, state, candidates, selected, outlines, handle, pose }}
              bounds={frameBox(item, detail)}
              chosenCandidate={candidate}
              onSelect={(list, add) => select(add ? (list.length === 1 && selected.has(list[0]) ? ids.filter((i) => i !== list[0]) : [...ids, ...list]) : list)}
              onRemove={removeIds}
              onCandidate={(id) => void addCandidate(id)}
              onDrawn={(points) => {
                const record = actions.add(item, state, points);
                if (record) onDo([record]);
                else onSay("The drawn outline is too small: it was not added");
              }}
              onEdited={(id, points) => onDo([actions.edit(item, state, id, points)])}
              onSplit={(line) => {
                const records = actions.cut(item, state, line);
                if (records.length === 0) onSay("The line crosses no capillary: draw it from one side to the other");
                onDo(records);
              }}
              onArea={(box) => reason("Why exclude this area?", (text) => onDo([actions.excludeArea(item, box, text)]))}
            />
          )}
        />
        {item.kind === "clip" && detail.frames && detail.frames.length > 1 && shown !== null && (
          <label class="slider">
            {`image ${shown + 1} of ${detail.frames.length}`}
            <input type="range" min="0" max={detail.frames.length - 1} value={shown} onInput={(e) => setShown(Number(e.currentTarget.value))} />
            <span class="why">{pageFrame?.pose ? "One correction holds for every image of the clip." : "The place of this image in the clip is unknown."}</span>
          </label>
        )}
        <div class="controls toggles">
          {toggle("Outlines", "O", outlines, setOutlines)}
          {toggle(`Refused proposals (${detail.candidates.length - state.used.size})`, "C", showCandidates || tool === "add", setShowCandidates)}
          {toggle("Vessel contrast", "G", view === "vessels", (on) => setView(on ? "vessels" : "original"))}
          <span class="legend">
            <i class="automatic" /> automatic <i class="person" /> by hand <i class="ambiguous" /> ambiguous <i class="proposal" /> refused proposal
          </span>
        </div>
      </section>
      <aside class="side" aria-label="Numbers and corrections">
        <h2 class="frame-name">{plain(props.name)}</h2>
        {props.hidden ? (
          <p>
            The automatic result is hidden.{" "}
            <button type="button" class="button" onClick={props.onReveal}>
              Show it
            </button>
          </p>
        ) : null}
        <NumbersTable item={item} automatic={props.hidden ? null : before} now={now} />
        {state.excluded !== null && <p class="why">Excluded: these numbers are in no table.</p>}
        <Selection state={state} selected={selected} onRemove={() => removeIds(ids)} onMerge={merge} onAmbiguous={mark} />
        <FrameActions
          {...{ item, state }}
          records={journal.of(item)}
          page={shown}
          onExclude={exclude}
          onInclude={include}
          onIncludeArea={(points) => onDo([actions.includeArea(item, points)])}
          onNote={addNote}
        />
      </aside>
    </>
  );
}
