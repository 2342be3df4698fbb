import type { Column, Condition, ConditionValue } from "@truechimer/filter";
import type { Measurement } from "@truechimer/history";
import { expect, test } from "vitest";
import { checkFilter } from "./check-filter.ts";

/** As memory keeps it: scores and steps to seven digits, spans to a fraction of a nanosecond. */
const row = {
  score: Math.fround(19.1),
  step: Math.fround(0.7),
  boundNs: 1_500.25,
  rttNs: 40_000.4,
} as Measurement;
const other = { id: 1n, name: "a", ip_version: "v4", verdict: "unsure" } as const;

test.each<[column: Column, value: ConditionValue]>([
  ["check.score", 19.1],
  ["check.step", 0.7],
  ["check.bound_ns", 1_500],
  ["check.rtt_ns", 40_000],
])("%s of a row in memory is what the database has", (column, value) => {
  const condition: Condition = { kind: "compare", column, comparison: "eq", value };
  const { passesCheck } = checkFilter(condition);
  expect(passesCheck({ row, server: other, monitor: other })).toBe(true);
});
