// SPDX-License-Identifier: Apache-2.0
// A chart as a file: SVG and PNG in the widths of journals, with their font inside, and the CSV behind it.
import type { VNode } from "preact";
import { render } from "preact";
import font from "@fontsource/source-sans-3/files/source-sans-3-latin-400-normal.woff2";
import type { Palette } from "./chart";
import { PAPER } from "./chart";

/** Draws the chart `width` px wide. */
export type Draw = (palette: Palette, width: number) => VNode;

const SINGLE_MM = 85;
const DOUBLE_MM = 178;
const DPI = 600;
// Text is drawn with 12 px; two thirds of a point for a px make it 8 pt, as journals ask.
const PX_PER_MM = (72 / 25.4) * 1.5;

/** The chart as an SVG file `mm` wide. */
export function svgFile(draw: Draw, mm: number): string {
  const width = Math.round(mm * PX_PER_MM);
  const box = document.createElement("div");
  render(draw(PAPER, width), box);
  const svg = box.querySelector("svg");
  if (!svg) throw new Error("the chart is no SVG");
  const height = Number(svg.getAttribute("height"));
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("width", `${mm}mm`);
  svg.setAttribute("height", `${((mm * height) / width).toFixed(2)}mm`);
  svg.setAttribute("font-family", "'Source Sans 3', Arial, sans-serif");
  const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
  style.textContent = `@font-face{font-family:"Source Sans 3";src:url(${font}) format("woff2")}`;
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: "#ffffff" })) ground.setAttribute(name, value);
  svg.prepend(style, ground);
  const text = new XMLSerializer().serializeToString(svg);
  render(null, box);
  return text;
}

/** Adds the number of dots per inch to a PNG (its pHYs chunk, after IHDR). */
export function withDpi(png: Uint8Array, dpi: number): Uint8Array {
  const chunk = new Uint8Array(21);
  const view = new DataView(chunk.buffer);
  const perMetre = Math.round(dpi / 0.0254);
  view.setUint32(0, 9);
  chunk.set([0x70, 0x48, 0x59, 0x73], 4);
  view.setUint32(8, perMetre);
  view.setUint32(12, perMetre);
  chunk[16] = 1;
  let crc = 0xffffffff;
  for (let i = 4; i < 17; ++i) {
    crc ^= chunk[i];
    for (let k = 0; k < 8; ++k) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  view.setUint32(17, ~crc >>> 0);
  const end = 33; // signature and IHDR
  const out = new Uint8Array(png.length + chunk.length);
  out.set(png.subarray(0, end));
  out.set(chunk, end);
  out.set(png.subarray(end), end + chunk.length);
  return out;
}

async function pngFile(draw: Draw, mm: number): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgFile(draw, mm))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round((mm / 25.4) * DPI);
  canvas.height = Math.round((canvas.width * image.naturalHeight) / image.naturalWidth);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("the browser made no PNG");
  return new Blob([withDpi(new Uint8Array(await blob.arrayBuffer()), DPI) as BlobPart], { type: "image/png" });
}

export function save(name: string, content: Blob | string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** The buttons under a chart. */
export function Downloads({ name, draw, table }: { name: string; draw: Draw; table: () => string }) {
  const svg = (mm: number) => save(`${name}_${mm}mm.svg`, svgFile(draw, mm), "image/svg+xml");
  const png = async (mm: number) => save(`${name}_${mm}mm.png`, await pngFile(draw, mm), "image/png");
  return (
    <details class="downloads screen">
      <summary>Download this chart</summary>
      <div class="buttons">
        {[SINGLE_MM, DOUBLE_MM].map((mm) => (
          <button type="button" class="button" key={`svg${mm}`} onClick={() => svg(mm)}>{`SVG, ${mm} mm`}</button>
        ))}
        {[SINGLE_MM, DOUBLE_MM].map((mm) => (
          <button type="button" class="button" key={`png${mm}`} onClick={() => void png(mm)}>{`PNG, ${mm} mm, ${DPI} dpi`}</button>
        ))}
        <button type="button" class="button" onClick={() => save(`${name}.csv`, table(), "text/csv")}>
          CSV
        </button>
      </div>
    </details>
  );
}
