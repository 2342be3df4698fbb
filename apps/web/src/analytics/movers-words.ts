// Movers in a sentence.

import type { analyticsV1 } from "@truechimer/api";
import { countOf, NO_BREAK_SPACE } from "../format/number.ts";
import { formatSpan } from "../format/offset.ts";
import { type MeasureFacts, valueText } from "./heat-scale.ts";

/** Who has grown the most, by how much, and whether the bounds explain it. */
export function moversSentence(
  { movers, serversCompared }: analyticsV1.GetMoversResponse,
  measure: MeasureFacts,
): string {
  const [first] = movers;
  const compared = countOf(serversCompared, "server");
  if (first === undefined)
    return `The ${measure.word.toLowerCase()} of none of ${compared} has grown.`;
  const by = valueText(measure, first.change);
  const head = `The ${measure.word.toLowerCase()} of ${first.serverName} has grown the most of ${compared}, by ${by}`;
  if (first.changeBound === undefined) return `${head}.`;
  const explained =
    first.change <= first.changeBound
      ? "which the error bounds explain"
      : "more than the error bounds explain";
  return `${head}${NO_BREAK_SPACE}±${NO_BREAK_SPACE}${formatSpan(first.changeBound)}, ${explained}.`;
}
