// Frequencies and averaging times as people read them.

import type { analyticsV1 } from "@truechimer/api";
import { formatFixed, NO_BREAK_SPACE } from "../format/number.ts";

/** "3.64 ± 0.80 ppb": parts per million, billion or trillion are easier to compare than powers of ten. */
export function fractionText(fraction: number, error: number): string {
  const [unit, size] =
    fraction >= 1e-7 ? ["ppm", 1e-6] : fraction >= 1e-10 ? ["ppb", 1e-9] : ["ppt", 1e-12];
  const value = fraction / size;
  const decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const bound = formatFixed(error / size, decimals);
  return [formatFixed(value, decimals), "±", bound, unit].join(NO_BREAK_SPACE);
}

/** "64 s", "17 min", "4.6 h" */
export function averagingText(seconds: number): string {
  const [unit, size] =
    seconds >= 86_400
      ? ["d", 86_400]
      : seconds >= 3_600
        ? ["h", 3_600]
        : seconds >= 120
          ? ["min", 60]
          : ["s", 1];
  const value = seconds / size;
  return `${Number(value.toPrecision(2))}${NO_BREAK_SPACE}${unit}`;
}

/** Where each line is lowest: beyond it, averaging longer helps no more. */
export function allanSentence(answer: analyticsV1.GetAllanDeviationResponse): string {
  const best = answer.series
    .flatMap(({ monitorName, tauS, deviation, error }) =>
      tauS.map((tau, at) => ({
        monitorName,
        tau,
        deviation: deviation[at] ?? Number.NaN,
        error: error[at] ?? Number.NaN,
      })),
    )
    .toSorted((one, other) => one.deviation - other.deviation)[0];
  if (best === undefined) return "Too few offsets at even distances to tell how stable it is.";
  return `At its most stable ${fractionText(best.deviation, best.error)}, averaged over ${averagingText(best.tau)}, as ${best.monitorName} sees it.`;
}
