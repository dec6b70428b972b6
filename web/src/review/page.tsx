// SPDX-License-Identifier: Apache-2.0
// The review page: list, frame, what is saved.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { number, plain, plural, whole } from "../format";
import type { Column, Sort } from "../table";
import { LongTable, sorted } from "../table";
import { inWords } from "./actions";
import { api } from "./api";
import type { Question } from "./dialogs";
import { Ask, Help } from "./dialogs";
import { FrameView } from "./frame";
import type { SaveState } from "./queue";
import { SaveQueue } from "./queue";
import { Journal, keyOf, nextToCheck } from "./state";
import type { Tool } from "./tools";
import type { Correction, Detail, Draft, Item, Run } from "./types";

const KEPT_FRAMES = 20;
const START =
  "Start here: press R and click outlines that are wrong; press A and click dashed proposals, or draw what is missing; J goes on to the next frame. Undo takes anything back.";

export function Review({ run, items, records }: { run: Run; items: readonly Item[]; records: readonly Correction[] }) {
  const [journal] = useState(() => new Journal(records));
  const [version, setVersion] = useState(0);
  const [save, setSave] = useState<SaveState>({ waiting: 0, error: "", refused: false });
  const [queue] = useState(() => new SaveQueue(api.append, setSave));
  const [sort, setSort] = useState<Sort>({ key: run.blind ? "index" : "check", down: !run.blind });
  const [chosen, setChosen] = useState<Item | null>(null);
  const [loaded, setLoaded] = useState<{ item: Item; detail: Detail; revealed: boolean } | null>(null);
  const [revealed, setRevealed] = useState<ReadonlySet<number>>(new Set());
  const [error, setError] = useState("");
  const [said, setSaid] = useState("");
  const [tool, setTool] = useState<Tool>("select");
  const [help, setHelp] = useState(false);
  const [question, setQuestion] = useState<Question | null>(null);
  const [closed, setClosed] = useState(false);
  const keys = useRef<((event: KeyboardEvent) => boolean) | null>(null);
  const details = useRef(new Map<string, Promise<Detail>>());

  const nameOf = (item: Item) => (item.name === null ? `Frame ${items.indexOf(item) + 1}` : item.name);
  const byKey = useMemo(() => new Map(items.map((i) => [i.kind === "clip" ? i.file_sha256 : keyOf(i.file_sha256, i.page), i])), [items]);
  const columns = useMemo<Column<Item>[]>(() => {
    const list: Column<Item>[] = [
      {
        name: "Frame",
        key: "index",
        of: (i) => items.indexOf(i),
        cell: (i) => {
          const done = journal.of(i).length;
          const lastOut = journal.of(i).filter((r) => (r.what === "exclude" || r.what === "include") && !r.new.area && !r.old.area && r.page === i.page).pop()?.what;
          return (
            <div class="name-cell">
              <button type="button" class="link" tabIndex={-1} title={plain(nameOf(i))}>
                {plain(nameOf(i))}
              </button>
              <div class="why">
                {i.status !== "ok" ? i.status : lastOut === "exclude" ? "excluded " : !i.usable && lastOut !== "include" ? "unusable " : ""}
                {done > 0 && plural(done, "change")}
              </div>
            </div>
          );
        },
      },
    ];
    if (!run.blind) {
      list.push({ name: "Check", key: "check", numeric: true, of: (i) => (i.status === "ok" ? (i.uncertainty ?? 0) : -1), cell: (i) => number(i.uncertainty, 2) });
      list.push({ name: "Count", key: "count", numeric: true, of: (i) => i.count, cell: (i) => (i.count === null ? "\u2013" : whole(i.count)) });
    }
    return list;
  }, [items, run, version]);
  const order = useMemo(() => new Map(items.map((item, k) => [item, k])), [items]);
  const ordered = useMemo(() => {
    if (sort.key === "check" && sort.down) return nextToCheck(items);
    if (sort.key === "index") return sort.down ? [...items].reverse() : [...items];
    return sorted(items, columns.find((c) => c.key === sort.key), sort.down);
  }, [items, sort, order]);
  const at = chosen ? ordered.indexOf(chosen) : -1;

  const show = (item: Item | undefined) => {
    if (!item) return;
    setChosen(item);
    setSaid("");
  };
  useEffect(() => {
    if (!chosen && ordered.length > 0) setChosen(ordered[0]);
  }, []);
  const get = (item: Item): Promise<Detail> => {
    const reveal = run.blind && revealed.has(item.id);
    const name = `${item.id} ${reveal}`;
    const found = details.current.get(name) ?? api.detail(item.id, reveal);
    details.current.delete(name);
    details.current.set(name, found);
    found.catch(() => details.current.delete(name));
    for (const oldest of details.current.keys()) {
      if (details.current.size <= KEPT_FRAMES) break;
      details.current.delete(oldest);
    }
    return found;
  };
  useEffect(() => {
    let current = true;
    if (chosen && chosen.status === "ok") {
      setError("");
      get(chosen).then(
        (detail) => current && setLoaded({ item: chosen, detail, revealed: revealed.has(chosen.id) }),
        (e: Error) => current && setError(`This frame cannot be loaded: ${e.message}`),
      );
    }
    return () => {
      current = false;
    };
  }, [chosen, revealed]);

  const record = (drafts: readonly (Draft | undefined)[]) => {
    for (const draft of drafts) {
      if (!draft) continue;
      const one: Correction = { seq: journal.last + 1, ...draft };
      journal.append(one);
      queue.push(one);
      setSaid(`Done: ${plain(inWords(one))}`);
    }
    setVersion((v) => v + 1);
  };
  const step = (what: "undo" | "redo") => {
    const target = what === "undo" ? journal.nextUndo() : journal.nextRedo();
    const draft = journal.step(what);
    if (!target || !draft) return setSaid(`There is nothing to ${what}`);
    record([draft]);
    setSaid(`${what === "undo" ? "Undone" : "Done again"}: ${plain(inWords(target))}`);
    const item = byKey.get(target.file_sha256) ?? byKey.get(keyOf(target.file_sha256, target.page));
    if (item && item !== chosen) setChosen(item);
  };

  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (question || help || target.closest("dialog")) return;
      const input = target.tagName === "INPUT" ? (target as HTMLInputElement).type : "";
      if (input && !["checkbox", "radio", "range"].includes(input)) return;
      if (input === "range" && event.key.startsWith("Arrow")) return;
      if (event.ctrlKey || event.metaKey) {
        const key = event.key.toLowerCase();
        if (key === "z" || key === "y") {
          event.preventDefault();
          step(key === "y" || event.shiftKey ? "redo" : "undo");
        }
        return;
      }
      if (input && event.key === " ") return;
      if (event.key === "?") setHelp(true);
      else if (event.key === "j" || event.key === "J") show(ordered[at + 1]);
      else if (event.key === "k" || event.key === "K") show(ordered[at - 1]);
      else if (!keys.current?.(event)) return;
      event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  });
  useEffect(() => {
    const leave = (event: BeforeUnloadEvent) => {
      if (save.waiting > 0) event.preventDefault();
    };
    addEventListener("beforeunload", leave);
    return () => removeEventListener("beforeunload", leave);
  }, [save.waiting]);

  const total = journal.records.length;
  const savedText = save.error
    ? `${plural(save.waiting, "correction")} not saved`
    : save.waiting > 0
      ? `Saving ${plural(save.waiting, "correction")}\u2026`
      : total > 0
        ? `All saved (${plural(total, "entry", "entries")})`
        : "No corrections yet";
  if (closed) return <main class="review-closed"><p class="card">The review has ended. All corrections are saved; this page can be closed.</p></main>;
  const undoable = journal.nextUndo();
  const redoable = journal.nextRedo();
  return (
    <main class="review">
      <header class="review-head">
        <h1>Look and correct</h1>
        <span class="sub">{`Reviewer: ${plain(run.reviewer)}${run.blind ? " \u00b7 blind: no names, random order" : ""}`}</span>
        <button type="button" class="button" disabled={!undoable} title={undoable ? `Ctrl+Z: take back: ${plain(inWords(undoable))}` : "Ctrl+Z"} onClick={() => step("undo")}>
          {"\u21b6 Undo"} <kbd>Ctrl+Z</kbd>
        </button>
        <button type="button" class="button" disabled={!redoable} title={redoable ? `Ctrl+Y: do again: ${plain(inWords(redoable))}` : "Ctrl+Y"} onClick={() => step("redo")}>
          {"\u21b7 Redo"} <kbd>Ctrl+Y</kbd>
        </button>
        <span class={save.error ? "save bad" : save.waiting > 0 ? "save busy" : "save"} role="status" data-waiting={save.waiting}>
          {savedText}
        </span>
        <button type="button" class="button" title="?" onClick={() => setHelp(true)}>
          Help <kbd>?</kbd>
        </button>
        <button
          type="button"
          class="button"
          disabled={save.waiting > 0}
          title="Ends the review and its server"
          onClick={() => void api.close().then(() => setClosed(true), (e: Error) => setError(e.message))}
        >
          Finish
        </button>
      </header>
      {save.error && (
        <p class="refusal" role="alert">
          {save.refused
            ? `The server refused: ${plain(save.error)}. ${plural(save.waiting, "correction")} not saved. Reload the page to see what is on disk.`
            : `The server does not answer (${plain(save.error)}). ${plural(save.waiting, "correction")} not saved yet: keep this page open. It tries again by itself; capillaryx review may have ended.`}{" "}
          <button type="button" class="button" onClick={() => queue.retry()}>
            Try again
          </button>
        </p>
      )}
      {error && (
        <p class="refusal" role="alert">
          {plain(error)}
        </p>
      )}
      <p class="said" role="status">
        {said || (total === 0 ? START : "Research use only, not for diagnosis.")}
      </p>
      <div class="review-grid">
        <nav class="list" aria-label="Frames">
          <p class="why">
            {run.blind ? "In random order." : sort.key === "check" && sort.down ? "Next to check is on top: least certain first (1 = least certain)." : `Sorted by ${sort.key === "index" ? "name" : sort.key}.`}
          </p>
          <LongTable label="List of frames" rows={ordered} columns={columns} idOf={(i) => i.id} chosen={chosen} sort={sort} onSort={setSort} onChoose={show} />
          <div class="buttons">
            <button type="button" class="button" disabled={at <= 0} onClick={() => show(ordered[at - 1])}>
              Previous <kbd>K</kbd>
            </button>
            <button type="button" class="button primary" disabled={at + 1 >= ordered.length} onClick={() => show(ordered[at + 1])}>
              Next <kbd>J</kbd>
            </button>
          </div>
        </nav>
        {chosen && chosen.status !== "ok" && <p class="card">{`This frame has no result (${chosen.status}): ${plain(chosen.reason)}`}</p>}
        {chosen && chosen.status === "ok" && loaded && loaded.item === chosen && (
          <FrameView
            key={chosen.id}
            item={chosen}
            name={nameOf(chosen)}
            detail={loaded.detail}
            hidden={run.blind && !loaded.revealed}
            onReveal={() => setRevealed(new Set([...revealed, chosen.id]))}
            onDo={record}
            onAsk={setQuestion}
            onSay={setSaid}
            onTool={setTool}
            {...{ journal, version, tool, keys }}
          />
        )}
      </div>
      {help && <Help onClose={() => setHelp(false)} />}
      {question && <Ask question={question} onClose={() => setQuestion(null)} />}
    </main>
  );
}
