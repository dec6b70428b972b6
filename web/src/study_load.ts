// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "preact/hooks";
import { load } from "./load";
import type { Study } from "./study_data";

/** The study beside the page, or null: a folder of pictures without subjects is none, and an older output folder has none. */
export function useStudy(): Study | null {
  const [study, setStudy] = useState<Study | null>(null);
  useEffect(() => {
    load<Study | null>("study").then(
      setStudy,
      () => undefined,
    );
  }, []);
  return study;
}
