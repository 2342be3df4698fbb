// Figures of the history in memory as messages.

import { create } from "@bufbuild/protobuf";
import { analyticsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { CheckFigures, HeatMeasure } from "@truechimer/history";
import { offsetMessage } from "../admin-api/admin-message.ts";

const MEASURES: ReadonlyMap<analyticsV1.Measure, HeatMeasure> = new Map([
  [analyticsV1.Measure.UNSPECIFIED, "offset"],
  [analyticsV1.Measure.OFFSET, "offset"],
  [analyticsV1.Measure.DELAY, "delay"],
  [analyticsV1.Measure.LOSS, "loss"],
]);

const MEASURE_MESSAGES: Readonly<Record<HeatMeasure, analyticsV1.Measure>> = {
  offset: analyticsV1.Measure.OFFSET,
  delay: analyticsV1.Measure.DELAY,
  loss: analyticsV1.Measure.LOSS,
};

/** Fails with bad_request for a number that is no measure. */
export function measureFrom(measure: analyticsV1.Measure): HeatMeasure {
  const known = MEASURES.get(measure);
  if (known !== undefined) return known;
  throw new AppError(
    "bad_request",
    `measure ${measure} is none: expected MEASURE_OFFSET, MEASURE_DELAY or MEASURE_LOSS`,
  );
}

export function measureMessage(measure: HeatMeasure): analyticsV1.Measure {
  return MEASURE_MESSAGES[measure];
}

export function figuresMessage(figures: CheckFigures): analyticsV1.CheckFigures {
  return create(analyticsV1.CheckFiguresSchema, {
    checks: BigInt(figures.checks),
    failed: BigInt(figures.failed),
    samplesSent: BigInt(figures.samplesSent),
    samplesAnswered: BigInt(figures.samplesAnswered),
    ...offsetMessage(wholeNs(figures.offsetNs) ?? null, wholeNs(figures.boundNs) ?? null),
    ...knownField("absOffsetNs", wholeNs(figures.absOffsetNs)),
    ...knownField("rttNs", wholeNs(figures.rttNs)),
    ...knownField("leastOffsetNs", wholeNs(figures.leastOffsetNs)),
    ...knownField("greatestOffsetNs", wholeNs(figures.greatestOffsetNs)),
  });
}

/** {} where there is none. */
export function knownField<Key extends string, Value extends number | bigint>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  const isKnown = value !== undefined && !Number.isNaN(Number(value));
  return isKnown ? ({ [key]: value } as { [K in Key]?: Value }) : {};
}

/** Undefined: there is none. */
export function wholeNs(ns: number): bigint | undefined {
  return Number.isNaN(ns) ? undefined : BigInt(Math.round(ns));
}

/** `asked` 0: `normal`. Fails, naming the field, with limit_exceeded above `max` and with bad_request below `min`. */
export function countWithin(
  field: string,
  asked: number,
  {
    normal,
    min = 1,
    max,
  }: { readonly normal: number; readonly min?: number; readonly max: number },
): number {
  if (asked > max) {
    throw new AppError("limit_exceeded", `${field} ${asked} is too large: at most ${max}`);
  }
  if (asked > 0 && asked < min) {
    throw new AppError(
      "bad_request",
      `${field} ${asked} is too small: at least ${min}, or 0 for ${normal}`,
    );
  }
  return asked === 0 ? normal : asked;
}
