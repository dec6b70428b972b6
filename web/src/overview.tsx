// SPDX-License-Identifier: Apache-2.0
// The head of the report: what was measured, with each number's caveat beside it, and how it was made.
import type { ComponentChildren } from "preact";
import type { Index, Row } from "./data";
import type { Interval } from "./format";
import { number, plain, plural, whole, withInterval } from "./format";
import { Facts } from "./frame_panel";

export const NOTICE = "Research use only, not for diagnosis";
export const OVER_FRAMES = "over frames, which resemble each other: not between patients";

export function Head({ index }: { index: Index }) {
  const { run, summary } = index;
  const finished = summary.timing?.finished;
  const what = [
    (run.host?.paths?.inputs ?? []).map(plain).join(", "),
    finished ? `finished ${finished.replace("T", " ").replace("Z", " UTC")}` : "",
  ];
  return (
    <header>
      <div class="top">
        <h1>Capillary density</h1>
        <p class="notice">{plain(run.notice ?? NOTICE)}</p>
      </div>
      <p class="sub">{what.filter(Boolean).join("  \u00b7  ")}</p>
      {summary.interrupted && (
        <p class="card cut">This run was interrupted: the page shows the frames that were done. The same command with --resume resumes it.</p>
      )}
    </header>
  );
}

function Tile({ name, value, more, kind = "" }: { name: string; value: string; more: ComponentChildren; kind?: string }) {
  return (
    <div class={`tile ${kind}`}>
      <span class="name">{name}</span>
      <b>{value}</b>
      <span class="more">{more}</span>
    </div>
  );
}

function MeanTile({ name, mean, interval, factor, unit }: { name: string; mean: number | null; interval: Interval | null; factor: number; unit: string }) {
  const shown = withInterval(mean, interval, factor, unit);
  return <Tile name={name} value={shown.mean} more={interval ? `95\u00a0% interval ${shown.interval} ${OVER_FRAMES}` : shown.interval} />;
}

export function Tiles({ index, hasDensity, hasScale, unusable }: { index: Index; hasDensity: boolean; hasScale: boolean; unusable: number }) {
  const s = index.summary;
  const { latency_ms: latency, frame_ms: frame } = s.timing ?? {};
  return (
    <section class="tiles" aria-label="Summary">
      {hasDensity && <MeanTile name="Mean capillary density" mean={s.mean_density} interval={s.mean_density_interval} factor={100} unit={"\u00a0%"} />}
      {hasDensity && <MeanTile name="Mean count per frame" mean={s.mean_count} interval={s.mean_count_interval} factor={1} unit="" />}
      {hasScale && <MeanTile name={"Mean count per mm\u00b2"} mean={s.mean_count_per_mm2} interval={s.mean_count_per_mm2_interval} factor={1} unit={"/mm\u00b2"} />}
      <Tile name="Frames" value={whole(s.frames)} more={`${whole(s.ok)} analysed`} />
      {index.clips.length > 0 && <Tile name="Clips" value={whole(index.clips.length)} more="each one measurement" />}
      {unusable > 0 && <Tile name="Unusable" value={whole(unusable)} more="by their quality; listed with reasons below" kind="bad" />}
      {s.failed > 0 && <Tile name="Failed" value={whole(s.failed)} more="listed with reasons below" kind="bad" />}
      {s.dropped > 0 && <Tile name="Dropped" value={whole(s.dropped)} more="left out because the run fell behind" kind="bad" />}
      {latency ? (
        <Tile name="Latency" value={`${number(latency.p50)} ms`} more={`capture to result; p95 ${number(latency.p95)}, p99 ${number(latency.p99)} ms`} />
      ) : (
        frame && <Tile name="Time per frame" value={`${number(frame.p50)} ms`} more={`in a worker; p95 ${number(frame.p95)} ms`} />
      )}
    </section>
  );
}

/** Frames that do not count, by reason, and files that were skipped. */
export function Problems({ index, lost, reasonOf, onShow }: { index: Index; lost: readonly Row[]; reasonOf: (row: Row) => string; onShow: (row: Row) => void }) {
  const skipped = index.summary.skipped ?? { count: 0, first: [] };
  if (lost.length === 0 && skipped.count === 0) return null;
  const reasons = new Map<string, Row[]>();
  for (const row of lost) {
    const reason = reasonOf(row);
    reasons.set(reason, [...(reasons.get(reason) ?? []), row]);
  }
  const list = [...reasons].sort((a, b) => b[1].length - a[1].length).slice(0, 100);
  const rest = skipped.count - skipped.first.length;
  return (
    <section class="card" aria-labelledby="problems-title">
      <h2 id="problems-title">Not counted</h2>
      {lost.length > 0 && (
        <>
          <p>{`${plural(lost.length, "frame")} failed, dropped or unusable. The other frames are unaffected.`}</p>
          <ul class="plain">
            {list.map(([reason, of]) => (
              <li key={reason}>
                {`${reason} (${plural(of.length, "frame")}: `}
                <button type="button" class="link" onClick={() => onShow(of[0])}>
                  {plain(of[0].source)}
                </button>
                {of.length > 1 ? ", \u2026)" : ")"}
              </li>
            ))}
          </ul>
        </>
      )}
      {skipped.count > 0 && (
        <>
          <p>{`${plural(skipped.count, "other file")} skipped:`}</p>
          <ul class="plain">
            {skipped.first.map((s, k) => (
              <li key={k}>{`${plain(s.source)}: ${plain(s.reason)}`}</li>
            ))}
            {rest > 0 && <li>{`and ${whole(rest)} more`}</li>}
          </ul>
        </>
      )}
    </section>
  );
}

const shown = (value: unknown): string => (value === null ? "not given" : typeof value === "object" ? plain(JSON.stringify(value)) : plain(String(value)));

function Group({ title, facts }: { title: string; facts: [string, unknown][] }) {
  const known = facts.filter(([, value]) => value !== undefined && value !== "");
  if (known.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <Facts facts={known.map(([name, value]) => [plain(name), shown(value)])} />
    </div>
  );
}

export function About({ index, hasScale }: { index: Index; hasScale: boolean }) {
  const { run, summary } = index;
  const { model = {}, analyzer = {}, host = {}, options = {} } = run;
  const machine = host.machine ?? {};
  const repeat = Number(options.repeat ?? 1);
  return (
    <section class="card" aria-labelledby="about-title">
      <h2 id="about-title">How this was made</h2>
      <div class="about">
        <Group title="Program" facts={[["version", run.version], ["commit", run.commit], ["analyzer", [analyzer.name, analyzer.version].filter(Boolean).join(" ")], ["network", model.name], ["its SHA-256", model.sha256]]} />
        <Group title="Run" facts={[["executor", host.executor], ["workers", host.workers], ["frames per second", summary.timing?.frames_per_s ? number(summary.timing.frames_per_s) : ""], ["processor", machine.processor], ["cores", machine.cores], ["system", machine.system]]} />
        <Group title="Options" facts={Object.entries(options)} />
        <div>
          <h3>What the numbers are</h3>
          <ul class="plain">
            <li>Capillary density: pixels inside the contours of the accepted capillaries / valid pixels of the frame.</li>
            <li>{hasScale ? "Count per mm\u00b2: accepted capillaries / area of the valid pixels, by the scale of the frame." : "No scale was given: no number is in \u00b5m or mm."}</li>
            <li>{`Intervals: 95\u00a0%, ${plain(summary.interval?.method ?? "over frames")}${summary.interval?.resamples ? ` (${summary.interval.resamples} resamples, fixed seed)` : ""}. Frames of one patient or video resemble each other: such an interval does not show the differences between patients.`}</li>
            {index.clips.length > 0 && <li>A clip is one measurement: each capillary is counted once, over all frames. Its repeatability compares its two halves.</li>}
            {repeat > 1 && <li>{`Every frame was analysed ${repeat} times and counts as often: the intervals are too narrow.`}</li>}
            <li>{`${plain(run.definitions ?? "")}.`}</li>
          </ul>
        </div>
      </div>
    </section>
  );
}

export function Footer({ index }: { index: Index }) {
  return (
    <footer>
      {`${plain(index.run.notice ?? NOTICE)}. The same numbers as files: `}
      {["results.csv", "coco.json", "results.jsonl"].map((name, k) => (
        <span key={name}>
          {k > 0 && ", "}
          <a href={name}>{name}</a>
        </span>
      ))}
      .
    </footer>
  );
}
