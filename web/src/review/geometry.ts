// SPDX-License-Identifier: Apache-2.0
// Outlines: x0, y0, x1, y1, ..., px, pixel corners (pixel (i, j) reaches from i to i + 1).

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Coordinates in records are eighths of a pixel: exact in binary, finer than a person can point. */
export const eighth = (x: number): number => Math.round(x * 8) / 8;

export function boundsOf(points: readonly number[]): Box {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (let i = 0; i + 1 < points.length; i += 2) {
    box.left = Math.min(box.left, points[i]);
    box.right = Math.max(box.right, points[i]);
    box.top = Math.min(box.top, points[i + 1]);
    box.bottom = Math.max(box.bottom, points[i + 1]);
  }
  return box;
}

/** A rectangle by two corners, as an outline. */
export const rectangle = (x0: number, y0: number, x1: number, y1: number): number[] => {
  const [l, r, t, b] = [Math.min(x0, x1), Math.max(x0, x1), Math.min(y0, y1), Math.max(y0, y1)].map(eighth);
  return [l, t, r, t, r, b, l, b];
};

export function middleOf(points: readonly number[]): [number, number] {
  const { left, top, right, bottom } = boundsOf(points);
  return [(left + right) / 2, (top + bottom) / 2];
}

export function areaOf(points: readonly number[]): number {
  let twice = 0;
  for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) twice += points[j] * points[i + 1] - points[i] * points[j + 1];
  return Math.abs(twice) / 2;
}

/** Even-odd rule. */
export function contains(points: readonly number[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) {
    const [xi, yi, xj, yj] = [points[i], points[i + 1], points[j], points[j + 1]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** The distance of a point from the nearest edge, and the index of that edge's first coordinate. */
export function nearestEdge(points: readonly number[], x: number, y: number): { distance: number; at: number } {
  let best = { distance: Infinity, at: 0 };
  for (let i = 0; i < points.length; i += 2) {
    const j = (i + 2) % points.length;
    const [dx, dy] = [points[j] - points[i], points[j + 1] - points[i + 1]];
    const t = Math.max(0, Math.min(1, ((x - points[i]) * dx + (y - points[i + 1]) * dy) / (dx * dx + dy * dy || 1)));
    const distance = Math.hypot(points[i] + t * dx - x, points[i + 1] + t * dy - y);
    if (distance < best.distance) best = { distance, at: i };
  }
  return best;
}

/** The pixels whose centre lies in one of the outlines. */
export class Mask {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly on: Uint8Array;

  constructor(outlines: readonly (readonly number[])[], clip?: Box) {
    const all = boundsOf(outlines.flat());
    const limit = clip ?? { left: -32768, top: -32768, right: 65536, bottom: 65536 };
    this.left = Math.floor(Math.max(all.left, limit.left));
    this.top = Math.floor(Math.max(all.top, limit.top));
    this.width = Math.max(0, Math.ceil(Math.min(all.right, limit.right)) - this.left) || 0;
    this.height = Math.max(0, Math.ceil(Math.min(all.bottom, limit.bottom)) - this.top) || 0;
    this.on = new Uint8Array(this.width * this.height);
    for (const points of outlines) this.fill(points);
  }

  private fill(points: readonly number[]): void {
    for (let row = 0; row < this.height; ++row) {
      const y = this.top + row + 0.5;
      const crossings: number[] = [];
      for (let i = 0, j = points.length - 2; i < points.length; j = i, i += 2) {
        const [yi, yj] = [points[i + 1], points[j + 1]];
        if (yi > y !== yj > y) crossings.push(((points[j] - points[i]) * (y - yi)) / (yj - yi) + points[i]);
      }
      crossings.sort((a, b) => a - b);
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        const first = Math.max(0, Math.ceil(crossings[k] - 0.5) - this.left);
        const end = Math.min(this.width, Math.ceil(crossings[k + 1] - 0.5) - this.left);
        if (end > first) this.on.fill(1, row * this.width + first, row * this.width + end);
      }
    }
  }

  count(): number {
    let n = 0;
    for (const v of this.on) n += v;
    return n;
  }

  at(x: number, y: number): boolean {
    return x >= 0 && y >= 0 && x < this.width && y < this.height && this.on[y * this.width + x] === 1;
  }

  /** How many components there are by edges; all but the largest are cleared. */
  keepLargest(): number {
    const label = new Int32Array(this.on.length);
    const sizes = [0];
    for (let start = 0; start < this.on.length; ++start) {
      if (!this.on[start] || label[start]) continue;
      const name = sizes.length;
      const stack = [start];
      label[start] = name;
      sizes.push(0);
      for (let p = stack.pop(); p !== undefined; p = stack.pop()) {
        sizes[name] += 1;
        const x = p % this.width;
        for (const q of [x > 0 ? p - 1 : -1, x + 1 < this.width ? p + 1 : -1, p - this.width, p + this.width]) {
          if (q >= 0 && q < this.on.length && this.on[q] && !label[q]) {
            label[q] = name;
            stack.push(q);
          }
        }
      }
    }
    const largest = sizes.indexOf(Math.max(...sizes));
    for (let i = 0; i < label.length; ++i) this.on[i] = label[i] > 0 && label[i] === largest ? 1 : 0;
    return sizes.length - 1;
  }

  /** The outer border of the one component, along the edges of its pixels. */
  border(): number[] {
    const start = this.on.indexOf(1);
    if (start < 0) return [];
    const steps = [[1, 0], [0, 1], [-1, 0], [0, -1]];
    let [x, y] = [start % this.width, Math.floor(start / this.width)];
    const [x0, y0] = [x, y];
    let way = 0;
    const points: number[] = [];
    do {
      points.push(x + this.left, y + this.top);
      do {
        x += steps[way][0];
        y += steps[way][1];
        // The pixels before the corner, right and left of the way (y points down).
        const [right, left] = [[[0, 0], [0, -1]], [[-1, 0], [0, 0]], [[-1, -1], [-1, 0]], [[0, -1], [-1, -1]]][way];
        if (!this.at(x + right[0], y + right[1])) {
          way = (way + 1) % 4;
          break;
        }
        if (this.at(x + left[0], y + left[1])) {
          way = (way + 3) % 4;
          break;
        }
      } while (x !== x0 || y !== y0);
    } while (x !== x0 || y !== y0);
    return points;
  }
}

/** Leaves out points that lie within `error` of the line through their neighbours (Douglas and Peucker 1973). */
export function simplified(points: readonly number[], error: number): number[] {
  const n = points.length / 2;
  if (n < 4) return [...points];
  let far = 0;
  const away = (i: number) => Math.hypot(points[2 * i] - points[0], points[2 * i + 1] - points[1]);
  for (let i = 1; i < n; ++i) if (away(i) > away(far)) far = i;
  const keep = new Set([0, far]);
  const part = (from: number, to: number): void => {
    const [ax, ay, bx, by] = [points[2 * from], points[2 * from + 1], points[2 * (to % n)], points[2 * (to % n) + 1]];
    const length = Math.hypot(bx - ax, by - ay) || 1;
    let [most, at] = [error, -1];
    for (let i = from + 1; i < to; ++i) {
      const distance = Math.abs((bx - ax) * (points[2 * i + 1] - ay) - (by - ay) * (points[2 * i] - ax)) / length;
      if (distance > most) [most, at] = [distance, i];
    }
    if (at < 0) return;
    keep.add(at);
    part(from, at);
    part(at, to);
  };
  part(0, far);
  part(far, n);
  return [...keep].sort((a, b) => a - b).flatMap((i) => [points[2 * i], points[2 * i + 1]]);
}

/** A bar of 3 px between the nearest corners of two outlines. */
function bridge(a: readonly number[], b: readonly number[]): number[] {
  let best = [0, 0, Infinity];
  for (let i = 0; i < a.length; i += 2) {
    for (let j = 0; j < b.length; j += 2) {
      const distance = Math.hypot(a[i] - b[j], a[i + 1] - b[j + 1]);
      if (distance < best[2]) best = [i, j, distance];
    }
  }
  const [x0, y0, x1, y1] = [a[best[0]], a[best[0] + 1], b[best[1]], b[best[1] + 1]];
  const [dx, dy] = best[2] > 0 ? [(x1 - x0) / best[2], (y1 - y0) / best[2]] : [1, 0];
  const corner = (x: number, y: number, u: number, v: number) => [x + u * dx * 1.5 - v * dy * 1.5, y + u * dy * 1.5 + v * dx * 1.5];
  return [...corner(x0, y0, -1, -1), ...corner(x1, y1, 1, -1), ...corner(x1, y1, 1, 1), ...corner(x0, y0, -1, 1)];
}

/** The union, as one outline; outlines that lie apart are joined by a narrow bar where they are nearest. Holes are filled. */
export function merged(outlines: readonly (readonly number[])[]): number[] {
  let one = [...outlines[0]];
  const rest = outlines.slice(1);
  while (rest.length > 0) {
    const gaps = rest.map((other) => {
      let gap = Infinity;
      for (let j = 0; j < other.length; j += 2) gap = Math.min(gap, contains(one, other[j], other[j + 1]) ? 0 : nearestEdge(one, other[j], other[j + 1]).distance);
      return gap;
    });
    const [next] = rest.splice(gaps.indexOf(Math.min(...gaps)), 1);
    let mask = new Mask([one, next]);
    if (mask.keepLargest() > 1) {
      mask = new Mask([one, next, bridge(one, next)]);
      mask.keepLargest();
    }
    one = simplified(mask.border(), 0.75);
  }
  return one;
}

/** The parts of an outline that the line from a to b cuts; one part if the line does not cross it. */
export function split(points: readonly number[], ax: number, ay: number, bx: number, by: number): number[][] {
  const crossings: { t: number; edge: number; x: number; y: number }[] = [];
  for (let i = 0; i < points.length; i += 2) {
    const j = (i + 2) % points.length;
    const [px, py, qx, qy] = [points[i], points[i + 1], points[j] - points[i], points[j + 1] - points[i + 1]];
    const cross = (bx - ax) * qy - (by - ay) * qx;
    if (cross === 0) continue;
    const t = ((px - ax) * qy - (py - ay) * qx) / cross;
    const u = ((px - ax) * (by - ay) - (py - ay) * (bx - ax)) / cross;
    if (t >= 0 && t <= 1 && u >= 0 && u < 1) crossings.push({ t, edge: i, x: eighth(ax + t * (bx - ax)), y: eighth(ay + t * (by - ay)) });
  }
  crossings.sort((a, b) => a.t - b.t);
  for (let k = 0; k + 1 < crossings.length; ++k) {
    const [first, second] = [crossings[k], crossings[k + 1]];
    const t = (first.t + second.t) / 2;
    if (first.edge === second.edge || !contains(points, ax + t * (bx - ax), ay + t * (by - ay))) continue;
    const ring = (from: typeof first, to: typeof first): number[] => {
      const part = [from.x, from.y];
      for (let i = (from.edge + 2) % points.length; ; i = (i + 2) % points.length) {
        part.push(points[i], points[i + 1]);
        if (i === to.edge) break;
      }
      return [...part, to.x, to.y];
    };
    const parts = [ring(first, second), ring(second, first)].filter((part) => areaOf(part) >= 1);
    if (parts.length < 2) continue;
    const after = Math.min(1, second.t + 1e-3);
    return parts.flatMap((part) => (after < 1 ? split(part, ax + after * (bx - ax), ay + after * (by - ay), bx, by) : [part]));
  }
  return [[...points]];
}

/** An ellipse in a box: what stands for a refused proposal whose outline is unknown. */
export function ellipse(x: number, y: number, width: number, height: number): number[] {
  const points: number[] = [];
  for (let k = 0; k < 24; ++k) {
    const angle = (k * Math.PI) / 12;
    points.push(eighth(x + (width / 2) * (1 + Math.cos(angle))), eighth(y + (height / 2) * (1 + Math.sin(angle))));
  }
  return points;
}

/** The place on a clip's map of a pixel of the frame that lies at `pose`: the inverse of toFrame. */
export function toMap(pose: { dx: number; dy: number; deg: number; cx: number; cy: number }, x: number, y: number): [number, number] {
  const angle = (pose.deg * Math.PI) / 180;
  const [u, v] = [x - pose.cx, y - pose.cy];
  return [pose.cx + pose.dx + u * Math.cos(angle) - v * Math.sin(angle), pose.cy + pose.dy + u * Math.sin(angle) + v * Math.cos(angle)];
}
