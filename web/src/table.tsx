// SPDX-License-Identifier: Apache-2.0
// A table of any length: only the rows in view are in the page. Every row has the same height.
import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { whole } from "./format";

export interface Column<T> {
  name: string;
  key: string;
  numeric?: boolean;
  picture?: boolean;
  /** What the column is sorted by; absent: it is not. */
  of?: (row: T) => number | string | null;
  cell: (row: T, onPaper: boolean) => VNode | string;
}

export interface Sort {
  key: string;
  down: boolean;
}

const ROW_PX = 72;
const MARGIN_ROWS = 6;
const PRINTED = 2000;
// Browsers stop at about 17 million px. A taller table scrolls by more than a px per px.
const TALLEST_PX = 12_000_000;

/** Which rows are in view: `top` is the place of the first one of them. */
export function inView(rows: number, scrolled: number, height: number): { first: number; count: number; top: number; total: number } {
  const total = Math.min(rows * ROW_PX, TALLEST_PX);
  const count = Math.min(rows, Math.ceil(height / ROW_PX) + 2 * MARGIN_ROWS);
  const furthest = Math.max(1, total - height);
  const at = total < rows * ROW_PX ? (Math.min(scrolled, furthest) / furthest) * (rows * ROW_PX - height) : scrolled;
  const first = Math.max(0, Math.min(rows - count, Math.floor(at / ROW_PX) - MARGIN_ROWS));
  return { first, count, top: Math.max(0, Math.min(total - count * ROW_PX, first * ROW_PX - at + scrolled)), total };
}

/** How far to scroll so that `row` is in view. */
export function scrollTo(row: number, rows: number, scrolled: number, height: number, head: number): number {
  const total = Math.min(rows * ROW_PX, TALLEST_PX);
  const room = height - head;
  if (total < rows * ROW_PX) return (row / Math.max(1, rows - 1)) * (total - room);
  if (row * ROW_PX < scrolled) return row * ROW_PX;
  if ((row + 1) * ROW_PX > scrolled + room) return (row + 1) * ROW_PX - room;
  return scrolled;
}

/** Rows by a column; what is unknown comes last, equal ones in their former order. */
export function sorted<T>(rows: readonly T[], column: Column<T> | undefined, down: boolean): T[] {
  const of = column?.of;
  const list = [...rows];
  if (!of) return list;
  const sign = down ? -1 : 1;
  return list.sort((a, b) => {
    const u = of(a);
    const v = of(b);
    if (u === v) return 0;
    if (u === null) return 1;
    if (v === null) return -1;
    return u < v ? -sign : sign;
  });
}

interface Props<T> {
  label: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  idOf: (row: T) => number;
  chosen: T | null;
  sort: Sort;
  onSort: (sort: Sort) => void;
  onChoose: (row: T) => void;
}

export function LongTable<T>({ label, rows, columns, idOf, chosen, sort, onSort, onChoose }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState(0);
  const [height, setHeight] = useState(600);
  const [printing, setPrinting] = useState(false);
  const head = () => box.current?.querySelector("thead")?.offsetHeight ?? 0;

  useLayoutEffect(() => {
    const measure = () => setHeight(box.current?.clientHeight || 600);
    measure();
    const observer = new ResizeObserver(measure);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const begin = () => setPrinting(true);
    const end = () => setPrinting(false);
    addEventListener("beforeprint", begin);
    addEventListener("afterprint", end);
    return () => {
      removeEventListener("beforeprint", begin);
      removeEventListener("afterprint", end);
    };
  }, []);
  // What is chosen elsewhere (the chart, the keyboard) comes into view.
  const at = chosen ? rows.indexOf(chosen) : -1;
  useLayoutEffect(() => {
    if (at >= 0 && box.current) box.current.scrollTop = scrollTo(at, rows.length, box.current.scrollTop, box.current.clientHeight, head());
  }, [at, rows]);

  const view = printing ? { first: 0, count: Math.min(rows.length, PRINTED), top: 0, total: 0 } : inView(rows.length, scrolled, height);
  const below = Math.max(0, view.total - view.top - view.count * ROW_PX);
  const spacer = (px: number) =>
    px > 0 && (
      <tr class="spacer" aria-hidden="true">
        <td colSpan={columns.length} style={{ height: `${px}px` }} />
      </tr>
    );
  const move = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || rows.length === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.max(0, Math.min(rows.length - 1, (at < 0 && by > 0 ? -1 : at) + by));
    onChoose(rows[next]);
    box.current?.focus();
  };
  return (
    <>
      <div class="long-table" ref={box} tabIndex={0} role="region" aria-label={label} onKeyDown={move} onScroll={() => setScrolled(box.current?.scrollTop ?? 0)}>
        <table aria-rowcount={rows.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map((c) => (
                <th
                  key={c.key}
                  scope="col"
                  class={c.picture ? "picture" : c.numeric ? "n" : ""}
                  aria-sort={!c.of ? undefined : sort.key !== c.key ? "none" : sort.down ? "descending" : "ascending"}
                >
                  {c.of ? (
                    <button type="button" onClick={() => onSort({ key: c.key, down: sort.key === c.key ? !sort.down : Boolean(c.numeric) })}>
                      {c.name}
                    </button>
                  ) : (
                    c.name
                  )}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {spacer(view.top)}
            {rows.slice(view.first, view.first + view.count).map((row, k) => (
              <tr key={idOf(row)} class="pick" aria-rowindex={view.first + k + 2} aria-current={row === chosen} data-row={idOf(row)} onClick={() => onChoose(row)}>
                {columns.map((c) => (
                  <td key={c.key} class={c.picture ? "picture" : c.numeric ? "n" : ""}>
                    {c.cell(row, printing)}
                  </td>
                ))}
              </tr>
            ))}
            {spacer(printing ? 0 : below)}
          </tbody>
        </table>
      </div>
      {printing && rows.length > PRINTED && <p>{`The first ${whole(PRINTED)} of ${whole(rows.length)} rows; results.csv has all.`}</p>}
    </>
  );
}
