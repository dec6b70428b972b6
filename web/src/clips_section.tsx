// SPDX-License-Identifier: Apache-2.0
// The clips of a run: one row each, and the clip that was chosen.
import { useMemo, useState } from "preact/hooks";
import { ClipPanel, repeatability } from "./clip_panel";
import type { Index, Row } from "./data";
import { number, percent, plain, whole } from "./format";

export function ClipsSection({ index, rows, onShow }: { index: Index; rows: readonly Row[]; onShow: (row: Row) => void }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const hasScale = index.clips.some((c) => c.count_per_mm2 !== null);
  const framesOf = useMemo(() => (chosen === null ? [] : rows.filter((r) => r.clip === index.clips[chosen].number)), [rows, chosen]);
  return (
    <section class="card" aria-labelledby="clips-title">
      <h2 id="clips-title">Clips</h2>
      <p class="why">A clip is one measurement: each capillary counts once, however many frames show it.</p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Table of clips">
        <table>
          <thead>
            <tr>
              <th scope="col">Clip</th>
              {["Frames", "Usable", "Registered", "Capillaries", "Density", ...(hasScale ? ["Count per mm\u00b2"] : [])].map((name) => (
                <th key={name} scope="col" class="n">
                  {name}
                </th>
              ))}
              <th scope="col">Repeatability</th>
            </tr>
          </thead>
          <tbody>
            {index.clips.map((c, k) => (
              <tr key={k} class="pick" aria-current={k === chosen} onClick={() => setChosen(k)}>
                <td class="name-cell">
                  <button type="button" class="link">
                    {plain(c.file)}
                  </button>
                  {c.reason && <div class="why">{plain(c.reason)}</div>}
                </td>
                {[c.frames, c.usable, c.registered].map((n, i) => (
                  <td key={i} class="n">
                    {whole(n)}
                  </td>
                ))}
                <td class="n">{c.count === null ? "\u2013" : whole(c.count)}</td>
                <td class="n">{percent(c.density)}</td>
                {hasScale && <td class="n">{number(c.count_per_mm2)}</td>}
                <td>{repeatability(c)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {chosen !== null && <ClipPanel clip={index.clips[chosen].number} facts={index.clips[chosen]} rows={framesOf} onShow={onShow} onClose={() => setChosen(null)} />}
    </section>
  );
}
