// A measurement as vectors have it: 64-bit numbers as decimal text.

import type { Measurement } from "@truechimer/ntp";

/** null: nothing was measured. */
export function measurementForVector(measurement: Measurement | undefined): unknown {
  if (measurement === undefined) return null;
  const { offsetNs, delayNs, boundNs, boundParts } = measurement;
  return {
    offsetNs: String(offsetNs),
    delayNs: String(delayNs),
    boundNs: String(boundNs),
    boundParts: boundParts.map(({ name, valueNs }) => ({ name, valueNs: String(valueNs) })),
  };
}
