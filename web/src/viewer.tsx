// SPDX-License-Identifier: Apache-2.0
// One picture with zoom and pan (OpenSeadragon), outlines over it, a scale bar if the scale is known.
import OpenSeadragon from "openseadragon";
import type { ComponentChildren } from "preact";
import { render } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Shape } from "./data";
import { number, roundLength } from "./format";
import type { Pose } from "./outlines";
import { Outlines } from "./outlines";

export type View = "original" | "vessels";

export interface Picture {
  url: string;
  width: number;
  height: number;
}

interface Props {
  picture: Picture;
  label: string;
  shapes: readonly Shape[];
  view: View;
  contrast: number;
  outlines: boolean;
  boxes: boolean;
  active: number | null;
  onActive: (id: number | null) => void;
  /** um per px; null: no scale was given and there is no bar. */
  scale: number | null;
  pose?: Pose;
  /** What stands over the picture instead of the outlines: an editor. */
  layer?: (transform: Transform) => ComponentChildren;
  onViewer?: (viewer: OpenSeadragon.Viewer) => void;
}

export interface Transform {
  zoom: number;
  x: number;
  y: number;
}

const BAR_PX = 160;
const BACKGROUND_PX = 24; // of the picture: wider than a capillary, narrower than the lighting

const blank = (width: number, height: number) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"/>`)}`;

/** The vessel channel: green, its blurred background taken off, contrast raised. For looking; nothing is measured on it. */
function VesselFilter({ id, zoom, contrast }: { id: string; zoom: number; contrast: number }) {
  return (
    <svg class="filter" width="0" height="0" aria-hidden="true">
      <filter id={id} x="0" y="0" width="1" height="1" color-interpolation-filters="sRGB">
        <feColorMatrix values="0 1 0 0 0  0 1 0 0 0  0 1 0 0 0  0 0 0 1 0" result="green" />
        <feGaussianBlur in="green" stdDeviation={Math.min(80, BACKGROUND_PX * zoom)} edgeMode="duplicate" />
        <feComponentTransfer result="inverse">
          <feFuncR type="linear" slope="-1" intercept="1" />
          <feFuncG type="linear" slope="-1" intercept="1" />
          <feFuncB type="linear" slope="-1" intercept="1" />
        </feComponentTransfer>
        <feComposite in="green" in2="inverse" operator="arithmetic" k2="0.5" k3="0.5" />
        <feComponentTransfer>
          {(["R", "G", "B"] as const).map((channel) => {
            const slope = 2 * contrast;
            const numbers = { type: "linear" as const, slope, intercept: 0.5 - slope / 2 };
            return channel === "R" ? <feFuncR {...numbers} /> : channel === "G" ? <feFuncG {...numbers} /> : <feFuncB {...numbers} />;
          })}
        </feComponentTransfer>
      </filter>
    </svg>
  );
}

let viewers = 0;

export function PictureViewer(props: Props) {
  const { picture, view, scale } = props;
  const box = useRef<HTMLDivElement>(null);
  const osd = useRef<OpenSeadragon.Viewer | null>(null);
  const layer = useRef<HTMLDivElement | null>(null);
  const [transform, setTransform] = useState<Transform>({ zoom: 1, x: 0, y: 0 });
  const [missing, setMissing] = useState(false);
  const [filter] = useState(() => `vessels-${++viewers}`);

  const size = useRef(picture);
  size.current = picture;
  useLayoutEffect(() => {
    if (!box.current) return undefined;
    const viewer = new OpenSeadragon.Viewer({
      element: box.current,
      drawer: "canvas",
      showNavigationControl: false,
      showNavigator: false,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      maxZoomPixelRatio: 16,
      visibilityRatio: 0.5,
      minZoomImageRatio: 0.8,
      animationTime: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 0.4,
      imageSmoothingEnabled: true,
      preserveViewport: true,
    });
    osd.current = viewer;
    props.onViewer?.(viewer);
    layer.current = document.createElement("div");
    layer.current.className = "layer";
    viewer.canvas.append(layer.current);
    const follow = () => {
      const { width } = size.current;
      const origin = viewer.viewport.pixelFromPoint(new OpenSeadragon.Point(0, 0), true);
      const zoom = (viewer.viewport.getContainerSize().x * viewer.viewport.getZoom(true)) / width;
      setTransform((old) => (old.zoom === zoom && old.x === origin.x && old.y === origin.y ? old : { zoom, x: origin.x, y: origin.y }));
    };
    for (const event of ["update-viewport", "open", "resize", "animation"] as const) viewer.addHandler(event, follow);
    viewer.addHandler("open-failed", () => {
      setMissing(true);
      viewer.open({ type: "image", url: blank(size.current.width, size.current.height), buildPyramid: false } as never);
    });
    return () => {
      if (layer.current) render(null, layer.current);
      viewer.destroy();
      osd.current = null;
    };
  }, []);

  useEffect(() => {
    setMissing(picture.url === "");
    osd.current?.open({ type: "image", url: picture.url || blank(picture.width, picture.height), buildPyramid: false } as never);
  }, [picture.url, picture.width, picture.height]);

  useLayoutEffect(() => {
    const canvas = osd.current?.drawer?.canvas as HTMLElement | undefined;
    if (canvas) canvas.style.filter = view === "vessels" ? `url(#${filter})` : "";
  });

  useLayoutEffect(() => {
    if (!layer.current) return;
    const { zoom, x, y } = transform;
    render(
      props.layer ? <>{props.layer(transform)}</> : <svg class="over-picture" aria-hidden="true">
        <g class={props.outlines ? "" : "hidden-outlines"} transform={`translate(${x} ${y}) scale(${zoom})`}>
          <Outlines shapes={props.shapes} active={props.active} onActive={props.onActive} boxes={props.boxes && props.outlines} pose={props.pose} />
        </g>
      </svg>,
      layer.current,
    );
  });

  const zoomBy = (factor: number) => {
    const viewport = osd.current?.viewport;
    viewport?.zoomBy(factor);
    viewport?.applyConstraints();
  };
  const um = scale === null ? null : roundLength((BAR_PX / transform.zoom) * scale);
  return (
    <div class="picture-viewer">
      <VesselFilter id={filter} zoom={transform.zoom} contrast={props.contrast} />
      <div class="osd" ref={box} role="group" aria-label={props.label} style={{ aspectRatio: `${picture.width} / ${picture.height}` }} />
      {missing && <p class="missing">The picture itself is not here: its outlines are shown without it.</p>}
      {um !== null && scale !== null && (
        <div class="scale-bar" style={{ width: `${(um / scale) * transform.zoom}px` }}>
          {um >= 1000 ? `${um / 1000} mm` : `${number(um, 1)} \u00b5m`}
        </div>
      )}
      <div class="zoom screen">
        <button type="button" class="button" aria-label="Zoom in" onClick={() => zoomBy(1.5)}>
          +
        </button>
        <button type="button" class="button" aria-label="Zoom out" onClick={() => zoomBy(1 / 1.5)}>
          {"\u2212"}
        </button>
        <button type="button" class="button" aria-label="Whole picture" onClick={() => osd.current?.viewport.goHome()}>
          {"\u2922"}
        </button>
      </div>
    </div>
  );
}
