// SPDX-License-Identifier: Apache-2.0
// The one place that talks to the server.
import type { Correction, Detail, Item, Run } from "./types";

/** The server answered and refused. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const answer = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: body === undefined ? {} : { "Content-Type": "application/json", "X-CapillaryX": "1" },
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
  });
  if (!answer.ok) {
    const text = await answer.json().then((e: { error?: string }) => e.error, () => undefined);
    throw new Refused(answer.status, text ?? `the server answered ${answer.status}`);
  }
  return (await answer.json()) as T;
}

export const api = {
  run: () => ask<Run>("/api/run"),
  items: async () => (await ask<{ items: Item[] }>("/api/items")).items,
  detail: (id: number, reveal: boolean) => ask<Detail>(`/api/item?id=${id}${reveal ? "&reveal=1" : ""}`),
  picture: (id: number, page: number | null) => `/api/picture?id=${id}${page === null ? "" : `&page=${page}`}`,
  proposal: async (id: number, candidate: number) => (await ask<{ points: number[] }>(`/api/proposal?id=${id}&candidate=${candidate}`)).points,
  corrections: async () => (await ask<{ records: Correction[] }>("/api/corrections")).records,
  append: (records: readonly Correction[]) => ask<{ seq: number }>("/api/corrections", { records }),
  close: () => ask<object>("/api/close", {}),
};
