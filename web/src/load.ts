// SPDX-License-Identifier: Apache-2.0
// The data beside the page. `data/NAME.js` is one call, capillaryx_data("NAME", "JSON"): a classic script, because a page
// that was opened from a file may load scripts beside it but may not fetch. JSON travels as text and is parsed as JSON,
// so that nothing in it is ever code.
import type { ClipLine, DetailChunk, Row, Shape } from "./data";
import { outline } from "./data";

const waiting = new Map<string, (text: string) => void>();
const base = (document.currentScript as HTMLScriptElement | null)?.src ?? location.href;

declare global {
  interface Window {
    capillaryx_data: (name: string, text: string) => void;
  }
}
window.capillaryx_data = (name, text) => waiting.get(name)?.(text);

/** Loads data/NAME.js. */
export function load<T>(name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const end = () => {
      waiting.delete(name);
      script.remove();
    };
    waiting.set(name, (text) => resolve(JSON.parse(text) as T));
    script.onload = () => {
      end();
      reject(new Error(`data/${name}.js does not hold what its name says`)); // no effect after resolve
    };
    script.onerror = () => {
      end();
      reject(new Error(`data/${name}.js cannot be loaded: keep the folder of the page beside it`));
    };
    script.src = new URL(`data/${name}.js`, base).href;
    document.head.append(script);
  });
}

/** Keeps what was loaded last, so that memory does not grow with what was looked at. */
export class Cache<T> {
  private readonly kept = new Map<string, Promise<T>>();
  constructor(private readonly most: number) {}

  get(name: string): Promise<T> {
    const found = this.kept.get(name) ?? load<T>(name);
    this.kept.delete(name);
    this.kept.set(name, found);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.most) break;
      this.kept.delete(oldest);
    }
    return found;
  }
}

const details = new Cache<DetailChunk>(6);

export async function shapesOf(row: Row): Promise<Shape[]> {
  if (!row.count) return [];
  const chunk = await details.get(`frames-${String(row.detail).padStart(5, "0")}`);
  return (chunk.frames[row.index - chunk.first] ?? []).map(([score, area, points], k) => ({
    id: k + 1,
    score,
    area,
    points: outline(points),
  }));
}

const clips = new Cache<ClipLine>(3);
export const clipLine = (clip: number): Promise<ClipLine> => clips.get(`clip-${String(clip).padStart(5, "0")}`);
