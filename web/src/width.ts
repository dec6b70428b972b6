// SPDX-License-Identifier: Apache-2.0
// The width that a chart has on the page, and on paper.
import { useEffect, useRef, useState } from "preact/hooks";

export function useWidth(): [preactRef: { current: HTMLDivElement | null }, width: number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(760);
  useEffect(() => {
    const measure = () => setWidth(Math.max(320, box.current?.clientWidth ?? 760));
    const paper = () => setWidth(760);
    const observer = new ResizeObserver(measure);
    if (box.current) observer.observe(box.current);
    addEventListener("beforeprint", paper);
    addEventListener("afterprint", measure);
    return () => {
      observer.disconnect();
      removeEventListener("beforeprint", paper);
      removeEventListener("afterprint", measure);
    };
  }, []);
  return [box, width];
}
