// What the colours of a heat map stand for: steps of each measure, and the value as text.

import { analyticsV1 } from "@truechimer/api";
import { formatShare, NO_BREAK_SPACE } from "../format/number.ts";
import { formatSpan } from "../format/offset.ts";

export type MeasureName = "offset" | "delay" | "loss";

export interface MeasureFacts {
  readonly name: MeasureName;
  readonly word: string;
  readonly wire: analyticsV1.Measure;
  /** Where each step but the first begins, in the measure's unit. */
  readonly steps: readonly number[];
  /** From here on somebody should look. The beginning of a step. */
  readonly limit: number;
  readonly definition: string;
  /** "at or above 25 ms" */
  readonly limitText: string;
}

const MS = 1e6;

/** The offsets' limits are those of the steps of the score; delays those of places, continents and the far side. */
export const MEASURES: readonly MeasureFacts[] = [
  {
    name: "offset",
    word: "Offset",
    wire: analyticsV1.Measure.OFFSET,
    steps: [0.1 * MS, 1 * MS, 10 * MS, 25 * MS, 100 * MS, 1_000 * MS],
    limit: 25 * MS,
    definition: "Median of the offsets without their signs.",
    limitText: `25${NO_BREAK_SPACE}ms or more off`,
  },
  {
    name: "delay",
    word: "Delay",
    wire: analyticsV1.Measure.DELAY,
    steps: [1 * MS, 5 * MS, 20 * MS, 50 * MS, 100 * MS, 200 * MS],
    limit: 200 * MS,
    definition: "Median round trip without the server's own time.",
    limitText: `200${NO_BREAK_SPACE}ms or more away`,
  },
  {
    name: "loss",
    word: "Loss",
    wire: analyticsV1.Measure.LOSS,
    steps: [Number.MIN_VALUE, 0.01, 0.02, 0.05, 0.2, 0.5],
    limit: 0.2,
    definition: "Share of the samples without an answer.",
    limitText: `20${NO_BREAK_SPACE}% or more lost`,
  },
];

/** The measure of an address; without one, the offset. */
export function measureOf(word: string | undefined): MeasureFacts {
  return MEASURES.find(({ name }) => name === word) ?? (MEASURES[0] as MeasureFacts);
}

/** Undefined: there is no value. */
export function heatStep({ steps }: MeasureFacts, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  return steps.findLastIndex((from) => value >= from) + 1;
}

/** A value of the measure. */
export function valueText({ name }: MeasureFacts, value: number): string {
  return name === "loss" ? formatShare(value) : formatSpan(value);
}

/** One entry a step: "0 %", "below 100 µs", "100 µs", … where it begins. */
export function stepTexts(measure: MeasureFacts): readonly string[] {
  const [first = 0, ...rest] = measure.steps;
  if (measure.name === "loss") {
    const text = (share: number): string => `${share * 100}${NO_BREAK_SPACE}%`;
    return ["none", `below ${text(rest[0] ?? 0)}`, ...rest.map(text)];
  }
  const text = (ns: number): string => formatSpan(ns).replace(/\.0+(?=\D)/, "");
  return [`below ${text(first)}`, ...measure.steps.map(text)];
}
