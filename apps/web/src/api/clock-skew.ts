// How far the server's clock is from the browser's, as one answer tells: the middle between asking and being answered, give
// or take half of the time between.

/** Not worth a word. */
const UNTOLD_MS = 250;

/** One answer, and what was held before it; browser's milliseconds, but for the server's own. */
export interface ClockReading {
  readonly serverMs: number;
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
  /** Server's clock minus the browser's. */
  readonly before: number;
}

/** Server's clock minus the browser's, milliseconds: as before where the answer does not prove another. */
export function clockSkewMs({ serverMs, sentAtMs, receivedAtMs, before }: ClockReading): number {
  const skew = serverMs - (sentAtMs + receivedAtMs) / 2;
  const bound = (receivedAtMs - sentAtMs) / 2;
  return Math.abs(skew - before) > bound + UNTOLD_MS ? skew : before;
}
