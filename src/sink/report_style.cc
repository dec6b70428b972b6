// SPDX-License-Identifier: Apache-2.0
#include "sink/report_assets.h"

namespace capillaryx {

const char* const kReportStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f4f6f7; --card: #ffffff; --ink: #17232b; --soft: #52626c; --line: #dbe2e6; --hover: #eef4f5;
  --accent: #0b6470; --accent-soft: #d8ecee; --bad: #a3231c; --bad-soft: #fbe9e7; --late: #8a5a00; --late-soft: #fbf1dc;
  --ok: #1d6b3a; --band: #e9f0f2;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #11181c; --card: #182126; --ink: #e4ebee; --soft: #a3b2ba; --line: #2d3a41; --hover: #1f2b31;
    --accent: #6cc5d0; --accent-soft: #173c42; --bad: #ff9d94; --bad-soft: #41211f; --late: #f0c36d; --late-soft: #3b2f17;
    --ok: #85d3a0; --band: #1d292f;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--ink); }
main { max-width: 1480px; margin: 0 auto; padding: 28px 24px 48px; }
h1 { font-size: 26px; font-weight: 650; letter-spacing: -.01em; margin: 0; }
h2 { font-size: 17px; font-weight: 650; margin: 0 0 12px; }
a { color: var(--accent); }
button, select, input { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.top { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: baseline; justify-content: space-between; }
.sub { color: var(--soft); margin: 4px 0 0; overflow-wrap: anywhere; }
.notice { margin: 0; font-weight: 600; color: var(--late); background: var(--late-soft); padding: 4px 12px; border-radius: 999px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin-top: 18px; }
.cut { color: var(--late); font-weight: 600; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px; margin-top: 20px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px; }
.tile b { display: block; font-size: 28px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile .name { color: var(--soft); }
.tile .more { color: var(--soft); font-size: 13.5px; }
.tile.bad b { color: var(--bad); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 7px 10px; border-bottom: 1px solid var(--line); vertical-align: middle; }
thead th { font-weight: 600; color: var(--soft); white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.n button { flex-direction: row-reverse; }
th button { background: none; border: 0; padding: 0; font-weight: 600; color: var(--soft); cursor: pointer; display: inline-flex; gap: 4px; }
th button::after { content: "\2195"; opacity: .35; width: 1em; text-align: center; }
th[aria-sort=ascending] button::after { content: "\2191"; opacity: 1; }
th[aria-sort=descending] button::after { content: "\2193"; opacity: 1; }
th[aria-sort=ascending] button, th[aria-sort=descending] button { color: var(--ink); }
.scroll { max-height: 420px; overflow: auto; }
.scroll thead th { position: sticky; top: 0; background: var(--card); }
.name-cell { overflow-wrap: anywhere; min-width: 10em; }
.link { background: none; border: 0; padding: 0; color: var(--accent); cursor: pointer; text-align: left; overflow-wrap: anywhere; text-decoration: underline; text-decoration-color: transparent; }
.link:hover { text-decoration-color: currentColor; }
.tag { display: inline-block; padding: 1px 9px; border-radius: 999px; font-size: 13px; font-weight: 600; }
.tag.ok { color: var(--ok); padding: 0; }
.tag.failed { color: var(--bad); background: var(--bad-soft); }
.tag.dropped { color: var(--late); background: var(--late-soft); }
.why { color: var(--soft); font-size: 13.5px; overflow-wrap: anywhere; }
.controls { display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: end; margin-bottom: 10px; }
.controls label { display: grid; gap: 2px; font-size: 13px; color: var(--soft); }
.controls select, .controls input { background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 5px 8px; color: var(--ink); max-width: 20em; }
.controls .right { margin-left: auto; }
.pager { display: flex; gap: 8px; align-items: center; justify-content: flex-end; margin-top: 10px; color: var(--soft); font-variant-numeric: tabular-nums; }
.button { background: var(--page); border: 1px solid var(--line); border-radius: 6px; padding: 5px 12px; cursor: pointer; color: var(--ink); text-decoration: none; }
.button:hover:not(:disabled) { background: var(--hover); }
.button:disabled { opacity: .45; cursor: default; }
.frames { display: grid; grid-template-columns: minmax(0, 1fr); gap: 20px; align-items: start; }
.frames.open { grid-template-columns: minmax(0, 1fr) minmax(0, 1.15fr); }
.frames > div { min-width: 0; overflow-x: auto; }
.frames.open .thumb { width: 64px; height: 36px; }
.frames.open td.picture { width: 76px; padding: 5px 6px; }
.frames.open th, .frames.open td { padding-left: 6px; padding-right: 6px; }
tbody tr.pick { cursor: pointer; }
tbody tr.pick:hover { background: var(--hover); }
tbody tr[aria-current=true] { background: var(--accent-soft); }
.thumb { display: block; width: 112px; height: 63px; object-fit: cover; border-radius: 5px; background: var(--band); border: 0; }
td.picture { width: 132px; padding: 5px 10px; }
.viewer { position: sticky; top: 14px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.viewer .bar { display: flex; gap: 8px; align-items: center; }
.viewer h3 { margin: 0; font-size: 16px; flex: 1; overflow-wrap: anywhere; }
.viewer img { display: block; width: 100%; height: auto; border-radius: 6px; background: var(--band); margin-top: 12px; }
.viewer dl, .about dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 18px; margin: 12px 0 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.none { color: var(--soft); padding: 22px 0; }
.chart svg { display: block; width: 100%; height: auto; }
.chart text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.chart .grid { stroke: var(--line); stroke-width: 1; }
.chart .group { fill: var(--band); }
.chart .interval { fill: var(--accent); opacity: .16; }
.chart .mean { stroke: var(--accent); stroke-width: 1.5; }
.chart .dots { stroke: var(--accent); stroke-linecap: round; fill: none; }
.chart .failures { stroke: var(--bad); stroke-width: 1.5; fill: none; }
.chart .here { fill: none; stroke: var(--ink); stroke-width: 2; }
.chart .key { display: flex; flex-wrap: wrap; gap: 4px 20px; color: var(--soft); font-size: 13px; margin-top: 6px; min-height: 1.6em; }
.forest { display: block; width: 100%; min-width: 160px; height: 18px; }
.forest .axis { stroke: var(--line); }
.forest .range { stroke: var(--accent); stroke-width: 2; }
.forest line { vector-effect: non-scaling-stroke; }
.about { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 6px 40px; }
.about h3 { font-size: 14px; margin: 10px 0 0; }
.about dl { margin-top: 4px; font-size: 14px; }
code { font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
ul.plain { margin: 0; padding-left: 18px; }
footer { color: var(--soft); margin-top: 24px; font-size: 13.5px; }
@media (max-width: 1000px) {
  main { padding: 18px 14px 40px; }
  .frames.open { grid-template-columns: minmax(0, 1fr); }
  .frames.open .viewer { order: -1; position: static; }
}
@media (max-width: 640px) {
  td.picture, th.picture { display: none; }
  th, td { padding: 6px; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --accent: #0b6470; --accent-soft: #fff;
    --bad: #a3231c; --bad-soft: #fff; --late: #6b4600; --late-soft: #fff; --ok: #1d6b3a; --band: #f0f0f0; --hover: #fff;
    font-size: 10.5pt;
  }
  @page { margin: 14mm 12mm; }
  main { max-width: none; padding: 0; }
  .controls label, .controls .right, .pager, .viewer, .screen { display: none !important; }
  .frames > div { overflow: visible; }
  .frames.open { grid-template-columns: minmax(0, 1fr); }
  .card { border: 0; border-top: 1px solid var(--line); border-radius: 0; padding: 10px 0; margin-top: 12px; }
  .tile { break-inside: avoid; padding: 8px 12px; }
  .tile b { font-size: 18pt; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(33mm, 1fr)); gap: 8px; }
  .scroll { max-height: none; overflow: visible; }
  .notice { padding: 0; }
  h2 { break-after: avoid; }
  tr, .chart { break-inside: avoid; }
  thead { display: table-header-group; }
  th button::after { content: none; }
  .thumb { width: 84px; height: 47px; }
  th, td { padding: 3px 6px; }
  a { color: inherit; text-decoration: none; }
  .link { color: inherit; }
}
)css";

}  // namespace capillaryx
