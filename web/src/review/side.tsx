// SPDX-License-Identifier: Apache-2.0
// Beside the picture: automatic and corrected numbers, what can be done with the selection, what was done.
import { number, percent, plain, whole } from "../format";
import { inWords } from "./actions";
import type { Corrected, Numbers } from "./state";
import type { Correction, Item } from "./types";

export function NumbersTable({ item, automatic, now }: { item: Item; automatic: Numbers | null; now: Numbers }) {
  const row = (name: string, unit: string, a: string, b: string, id: string) => (
    <tr>
      <th scope="row">
        {name} <span class="unit">{unit}</span>
      </th>
      <td class="n">{automatic ? a : "\u2013"}</td>
      <td class={a === b ? "n" : "n changed"} data-number={id}>
        {b}
      </td>
    </tr>
  );
  return (
    <table class="numbers">
      <thead>
        <tr>
          <th scope="col">Result</th>
          <th scope="col" class="n">
            automatic
          </th>
          <th scope="col" class="n">
            corrected
          </th>
        </tr>
      </thead>
      <tbody>
        {row("Count", "capillaries", automatic ? whole(automatic.count) : "", whole(now.count), "count")}
        {row("Density", "% of valid pixels", percent(automatic?.density), percent(now.density), "density")}
        {item.scale !== null && row("Count", "per mm\u00b2", number(automatic?.per_mm2), number(now.per_mm2), "per_mm2")}
      </tbody>
    </table>
  );
}

interface SelectionProps {
  state: Corrected;
  selected: ReadonlySet<number>;
  onRemove: () => void;
  onMerge: () => void;
  onAmbiguous: () => void;
}

export function Selection({ state, selected, onRemove, onMerge, onAmbiguous }: SelectionProps) {
  const chosen = state.capillaries.filter((c) => selected.has(c.id));
  const one = chosen.length === 1 ? chosen[0] : undefined;
  const text = one
    ? `Capillary ${one.id}: ${one.score === null ? "by hand" : `score ${number(one.score)}`}${one.ambiguous ? ", ambiguous" : ""}`
    : chosen.length > 0
      ? `${chosen.length} capillaries are selected`
      : "No capillary is selected";
  return (
    <section aria-label="Selection">
      <h2>Selection</h2>
      <output class="selection">{text}</output>
      <div class="buttons">
        <button type="button" class="button" disabled={chosen.length === 0} title="Delete" onClick={onRemove}>
          Remove <kbd>Del</kbd>
        </button>
        <button type="button" class="button" disabled={chosen.length < 2} title="M: one capillary out of the selected ones" onClick={onMerge}>
          Merge <kbd>M</kbd>
        </button>
        <button type="button" class="button" disabled={chosen.length === 0} title="B: neither counted nor in the density" onClick={onAmbiguous}>
          Ambiguous <kbd>B</kbd>
        </button>
      </div>
    </section>
  );
}

interface DoneProps {
  item: Item;
  state: Corrected;
  records: readonly Correction[];
  page: number | null;
  onExclude: (page: number | null) => void;
  onInclude: (page: number | null) => void;
  onIncludeArea: (points: readonly number[]) => void;
  onNote: () => void;
}

export function FrameActions({ item, state, records, page, onExclude, onInclude, onIncludeArea, onNote }: DoneProps) {
  const out = state.excluded !== null || (!item.usable && state.included === null);
  const name = item.kind === "clip" ? "clip" : "frame";
  return (
    <section aria-label={`This ${name}`}>
      <h2>{`This ${name}`}</h2>
      {state.excluded !== null && <p class="refusal">{`Excluded: ${plain(state.excluded)}`}</p>}
      {!item.usable && state.included === null && <p class="refusal">{`The program calls it unusable${item.reason ? `: ${plain(item.reason)}` : ""}`}</p>}
      <div class="buttons">
        {out ? (
          <button type="button" class="button" title="F" onClick={() => onInclude(item.page)}>
            {`Include ${name}`} <kbd>F</kbd>
          </button>
        ) : (
          <button type="button" class="button" title="F" onClick={() => onExclude(item.page)}>
            {`Exclude ${name}\u2026`} <kbd>F</kbd>
          </button>
        )}
        {item.kind === "clip" && page !== null && (
          <button type="button" class="button" onClick={() => (state.excludedPages.has(page) ? onInclude(page) : onExclude(page))}>
            {state.excludedPages.has(page) ? `Include image ${page + 1}` : `Exclude image ${page + 1}\u2026`}
          </button>
        )}
        <button type="button" class="button" title="T" onClick={onNote}>
          {"Note\u2026"} <kbd>T</kbd>
        </button>
      </div>
      {state.areas.map((a, k) => (
        <p key={a.seq} class="area-line">
          {`Area ${k + 1} is excluded: ${plain(a.reason)} `}
          <button type="button" class="button" onClick={() => onIncludeArea(a.points)}>
            {`Include area ${k + 1}`}
          </button>
        </p>
      ))}
      <h2>Corrections</h2>
      {records.length === 0 ? (
        <p class="none">None yet.</p>
      ) : (
        <ol class="history" reversed tabIndex={0} aria-label="Corrections of this frame, newest first">
          {[...records].reverse().map((r) => (
            <li key={r.seq}>{plain(inWords(r))}</li>
          ))}
        </ol>
      )}
    </section>
  );
}
