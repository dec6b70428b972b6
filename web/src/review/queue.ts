// SPDX-License-Identifier: Apache-2.0
// Corrections on their way to the disk. One request at a time, in order. What the server has not acknowledged stays
// here and is sent again; the server knows a record by its number, so that none is appended twice.
import { Refused } from "./api";
import type { Correction } from "./types";

export interface SaveState {
  waiting: number;
  /** Why the last attempt failed; empty: it did not. */
  error: string;
  /** The server holds other records: sending again cannot help. */
  refused: boolean;
}

const MOST_AT_ONCE = 100;
const MOST_BYTES = 500_000;
const SLOWEST_MS = 5000;

/** As many records from the front as one request takes. */
export function batch(waiting: readonly Correction[]): Correction[] {
  let bytes = 0;
  let n = 0;
  while (n < waiting.length && n < MOST_AT_ONCE) {
    bytes += JSON.stringify(waiting[n]).length;
    if (n > 0 && bytes > MOST_BYTES) break;
    ++n;
  }
  return waiting.slice(0, n);
}

export class SaveQueue {
  private waiting: Correction[] = [];
  private sending = false;
  private delay_ms = 250;
  private error = "";
  private refused = false;

  constructor(
    private readonly append: (records: readonly Correction[]) => Promise<{ seq: number }>,
    private readonly changed: (state: SaveState) => void,
    private readonly later: (work: () => void, ms: number) => void = (work, ms) => void setTimeout(work, ms),
  ) {}

  push(record: Correction): void {
    this.waiting.push(record);
    this.tell();
    void this.send();
  }

  /** Tries again at once. */
  retry(): void {
    this.refused = false;
    void this.send();
  }

  private tell(): void {
    this.changed({ waiting: this.waiting.length, error: this.error, refused: this.refused });
  }

  private async send(): Promise<void> {
    if (this.sending || this.refused || this.waiting.length === 0) return;
    this.sending = true;
    try {
      const { seq } = await this.append(batch(this.waiting));
      this.waiting = this.waiting.filter((r) => r.seq > seq);
      this.error = "";
      this.delay_ms = 250;
    } catch (error) {
      this.refused = error instanceof Refused && error.status !== 503;
      this.error = (error as Error).message;
    }
    this.sending = false;
    this.tell();
    if (this.error && !this.refused) {
      this.later(() => void this.send(), this.delay_ms);
      this.delay_ms = Math.min(SLOWEST_MS, this.delay_ms * 2);
    } else if (!this.error) void this.send();
  }
}
