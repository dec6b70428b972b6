// SPDX-License-Identifier: Apache-2.0
// The study, first in the report: what changed, by how much, how sure; groups; subjects and their measurements; what was
// left out; the methods paragraph.
import { useRef, useState } from "preact/hooks";
import { PAGE } from "./chart";
import { Downloads } from "./download";
import { csv, number, plain, plural } from "./format";
import { PairedChart } from "./study_chart";
import type { Comparison, GroupRow, MeasurementRow, Study } from "./study_data";
import { cellOf, comparisonsOf, labelOf, NAMES, quantitiesOf, sentence, shownAs, stratumOf, written } from "./study_data";
import { useWidth } from "./width";

const MOST_NAMED = 50;
type Show = (file: string) => void;
const named = (quantity: string): string => NAMES[quantity] ?? plain(quantity);

function Paired({ study, one, quantity }: { study: Study; one: Comparison; quantity: string }) {
  const [box, width] = useWidth();
  const { factor, unit } = shownAs(quantity, one.means[0]?.unit);
  const unitName = study.levels[0];
  const stratum = stratumOf(one, study).map(([column, label]) => `${plain(column)}: ${plain(label)}`).join(", ");
  const label = `${named(quantity)} by ${plain(one.column)}${stratum && `, ${stratum}`}`;
  const shown = { ...one, labels: one.labels.map(plain), units: one.units.map((u) => ({ ...u, name: plain(u.name) })) };
  const draw = (palette: typeof PAGE, w: number) => <PairedChart width={w} palette={palette} label={label} one={shown} factor={factor} unit={unit} />;
  const table = () => csv([[unitName, ...one.labels], ...one.units.map((u) => [u.name, ...u.values]), ["mean", ...one.means.map((m) => m.value)], ["low", ...one.means.map((m) => m.low)], ["high", ...one.means.map((m) => m.high)]]);
  return (
    <div class="paired">
      <h3>{label}</h3>
      {one.differences.map((row, k) => (
        <p key={k} class="finding">
          {plain(sentence(row))}
        </p>
      ))}
      <div class="chart" ref={box}>
        {draw(PAGE, width)}
      </div>
      <p class="key">{one.units.length > 0 ? `Lines: one per ${plain(unitName)}. Dots beside them: mean over ${plain(unitName)}s with 95\u00a0% interval.` : `Mean over ${plain(unitName)}s with 95\u00a0% interval.`}</p>
      <Downloads name={`study_${quantity}_${one.column}`} draw={draw} table={table} />
    </div>
  );
}

function Groups({ study, quantity }: { study: Study; quantity: string }) {
  const of = study.groups.filter((r) => r.quantity === quantity && r.level === "all");
  const rows = of.filter((r) => r.statistic === "mean");
  const differences = of.filter((r) => r.statistic === "difference");
  const agreement = of.filter((r) => r.statistic.startsWith("icc"));
  const labels = (row: GroupRow) =>
    [...new Set([...study.levels, ...study.compare])].filter((column) => labelOf(row, column) !== "").map((column) => `${column} ${labelOf(row, column)}`).join(", ") || "all";
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Groups">
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col" class="n">Value</th>
            <th scope="col">95 % interval</th>
            <th scope="col">n</th>
            <th scope="col" class="n">Left out</th>
            <th scope="col">Effect size, change</th>
            <th scope="col">Note</th>
          </tr>
        </thead>
        <tbody>
          {[...rows, ...differences, ...agreement].map((row, k) => {
            const shown = written(row);
            const icc = row.statistic.startsWith("icc");
            return (
              <tr key={k}>
                <td>{plain(row.statistic === "mean" ? `mean, ${labels(row)}` : row.statistic === "difference" ? `${row.compared}: ${row.to} minus ${row.from}` : `agreement ${row.statistic.toUpperCase()}${row.compared ? ` of ${row.compared}` : ""}`)}</td>
                <td class="n">{icc ? number(row.value) : shown.mean}</td>
                <td>{plain(icc ? (row.low === undefined ? (row.reason ?? "") : `${number(row.low)} to ${number(row.high)}`) : shown.interval)}</td>
                <td>{`${row.n ?? 0}${row.of ? ` (${plain(row.of)})` : ""}`}</td>
                <td class="n">{row.left_out ?? 0}</td>
                <td>
                  {row.effect_size === undefined ? "" : `g ${number(row.effect_size)}`}
                  {row.change_low_percent === undefined ? "" : `; ${number(row.change_percent)}\u00a0% (${number(row.change_low_percent)} to ${number(row.change_high_percent)})`}
                </td>
                <td class="why">{plain(row.note ?? "")}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function MeasurementTable({ rows, columns, quantity, onShow }: { rows: readonly MeasurementRow[]; columns: readonly string[]; quantity: string; onShow: Show }) {
  const { factor, unit } = shownAs(quantity, undefined);
  return (
    <table>
      <thead>
        <tr>
          {["Measurement", ...columns.map(plain), "Kind", "Usable frames", `${named(quantity)}${unit && `, ${unit}`}`, "Counts"].map((name) => (
            <th scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((m) => {
          const value = cellOf(m, quantity);
          return (
            <tr key={m.file}>
              <td class="name-cell">
                <button type="button" class="link" onClick={() => onShow(m.file)}>
                  {plain(m.file)}
                </button>
              </td>
              {columns.map((column) => (
                <td key={column}>{plain(labelOf(m, column))}</td>
              ))}
              <td>{m.kind}</td>
              <td>{`${m.usable_frames} of ${m.frames}`}</td>
              <td>{typeof value === "number" ? number(value * factor) : "\u2013"}</td>
              <td>{m.counts === "yes" ? "yes" : `no: ${plain(m.reason ?? "")}`}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** One subject; its measurements are in the page while it is open. */
function Subject({ head, rows, study, quantity, onShow }: { head: string; rows: readonly MeasurementRow[]; study: Study; quantity: string; onShow: Show }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="subject" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{head}</summary>
      {open && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Measurements">
          <MeasurementTable rows={rows} columns={study.levels.slice(1)} quantity={quantity} onShow={onShow} />
        </div>
      )}
    </details>
  );
}

function Subjects({ study, quantity, onShow }: { study: Study; quantity: string; onShow: Show }) {
  const outermost = study.levels[0];
  const names = [...new Set(study.measurements.map((m) => labelOf(m, outermost)))];
  const means = new Map(study.groups.filter((r) => r.quantity === quantity && r.statistic === "mean" && r.level === outermost).map((r) => [labelOf(r, outermost), r]));
  return (
    <>
      {names.map((name) => {
        const of = study.measurements.filter((m) => labelOf(m, outermost) === name);
        const mean = means.get(name);
        const shown = mean ? written(mean) : { mean: "no value", interval: "" };
        const out = of.filter((m) => m.counts === "no").length;
        const head = `${plain(name) || `(no ${plain(outermost)})`}: ${shown.mean}${shown.interval && ` (${plain(shown.interval)})`}, ${plural(of.length - out, "measurement")}${out ? `, ${out} left out` : ""}`;
        return <Subject key={name} {...{ head, study, quantity, onShow }} rows={of} />;
      })}
    </>
  );
}

/** Files that count in no mean, by reason. */
function LeftOut({ study, onShow }: { study: Study; onShow: Show }) {
  const reasons = new Map<string, string[]>();
  for (const one of study.left_out) reasons.set(one.reason, [...(reasons.get(one.reason) ?? []), one.file]);
  return (
    <>
      <h3>Left out</h3>
      {reasons.size === 0 && <p>Nothing: every measurement counts.</p>}
      <ul class="plain">
        {[...reasons].map(([reason, files]) => (
          <li key={reason}>
            {`${plain(reason)} (${plural(files.length, "measurement")}): `}
            {files.slice(0, MOST_NAMED).map((file, k) => (
              <>
                {k > 0 && ", "}
                <button type="button" class="link" onClick={() => onShow(file)}>
                  {plain(file)}
                </button>
              </>
            ))}
            {files.length > MOST_NAMED && `, and ${files.length - MOST_NAMED} more: measurements.csv has all`}
          </li>
        ))}
      </ul>
    </>
  );
}

function Methods({ text }: { text: string }) {
  const paragraph = useRef<HTMLParagraphElement>(null);
  const [said, setSaid] = useState("for the methods section of a paper");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      if (paragraph.current) getSelection()?.selectAllChildren(paragraph.current);
      setSaid("selected: press Ctrl+C");
    }
  };
  return (
    <>
      <h3>Methods</h3>
      <p ref={paragraph}>{plain(text)}</p>
      <p class="screen">
        <button type="button" class="button" onClick={() => void copy()}>
          Copy this paragraph
        </button>{" "}
        <span role="status">{said}</span>
      </p>
    </>
  );
}

export function StudySection({ study, onShow }: { study: Study; onShow: Show }) {
  const quantities = quantitiesOf(study);
  const [chosen, setChosen] = useState("");
  const quantity = quantities.includes(chosen) ? chosen : (quantities[0] ?? "density");
  const counting = study.measurements.filter((m) => m.counts === "yes");
  const fields = counting.filter((m) => m.kind === "field").length;
  const outermost = study.levels[0];
  const subjects = new Set(counting.map((m) => labelOf(m, outermost))).size;
  const comparisons = comparisonsOf(study, quantity);
  return (
    <section class="card study" aria-labelledby="study-title">
      <h2 id="study-title">Study</h2>
      <p>{`${plural(subjects, plain(outermost))}; ${plural(counting.length, "measurement")} count (${plural(fields, "field")}, ${plural(counting.length - fields, "clip")}), ${study.left_out.length} left out. A field or a clip is one measurement, however many frames it has.`}</p>
      {study.note && <p class="cut">{`Mind: ${plain(study.note)}.`}</p>}
      {quantities.length > 1 && (
        <div class="controls">
          <label>
            Quantity
            <select value={quantity} onChange={(e) => setChosen(e.currentTarget.value)}>
              {quantities.map((q) => (
                <option key={q} value={q}>
                  {named(q)}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
      {comparisons.map((one, k) => (
        <Paired key={`${quantity}-${k}`} {...{ study, one, quantity }} />
      ))}
      {comparisons.length === 0 && <p>{`No ${study.compare.map(plain).join(" or ")} differs within a ${plain(outermost)}: nothing is compared.`}</p>}
      <h3>{`Groups: ${named(quantity)}`}</h3>
      <Groups {...{ study, quantity }} />
      <LeftOut {...{ study, onShow }} />
      <h3>{`Each ${plain(outermost)}`}</h3>
      <Subjects {...{ study, quantity, onShow }} />
      <Methods text={study.methods} />
    </section>
  );
}
