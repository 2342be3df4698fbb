// A document's keys in the order in which people write them: the database keeps them in one of its own.

import type { JsonValue } from "@truechimer/database";

/** Of all levels at once: no key means two things. */
const ORDER: readonly string[] = [
  "name",
  "version",
  "about",
  "decay",
  "overall",
  "steps",
  "recent_median",
  "every",
  "verdict",
  "rule",
  "when",
  "agent_fault",
  "no_response",
  "failed",
  "reasons",
  "stratum_min",
  "stratum_max",
  "offset_above",
  "step",
  "step_per_second",
  "step_max",
  "cap",
  "counts",
  "text",
  "statuses",
  "lookback",
  "score",
  "offset_limit",
  "witnesses_min",
  "fresh_intervals",
];

export function inWrittenOrder(value: JsonValue): JsonValue {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(inWrittenOrder);
  const entries = Object.entries(value as { readonly [key: string]: JsonValue });
  return Object.fromEntries(
    entries
      .toSorted(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))
      .map(([key, inner]) => [key, inWrittenOrder(inner)]),
  );
}
