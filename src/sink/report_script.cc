// SPDX-License-Identifier: Apache-2.0
#include "sink/report_assets.h"

namespace capillaryx {

const char* const kReportBody = R"html(
<main>
  <header>
    <div class="top"><h1>Capillary density</h1><p class="notice" id="notice"></p></div>
    <p class="sub" id="what"></p>
    <p class="card cut" id="cut-short" hidden>This run was cut short: the page shows the frames that were done. The same command with --resume goes on.</p>
  </header>
  <noscript><p class="card">This page draws itself with its own script, which is switched off here. The same figures are in results.csv beside it.</p></noscript>
  <section class="tiles" id="tiles" aria-label="Summary"></section>
  <section class="card chart" id="chart-card" aria-labelledby="chart-title">
    <div class="controls"><h2 id="chart-title"></h2><label class="right screen" id="measure-label">Show<select id="measure"></select></label></div>
    <div id="chart"></div>
    <div class="key" id="key" aria-live="polite"></div>
  </section>
  <section class="card" id="subfolders" hidden></section>
  <section class="card" aria-labelledby="frames-title">
    <h2 id="frames-title">Frames</h2>
    <div class="controls">
      <label>Name contains<input type="search" id="search" autocomplete="off" spellcheck="false"></label>
      <label>Status<select id="status"></select></label>
      <label id="subfolder-label">Subfolder<select id="subfolder"></select></label>
      <span class="right" id="shown" role="status"></span>
    </div>
    <div class="frames" id="frames">
      <div><table id="table"><thead><tr></tr></thead><tbody></tbody></table><div id="print-note"></div>
        <nav class="pager" aria-label="Pages"><button class="button" id="first">First</button><button class="button" id="previous">Previous</button><span id="page"></span><button class="button" id="next">Next</button><button class="button" id="last">Last</button></nav></div>
      <aside class="viewer" id="viewer" hidden aria-label="The frame chosen"></aside>
    </div>
  </section>
  <section class="card" id="problems" hidden></section>
  <section class="card" aria-labelledby="about-title"><h2 id="about-title">How this was made</h2><div class="about" id="about"></div></section>
  <footer id="footer"></footer>
</main>
)html";

const char* const kReportScript = R"js(
'use strict';
(() => {
const data = JSON.parse(document.getElementById('data').textContent);
const { run, summary } = data;
const STATUS = ['ok', 'failed', 'dropped'];
const WORD = { ok: 'analysed', failed: 'failed', dropped: 'dropped' };
const PAGE = 50, PRINTED = 2000;
const byId = (id) => document.getElementById(id);
// Controls, marks of direction and characters without width would let a name pose as another: they are shown as codes.
const plain = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (c) => `\u27e8U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}\u27e9`);
const rows = data.frames.map((f, index) => ({
  index, source: plain(f[0]), group: f[1], status: STATUS[f[2]], density: f[3], count: f[4], per_mm2: f[5], error: plain(f[6]),
  width: f[7], height: f[8], ms: f[9], overlay: f[10], scale: f[11], values: f[12], small: f[13],
}));
const subfolders = data.subfolders;
const hasScale = rows.some((r) => r.per_mm2 !== null);
const hasDensity = rows.some((r) => r.density !== null);
const hasPictures = rows.some((r) => r.overlay);

// Everything from outside goes in as text, never as markup.
function make(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (key === 'class') node.className = value;
    else if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}
function draw(tag, attributes, text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
const whole = (n) => Math.round(n).toLocaleString('en-GB');
const plural = (n, word) => `${whole(n)} ${word}${n === 1 ? '' : 's'}`;
// Three significant digits, never in powers of ten where that can be read plainly.
function number(x, digits = 3) {
  if (x === null || x === undefined) return '\u2013';
  if (x === 0) return '0';
  const size = Math.abs(x);
  if (size >= 1e7 || size < 1e-5) return x.toExponential(digits - 1);
  return x.toFixed(Math.max(0, Math.min(8, digits - 1 - Math.floor(Math.log10(size)))));
}
const percent = (x) => (x === null || x === undefined ? '\u2013' : `${number(x * 100)}\u00a0%`);
// A mean gets as many decimals as its interval bears: two significant digits of the interval's width.
function withInterval(mean, interval, factor, unit) {
  if (mean === null) return ['\u2013', ''];
  if (!interval) return [number(mean * factor) + unit, 'no interval from one frame'];
  const width = (interval[1] - interval[0]) * factor;
  const decimals = width > 0 ? Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(width)))) : 2;
  const fixed = (x) => (x * factor).toFixed(decimals);
  return [fixed(mean) + unit, `95\u00a0% interval ${fixed(interval[0])} to ${fixed(interval[1])}${unit}`];
}
const groupName = (name) => (name === '' ? '(top folder)' : plain(name));
const link = (path) => path.split('/').map(encodeURIComponent).join('/');

// --- head and tiles
byId('notice').textContent = run.notice || 'Research use only, not for diagnosis';
const host = run.host || {}, timing = summary.timing || {};
byId('what').textContent = [
  ((host.paths || {}).inputs || []).map(plain).join(', '),
  timing.finished ? `finished ${timing.finished.replace('T', ' ').replace('Z', ' UTC')}` : '',
].filter(Boolean).join('  \u00b7  ');
byId('cut-short').hidden = !summary.cut_short;
document.title = `Capillary density \u2013 ${plural(summary.frames, 'frame')}`;
function tile(name, value, more, kind) {
  byId('tiles').append(make('div', { class: `tile ${kind || ''}` }, make('span', { class: 'name' }, name), make('b', {}, value),
    make('span', { class: 'more' }, more || '')));
}
if (hasDensity) {
  const [mean, interval] = withInterval(summary.mean_density, summary.mean_density_interval, 100, '\u00a0%');
  tile('Mean capillary density', mean, interval);
  const [count, countInterval] = withInterval(summary.mean_count, summary.mean_count_interval, 1, '');
  tile('Mean count a frame', count, countInterval);
}
if (hasScale) {
  const [mean, interval] = withInterval(summary.mean_count_per_mm2, summary.mean_count_per_mm2_interval, 1, '/mm\u00b2');
  tile('Mean count per mm\u00b2', mean, interval);
}
tile('Frames', whole(summary.frames), `${whole(summary.ok)} analysed`);
if (summary.failed) tile('Failed', whole(summary.failed), 'listed with reasons below', 'bad');
if (summary.dropped) tile('Dropped', whole(summary.dropped), 'left out as the run fell behind', 'bad');
if (timing.latency_ms) tile('Capture to result', `${number(timing.latency_ms.p50)} ms`, `p95 ${number(timing.latency_ms.p95)}, p99 ${number(timing.latency_ms.p99)} ms`);
else if (timing.frame_ms) tile('Time a frame', `${number(timing.frame_ms.p50)} ms`, `in a worker; p95 ${number(timing.frame_ms.p95)} ms`);

// --- chart
const measures = [];
if (hasDensity || !data.value_names.length) measures.push({ name: 'Density over frames', unit: '%', of: (r) => (r.density === null ? null : r.density * 100), mean: 'mean_density', factor: 100 });
if (hasDensity) measures.push({ name: 'Count over frames', unit: '', of: (r) => r.count, mean: 'mean_count', factor: 1 });
if (hasScale) measures.push({ name: 'Count per mm\u00b2 over frames', unit: '/mm\u00b2', of: (r) => r.per_mm2, mean: 'mean_count_per_mm2', factor: 1 });
data.value_names.forEach((name, k) => measures.push({ name: `${name} over frames`, unit: '', of: (r) => (r.values ? r.values[k] : null) }));
let measure = measures[0], chosen = null, place = null;
measures.forEach((m, i) => byId('measure').append(make('option', { value: i }, m.name.replace(' over frames', ''))));
byId('measure-label').hidden = measures.length < 2;
byId('measure').addEventListener('change', (e) => { measure = measures[e.target.value]; drawChart(); });

function ticks(low, high) {
  const step = 10 ** Math.floor(Math.log10((high - low) / 4));
  const nice = [1, 2, 5, 10].map((k) => k * step).find((s) => (high - low) / s <= 5);
  const list = [];
  for (let i = Math.ceil(low / nice - 1e-9); i * nice <= high * (1 + 1e-9); ++i) list.push(i * nice || 0);
  return list;
}
// Stretches of neighbouring frames of one subfolder.
const stretches = [];
for (const r of rows) {
  const last = stretches[stretches.length - 1];
  if (last && last.group === r.group) last.end = r.index;
  else stretches.push({ group: r.group, start: r.index, end: r.index });
}
function drawChart(paperWidth) {
  const width = paperWidth || Math.max(320, byId('chart').clientWidth), height = 260, left = 56, right = 10, top = 12, bottom = 34;
  const svg = draw('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img' });
  const known = rows.filter((r) => measure.of(r) !== null);
  byId('chart-title').textContent = measure.name;
  svg.setAttribute('aria-label', `${measure.name}: ${plural(known.length, 'frame')}; the table below has every value.`);
  let low = 0, high = 0;
  for (const r of known) { low = Math.min(low, measure.of(r)); high = Math.max(high, measure.of(r)); }
  if (high === low) high = low + 1;
  high += (high - low) * 0.06;
  const x = (i) => left + (rows.length < 2 ? 0.5 : (i + 0.5) / rows.length) * (width - left - right);
  const y = (v) => top + (1 - (v - low) / (high - low)) * (height - top - bottom);
  const half = (width - left - right) / Math.max(1, rows.length) / 2;
  const marks = stretches.length > 1 && stretches.length <= 80;
  if (marks) {
    stretches.forEach((s, k) => {
      const from = x(s.start) - half, to = x(s.end) + half;
      if (k % 2) svg.append(draw('rect', { class: 'group', x: from, y: top, width: to - from, height: height - top - bottom }));
      const room = Math.floor((to - from - 8) / 7);
      const name = groupName(subfolders[s.group].name);
      if (room > 3) svg.append(draw('text', { x: (from + to) / 2, y: height - 6, 'text-anchor': 'middle' }, name.length > room ? `\u2026${name.slice(1 - room)}` : name));
    });
  } else {
    svg.append(draw('text', { x: (left + width) / 2, y: height - 6, 'text-anchor': 'middle' }, 'frame'));
    for (const t of ticks(0, Math.max(1, rows.length - 1))) if (Number.isInteger(t) && t < rows.length) svg.append(draw('text', { x: x(t), y: height - 20, 'text-anchor': 'middle' }, whole(t)));
  }
  for (const t of ticks(low, high)) {
    svg.append(draw('line', { class: 'grid', x1: left, x2: width - right, y1: y(t), y2: y(t) }));
    svg.append(draw('text', { x: left - 8, y: y(t) + 4, 'text-anchor': 'end' }, `${Number(t.toPrecision(6))}${measure.unit === '%' ? ' %' : ''}`));
  }
  if (measure.mean) {
    const bands = marks ? stretches.map((s) => [subfolders[s.group], x(s.start) - half, x(s.end) + half]) : [[summary, left, width - right]];
    for (const [of, from, to] of bands) {
      const mean = of[measure.mean], interval = of[`${measure.mean}_interval`];
      if (interval) svg.append(draw('rect', { class: 'interval', x: from, width: to - from, y: y(interval[1] * measure.factor), height: Math.max(1, y(interval[0] * measure.factor) - y(interval[1] * measure.factor)) }));
      if (mean !== null && mean !== undefined) svg.append(draw('line', { class: 'mean', x1: from, x2: to, y1: y(mean * measure.factor), y2: y(mean * measure.factor) }));
    }
  }
  const dot = known.length > 3000 ? 2 : known.length > 600 ? 3 : known.length > 120 ? 5 : 7;
  svg.append(draw('path', { class: 'dots', 'stroke-width': dot, d: known.map((r) => `M${x(r.index).toFixed(1)} ${y(measure.of(r)).toFixed(1)}h0`).join('') }));
  const lost = rows.filter((r) => r.status !== 'ok');
  if (lost.length) svg.append(draw('path', { class: 'failures', d: lost.map((r) => `M${x(r.index).toFixed(1)} ${height - bottom}v-9`).join('') }));
  const here = draw('circle', { class: 'here', r: 7, cx: -20, cy: -20 });
  svg.append(here);
  place = (r) => {
    const value = r && measure.of(r);
    here.setAttribute('cx', r && value !== null ? x(r.index) : -20);
    here.setAttribute('cy', r && value !== null ? y(value) : -20);
  };
  const nearest = (event) => {
    const box = svg.getBoundingClientRect();
    const i = Math.floor(((event.clientX - box.left) / box.width * width - left) / (width - left - right) * rows.length);
    return rows[Math.max(0, Math.min(rows.length - 1, i))];
  };
  svg.addEventListener('pointermove', (event) => {
    const r = nearest(event);
    if (!r) return;
    place(r);
    byId('key').textContent = `${r.source}: ${r.status === 'ok' ? `${number(measure.of(r))}${measure.unit}` : `${WORD[r.status]}, ${r.error}`}`;
  });
  svg.addEventListener('pointerleave', () => { place(chosen); key(); });
  svg.addEventListener('click', (event) => { const r = nearest(event); if (r) show(r, true); });
  place(chosen);
  key();
  byId('chart').replaceChildren(svg);
}
function key() {
  const parts = ['each dot a frame'];
  if (measure.mean) parts.push(stretches.length > 1 && stretches.length <= 80 ? 'line and band: mean of a subfolder with its 95\u00a0% interval' : 'line and band: mean with its 95\u00a0% interval');
  if (rows.some((r) => r.status !== 'ok')) parts.push('red ticks: frames that failed or were dropped');
  byId('key').replaceChildren(...parts.map((p) => make('span', {}, p)));
}

// --- subfolders
if (hasDensity && (subfolders.length > 1 || (subfolders[0] && subfolders[0].name !== ''))) {
  const box = byId('subfolders');
  box.hidden = false;
  let high = 0;
  for (const s of subfolders) high = Math.max(high, (s.mean_density_interval || [0, s.mean_density || 0])[1]);
  const forest = (s) => {
    const svg = draw('svg', { class: 'forest', viewBox: '0 0 300 18', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    const x = (v) => 6 + (high ? v / high : 0) * 288;
    svg.append(draw('line', { class: 'axis', x1: 0, x2: 300, y1: 9, y2: 9 }));
    if (s.mean_density_interval) svg.append(draw('line', { class: 'range', x1: x(s.mean_density_interval[0]), x2: x(s.mean_density_interval[1]), y1: 9, y2: 9 }));
    if (s.mean_density !== null) svg.append(draw('line', { class: 'range', x1: x(s.mean_density), x2: x(s.mean_density), y1: 3, y2: 15 }));
    return svg;
  };
  const body = make('tbody', {}, ...subfolders.map((s, k) => {
    const [mean, interval] = withInterval(s.mean_density, s.mean_density_interval, 100, '\u00a0%');
    const [count] = withInterval(s.mean_count, s.mean_count_interval, 1, '');
    const [per] = hasScale ? withInterval(s.mean_count_per_mm2, s.mean_count_per_mm2_interval, 1, '') : [''];
    const range = s.mean_density_interval ? interval.replace('95\u00a0% interval ', '') : interval;
    return make('tr', {},
      make('td', { class: 'name-cell' }, make('button', { class: 'link', onclick: () => { byId('subfolder').value = k; byId('subfolder').dispatchEvent(new Event('change')); byId('frames-title').scrollIntoView(); } }, groupName(s.name))),
      make('td', { class: 'n' }, whole(s.frames)), make('td', { class: 'n' }, whole(s.ok)), make('td', { class: 'n' }, mean),
      make('td', { class: 'n' }, range), make('td', {}, forest(s)), make('td', { class: 'n' }, count), hasScale ? make('td', { class: 'n' }, per) : null);
  }));
  const head = [['Subfolder'], ['Frames', 'n'], ['Analysed', 'n'], ['Mean density', 'n'], ['95\u00a0% interval', 'n'], ['', ''], ['Mean count', 'n']];
  if (hasScale) head.push(['Mean count per mm\u00b2', 'n']);
  box.append(make('h2', {}, 'Subfolders'), make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Subfolders' }, make('table', {}, make('thead', {}, make('tr', {}, ...head.map(([t, c]) => make('th', { class: c || '', scope: 'col' }, t)))), body)));
}

// --- table of frames
const columns = [{ name: 'Frame', key: 'index', cell: (r) => make('td', { class: 'name-cell' }, make('button', { class: 'link', onclick: (e) => { e.stopPropagation(); show(r); } }, r.source), r.error ? make('div', { class: 'why' }, r.error) : null) }];
columns.push({ name: 'Status', key: 'status', cell: (r) => make('td', {}, make('span', { class: `tag ${r.status}` }, WORD[r.status])) });
if (hasDensity || !data.value_names.length) {
  columns.push({ name: 'Density', key: 'density', numeric: true, cell: (r) => make('td', { class: 'n' }, percent(r.density)) });
  columns.push({ name: 'Count', key: 'count', numeric: true, cell: (r) => make('td', { class: 'n' }, r.count === null ? '\u2013' : whole(r.count)) });
}
if (hasScale) columns.push({ name: 'Count/mm\u00b2', key: 'per_mm2', numeric: true, cell: (r) => make('td', { class: 'n' }, number(r.per_mm2)) });
data.value_names.slice(0, 4).forEach((name, k) => columns.push({ name, key: `v${k}`, of: (r) => (r.values ? r.values[k] : null), numeric: true, cell: (r) => make('td', { class: 'n' }, number(r.values ? r.values[k] : null)) }));
let sort = { column: columns[0], down: false }, page = 0, filledPage = 0, filtered = rows;
const headRow = byId('table').tHead.rows[0];
if (hasPictures) headRow.append(make('th', { class: 'picture', scope: 'col' }, ''));
for (const column of columns) {
  column.head = make('th', { class: column.numeric ? 'n' : '', scope: 'col' }, make('button', { onclick: () => {
    sort = { column, down: sort.column === column ? !sort.down : Boolean(column.numeric) };
    page = 0;
    refresh();
  } }, column.name));
  headRow.append(column.head);
}
function picture(r, onPaper) {
  if (!r.overlay || (onPaper && !r.small)) return make('td', { class: 'picture' });
  const src = r.small ? `data:image/jpeg;base64,${r.small}` : link(`overlays/${r.overlay}`);
  return make('td', { class: 'picture' }, make('img', { class: 'thumb', src, loading: 'lazy', decoding: 'async', alt: '', width: 112, height: 63 }));
}
function row(r, onPaper) {
  const node = make('tr', { class: 'pick', 'data-frame': r.index, onclick: () => show(r) });
  if (hasPictures) node.append(picture(r, onPaper));
  node.append(...columns.map((c) => c.cell(r)));
  return node;
}
function refresh() {
  const text = byId('search').value.toLowerCase(), status = byId('status').value, group = byId('subfolder').value;
  filtered = rows.filter((r) => (status === '' || r.status === status) && (group === '' || r.group === Number(group)) && (text === '' || r.source.toLowerCase().includes(text)));
  const of = sort.column.of || ((r) => r[sort.column.key]);
  if (sort.column.key !== 'index' || sort.down) {
    const sign = sort.down ? -1 : 1;
    filtered.sort((a, b) => {
      const u = of(a), v = of(b);
      if (u === v) return a.index - b.index;
      if (u === null || u === undefined) return 1;
      if (v === null || v === undefined) return -1;
      return u < v ? -sign : sign;
    });
  }
  for (const c of columns) c.head.setAttribute('aria-sort', c === sort.column ? (sort.down ? 'descending' : 'ascending') : 'none');
  fill();
}
function fill() {
  const pages = Math.max(1, Math.ceil(filtered.length / PAGE));
  page = Math.max(0, Math.min(page, pages - 1));
  filledPage = page;
  byId('table').tBodies[0].replaceChildren(...filtered.slice(page * PAGE, (page + 1) * PAGE).map((r) => row(r)));
  byId('shown').textContent = filtered.length === rows.length ? plural(rows.length, 'frame') : `${whole(filtered.length)} of ${plural(rows.length, 'frame')}`;
  byId('page').textContent = `page ${whole(page + 1)} of ${whole(pages)}`;
  document.querySelector('.pager').hidden = pages === 1;
  byId('first').disabled = byId('previous').disabled = page === 0;
  byId('next').disabled = byId('last').disabled = page === pages - 1;
  mark();
}
function mark() {
  for (const tr of byId('table').tBodies[0].rows) tr.setAttribute('aria-current', chosen && Number(tr.dataset.frame) === chosen.index ? 'true' : 'false');
}
// Who uses the keyboard keeps the place: on the same button of the viewer, or back on the row that was left.
function keepFocus(button, left) {
  const inViewer = chosen && button && [...byId('viewer').querySelectorAll('button')].find((b) => b.getAttribute('aria-label') === button && !b.disabled);
  const inTable = !chosen && left && byId('table').querySelector(`tr[data-frame="${left.index}"] .link`);
  if (inViewer || inTable) (inViewer || inTable).focus();
}
const turn = (to) => { page = to(); fill(); byId('frames-title').scrollIntoView(); };
byId('first').addEventListener('click', () => turn(() => 0));
byId('previous').addEventListener('click', () => turn(() => page - 1));
byId('next').addEventListener('click', () => turn(() => page + 1));
byId('last').addEventListener('click', () => turn(() => Infinity));
const option = (value, text) => make('option', { value }, text);
byId('status').append(option('', 'all'), ...STATUS.filter((s) => rows.some((r) => r.status === s)).map((s) => option(s, WORD[s])));
byId('subfolder').append(option('', 'all'), ...subfolders.map((s, k) => option(k, groupName(s.name))));
byId('subfolder-label').hidden = subfolders.length < 2;
for (const id of ['search', 'status', 'subfolder']) byId(id).addEventListener(id === 'search' ? 'input' : 'change', () => { page = 0; refresh(); });

// --- the frame chosen, full size beside the table
function show(r, turnToIt) {
  const left = chosen, viewer = byId('viewer'), button = viewer.contains(document.activeElement) && document.activeElement.getAttribute('aria-label');
  chosen = r;
  byId('frames').classList.toggle('open', Boolean(r));
  viewer.hidden = !r;
  if (place) place(r);
  if (r) {
    if (turnToIt && !filtered.includes(r)) { byId('search').value = byId('status').value = byId('subfolder').value = ''; refresh(); }
    const at = filtered.indexOf(r);
    page = at < 0 ? page : Math.floor(at / PAGE);
    const facts = [['Status', r.status === 'ok' ? WORD.ok : `${WORD[r.status]}: ${r.error}`]];
    if (r.density !== null) facts.push(['Density', `${percent(r.density)} of the valid pixels`]);
    if (r.count !== null) facts.push(['Count', plural(r.count, 'capillary').replace('capillarys', 'capillaries')]);
    if (r.per_mm2 !== null) facts.push(['Count per mm\u00b2', `${number(r.per_mm2)} at ${r.scale} \u00b5m a pixel, as given`]);
    data.value_names.forEach((name, k) => { if (r.values && r.values[k] !== null) facts.push([name, String(r.values[k])]); });
    if (r.width) facts.push(['Size', `${r.width} \u00d7 ${r.height} px`]);
    if (r.ms !== null) facts.push(['Time', `${number(r.ms)} ms`]);
    const full = r.overlay ? link(`overlays/${r.overlay}`) : null;
    const step = (by, text, name) => make('button', { class: 'button', 'aria-label': name, disabled: !filtered[at + by] || at < 0, onclick: () => show(filtered[at + by]) }, text);
    viewer.replaceChildren(
      make('div', { class: 'bar' }, make('h3', {}, r.source), step(-1, '\u2190', 'Previous frame'), step(1, '\u2192', 'Next frame'), make('button', { class: 'button', 'aria-label': 'Close', onclick: () => show(null) }, '\u00d7')),
      full ? make('a', { href: full, target: '_blank', rel: 'noopener', title: 'Open the full picture' }, make('img', { src: full, alt: `Overlay of ${r.source}: green boxes and black contours around the capillaries`, width: r.width, height: r.height })) : make('p', { class: 'none' }, r.status === 'ok' ? 'No overlay was drawn.' : 'There is no picture of this frame.'),
      make('dl', {}, ...facts.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])));
  }
  if (page === filledPage) mark();
  else fill();
  keepFocus(button, left);
}
document.addEventListener('keydown', (event) => {
  if (!chosen || event.altKey || event.ctrlKey || event.metaKey || ['INPUT', 'SELECT'].includes(event.target.tagName)) return;
  const at = filtered.indexOf(chosen), by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === 'Escape') show(null);
  else if (by && filtered[at + by]) { event.preventDefault(); show(filtered[at + by]); }
});

// --- what was skipped or failed
const lost = rows.filter((r) => r.status !== 'ok'), skipped = summary.skipped || { count: 0, first: [] };
if (lost.length || skipped.count) {
  const box = byId('problems');
  box.hidden = false;
  box.append(make('h2', {}, 'Not analysed'));
  if (lost.length) {
    const reasons = new Map();
    for (const r of lost) {
      const reason = `${WORD[r.status]}: ${r.error}`;
      if (!reasons.has(reason)) reasons.set(reason, []);
      reasons.get(reason).push(r);
    }
    const list = [...reasons].sort((a, b) => b[1].length - a[1].length).slice(0, 100);
    box.append(make('p', {}, `${plural(lost.length, 'frame')} failed or dropped. Their neighbours are not touched by it.`),
      make('ul', { class: 'plain' }, ...list.map(([reason, of]) => make('li', {}, `${reason} (${plural(of.length, 'frame')}: `, make('button', { class: 'link', onclick: () => { show(of[0], true); byId('frames-title').scrollIntoView(); } }, of[0].source), of.length > 1 ? ', \u2026)' : ')'))));
  }
  if (skipped.count) {
    const rest = skipped.count - skipped.first.length;
    box.append(make('p', {}, `${plural(skipped.count, 'other file')} passed over:`), make('ul', { class: 'plain' }, ...skipped.first.map((s) => make('li', {}, `${plain(s.source)}: ${plain(s.reason)}`)), rest > 0 ? make('li', {}, `and ${whole(rest)} more`) : null));
  }
}

// --- how it was made
function facts(title, pairs) {
  const list = pairs.filter(([, v]) => v !== undefined && v !== null && v !== '');
  if (list.length) byId('about').append(make('div', {}, make('h3', {}, title), make('dl', {}, ...list.flatMap(([k, v]) => [make('dt', {}, k), make('dd', {}, v)]))));
}
const show_value = (v) => (v === null ? 'not given' : typeof v === 'object' ? JSON.stringify(v) : String(v));
const model = run.model || {}, analyzer = run.analyzer || {}, machine = host.machine || {};
facts('Program', [['version', run.version], ['commit', run.commit], ['analyzer', [analyzer.name, analyzer.version].filter(Boolean).join(' ')], ['network', model.name], ['its SHA-256', model.sha256 ? make('code', {}, model.sha256) : '']]);
facts('Run', [['executor', host.executor], ['workers', host.workers], ['frames a second', timing.frames_per_s ? number(timing.frames_per_s) : ''], ['processor', machine.processor], ['cores', machine.cores], ['system', machine.system]]);
facts('Options', Object.entries(run.options || {}).map(([k, v]) => [k, show_value(v)]));
byId('about').append(make('div', {}, make('h3', {}, 'What the figures are'), make('ul', { class: 'plain' },
  make('li', {}, 'Capillary density: pixels inside the contours of the accepted capillaries / valid pixels of the frame.'),
  make('li', {}, hasScale ? 'Count per mm\u00b2: accepted capillaries / area of the valid pixels, by the scale that was given.' : 'No scale was given, so nothing is told in \u00b5m or mm.'),
  make('li', {}, `Intervals: 95\u00a0%, percentile bootstrap over frames (${summary.interval ? summary.interval.resamples : ''} resamples, fixed seed). Frames of one patient or video resemble each other: such an interval says nothing of the spread between patients.`),
  (run.options || {}).repeat > 1 ? make('li', {}, `Every frame was analysed ${run.options.repeat} times and counts as often: the intervals are too narrow.`) : null,
  make('li', {}, `${run.definitions || ''}.`))));
byId('footer').append(`${run.notice || ''}. The same figures as files: `, make('a', { href: 'results.csv' }, 'results.csv'), ', ', make('a', { href: 'coco.json' }, 'coco.json'), ', ', make('a', { href: 'results.jsonl' }, 'results.jsonl'), '.');

// --- printing puts every row on paper
window.addEventListener('beforeprint', () => {
  drawChart(760);
  byId('table').tBodies[0].replaceChildren(...filtered.slice(0, PRINTED).map((r) => row(r, true)));
  byId('print-note').textContent = filtered.length > PRINTED ? `The first ${whole(PRINTED)} of ${whole(filtered.length)} frames; results.csv has all.` : '';
});
window.addEventListener('afterprint', () => { byId('print-note').textContent = ''; drawChart(); fill(); });
let drawnWidth = 0;
new ResizeObserver(() => {
  const width = byId('chart').clientWidth;
  if (width === drawnWidth) return;
  drawnWidth = width;
  drawChart();
}).observe(byId('chart'));
refresh();
})();
)js";

}  // namespace capillaryx
