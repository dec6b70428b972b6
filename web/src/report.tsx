// SPDX-License-Identifier: Apache-2.0
// The report: one page over the data beside it.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { FramesChart, groupName, Subfolders } from "./charts_section";
import { ClipsSection } from "./clips_section";
import type { Index, Row, RowChunk } from "./data";
import { rowsOf, STATUS } from "./data";
import { load } from "./load";
import { number, percent, plain, plural, whole } from "./format";
import { FramePanel, pictureOf, refusal, WORD } from "./frame_panel";
import { About, Footer, Head, Problems, Tiles } from "./overview";
import { useStudy } from "./study_load";
import { StudySection } from "./study_section";
import type { Column, Sort } from "./table";
import { LongTable, sorted } from "./table";

const PRINTED_PICTURES = 50;

/** The rows of every chunk, as they come. */
function useRows(index: Index): { rows: Row[]; error: string } {
  const [state, setState] = useState<{ rows: Row[]; error: string }>({ rows: [], error: "" });
  useEffect(() => {
    void (async () => {
      const rows: Row[] = [];
      try {
        for (let k = 0; k < index.row_chunks; ++k) {
          const chunk = await load<RowChunk>(`rows-${String(k).padStart(5, "0")}`);
          for (const row of rowsOf(chunk, index.columns)) rows.push(row);
          // The first frames are shown at once, all of them when they are there.
          if (k === 0 || k + 1 === index.row_chunks) setState({ rows: [...rows], error: "" });
        }
      } catch (error) {
        setState({ rows, error: (error as Error).message });
      }
    })();
  }, [index]);
  return state;
}

function columnsOf(index: Index, rows: readonly Row[], hasDensity: boolean, hasScale: boolean): Column<Row>[] {
  const columns: Column<Row>[] = [];
  if (rows.some(pictureOf)) {
    columns.push({
      name: "Picture",
      key: "picture",
      picture: true,
      cell: (r, onPaper) => (pictureOf(r) && (!onPaper || r.index < PRINTED_PICTURES) ? <img class="thumb" src={pictureOf(r)} loading={onPaper ? "eager" : "lazy"} decoding="async" alt="" width="112" height="63" /> : ""),
    });
  }
  columns.push({
    name: "Frame",
    key: "index",
    of: (r) => r.index,
    cell: (r) => (
      <div class="name-cell">
        <button type="button" class="link" tabIndex={-1} title={plain(r.source)}>
          {plain(r.source)}
        </button>
        {r.error && (
          <div class="why" title={plain(r.error)}>
            {plain(r.error)}
          </div>
        )}
      </div>
    ),
  });
  columns.push({
    name: "Status",
    key: "status",
    of: (r) => (refusal(r) ? (r.status === "ok" ? "unusable" : r.status) : "ok"),
    cell: (r) => (r.usable === false ? <span class="tag dropped" title={refusal(r)}>unusable</span> : <span class={`tag ${r.status}`}>{WORD[r.status]}</span>),
  });
  if (hasDensity || index.value_names.length === 0) {
    columns.push({ name: "Density", key: "density", numeric: true, of: (r) => r.density, cell: (r) => percent(r.density) });
    columns.push({ name: "Count", key: "count", numeric: true, of: (r) => r.count, cell: (r) => (r.count === null ? "\u2013" : whole(r.count)) });
  }
  if (hasScale) columns.push({ name: "Count/mm\u00b2", key: "per_mm2", numeric: true, of: (r) => r.per_mm2, cell: (r) => number(r.per_mm2) });
  index.value_names.slice(0, 4).forEach((name, k) => columns.push({ name: plain(name), key: `v${k}`, numeric: true, of: (r) => r.values?.[k] ?? null, cell: (r) => number(r.values?.[k]) }));
  return columns;
}

export function Report({ index }: { index: Index }) {
  const { rows, error } = useRows(index);
  const study = useStudy();
  const [search, setSearch] = useState("");
  const [status, setStatus] = useState("");
  const [subfolder, setSubfolder] = useState("");
  const [sort, setSort] = useState<Sort>({ key: "index", down: false });
  const [chosen, setChosen] = useState<Row | null>(null);
  const frames = useRef<HTMLElement>(null);

  const hasDensity = useMemo(() => rows.some((r) => r.density !== null), [rows]);
  const hasScale = useMemo(() => rows.some((r) => r.per_mm2 !== null), [rows]);
  const lost = useMemo(() => rows.filter(refusal), [rows]);
  const columns = useMemo(() => columnsOf(index, rows, hasDensity, hasScale), [index, rows, hasDensity, hasScale]);
  const filtered = useMemo(() => {
    const text = search.toLowerCase();
    const kept = rows.filter(
      (r) =>
        (status === "" || (status === "unusable" ? r.usable === false : r.status === status)) &&
        (subfolder === "" || r.subfolder === Number(subfolder)) &&
        (text === "" || r.source.toLowerCase().includes(text)),
    );
    return sort.key === "index" && !sort.down ? kept : sorted(kept, columns.find((c) => c.key === sort.key), sort.down);
  }, [rows, search, status, subfolder, sort, columns]);
  const statuses = useMemo(() => [...STATUS.filter((s) => rows.some((r) => r.status === s)), ...(rows.some((r) => r.usable === false) ? ["unusable"] : [])], [rows]);

  const at = chosen ? filtered.indexOf(chosen) : -1;
  const [previous, next] = at < 0 ? [] : [filtered[at - 1], filtered[at + 1]];
  const toFrames = () => frames.current?.scrollIntoView();
  /** Chooses a frame from elsewhere on the page: filters that hide it go. */
  const show = (row: Row) => {
    if (!filtered.includes(row)) {
      setSearch("");
      setStatus("");
      setSubfolder("");
    }
    setChosen(row);
    toFrames();
  };
  /** The frame of a file, or the first one of its frames. */
  const showFile = (file: string) => {
    const row = rows.find((r) => r.source === file || r.source.startsWith(`${file}#`));
    if (row) show(row);
  };
  const choose = (row: Row | null) => {
    setChosen(row);
    if (!row) frames.current?.querySelector<HTMLElement>(".long-table")?.focus({ preventScroll: true });
  };
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (!chosen || event.altKey || event.ctrlKey || event.metaKey || ["INPUT", "SELECT"].includes(target.tagName) || target.closest(".osd, .clip")) return;
      const to = { ArrowLeft: previous, ArrowRight: next }[event.key];
      if (event.key === "Escape") choose(null);
      else if (to) {
        event.preventDefault();
        setChosen(to);
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [chosen, previous, next]);

  useEffect(() => {
    document.title = `Capillary density \u2013 ${plural(index.summary.frames, "frame")}`;
  }, [index]);
  return (
    <main>
      <Head index={index} />
      {error && <p class="card refusal">{error}</p>}
      {study && <StudySection study={study} onShow={showFile} />}
      <Tiles index={index} hasDensity={hasDensity} hasScale={hasScale} unusable={lost.filter((r) => r.status === "ok").length} />
      {index.clips.length > 0 && <ClipsSection index={index} rows={rows} onShow={show} />}
      {rows.length > 0 && <FramesChart {...{ index, rows, hasDensity, hasScale, chosen }} onShow={show} />}
      <Subfolders
        {...{ index, hasDensity, hasScale }}
        onPick={(k) => {
          setSubfolder(String(k));
          toFrames();
        }}
      />
      <section class="card" aria-labelledby="frames-title" ref={frames}>
        <h2 id="frames-title">Frames</h2>
        <div class="controls">
          <label>
            Name contains
            <input type="search" autocomplete="off" spellcheck={false} value={search} onInput={(e) => setSearch(e.currentTarget.value)} />
          </label>
          <label>
            Status
            <select value={status} onChange={(e) => setStatus(e.currentTarget.value)}>
              <option value="">all</option>
              {statuses.map((s) => (
                <option key={s} value={s}>
                  {s in WORD ? WORD[s as keyof typeof WORD] : s}
                </option>
              ))}
            </select>
          </label>
          {index.subfolders.length > 1 && (
            <label>
              Subfolder
              <select value={subfolder} onChange={(e) => setSubfolder(e.currentTarget.value)}>
                <option value="">all</option>
                {index.subfolders.map((s, k) => (
                  <option key={k} value={String(k)}>
                    {groupName(s.name)}
                  </option>
                ))}
              </select>
            </label>
          )}
          <span class="right" role="status">
            {rows.length < index.frames
              ? `loading: ${whole(rows.length)} of ${plural(index.frames, "frame")}`
              : filtered.length === rows.length
                ? plural(rows.length, "frame")
                : `${whole(filtered.length)} of ${plural(rows.length, "frame")}`}
          </span>
        </div>
        <div class={chosen ? "frames open" : "frames"}>
          <div>
            <LongTable label="Table of frames" rows={filtered} columns={columns} idOf={(r) => r.index} chosen={chosen} sort={sort} onSort={setSort} onChoose={choose} />
            <p class="why screen">Arrow keys choose a frame.</p>
          </div>
          {chosen && <FramePanel row={chosen} valueNames={index.value_names} previous={previous} next={next} onShow={choose} />}
        </div>
      </section>
      <Problems index={index} lost={lost} reasonOf={refusal} onShow={show} />
      <About index={index} hasScale={hasScale} />
      <Footer index={index} />
    </main>
  );
}
