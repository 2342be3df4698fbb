// Rows that wait for one stream, in the arrays in which they came: what nobody had to cut or join goes out encoded once
// for all streams.

import type { LiveRow } from "./live-rows.ts";

export interface WaitingRows {
  readonly length: number;
  /** Behind all others. */
  push(rows: readonly LiveRow[]): void;
  dropOldest(count: number): void;
  /** The oldest: at most so many, whole arrays where they fit. */
  take(rowsMax: number): readonly LiveRow[];
}

export function createWaitingRows(): WaitingRows {
  const parts: (readonly LiveRow[])[] = [];
  let length = 0;
  const cutFirst = (count: number): void => {
    parts[0] = (parts[0] ?? []).slice(count);
    length -= count;
  };
  const shift = (): readonly LiveRow[] => {
    const first = parts.shift() ?? [];
    length -= first.length;
    return first;
  };
  return {
    get length() {
      return length;
    },
    push: (rows) => {
      if (rows.length === 0) return;
      parts.push(rows);
      length += rows.length;
    },
    dropOldest: (count) => {
      let left = count;
      for (let first = parts[0]; first !== undefined && left > 0; first = parts[0]) {
        if (first.length > left) cutFirst(left);
        else shift();
        left -= Math.min(left, first.length);
      }
    },
    take: (rowsMax) => {
      const first = parts[0] ?? [];
      if (first.length > rowsMax) {
        cutFirst(rowsMax);
        return first.slice(0, rowsMax);
      }
      const taken = [shift()];
      let count = first.length;
      for (let next = parts[0]; next !== undefined; next = parts[0]) {
        count += next.length;
        if (count > rowsMax) break;
        taken.push(shift());
      }
      return taken.length === 1 ? first : taken.flat();
    },
  };
}
