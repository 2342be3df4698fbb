// What a filter of checks reads of a row in memory, and of a server's or a monitor's row of the database.

import { assert } from "@truechimer/base";
import { nsFromTimestamptz, type Timestamptz } from "@truechimer/database";
import type { Column, ConditionValue, ReadColumn } from "@truechimer/filter";
import type { Measurement } from "@truechimer/history";
import { sevenDigits } from "../admin-api/measurement-numbers.ts";
import { CHECK_FILTER_COLUMNS } from "./filter-columns.ts";

const NS_PER_US = 1_000n;

/** By column. Memory keeps some numbers to seven digits or a fraction of a nanosecond; they are read as the database has them. */
export const REMEMBERED_CHECK: Readonly<Record<Column, ReadColumn<Measurement>>> = {
  "check.at": ({ atUs }) => BigInt(atUs) * NS_PER_US,
  "check.offset_ns": ({ offsetNs }) => offsetNs,
  "check.bound_ns": ({ boundNs }) => Math.round(boundNs),
  "check.rtt_ns": ({ rttNs }) => Math.round(rttNs),
  "check.stratum": ({ stratum }) => (stratum < 0 ? undefined : stratum),
  "check.leap": ({ leap }) => (leap < 0 ? undefined : leap),
  "check.reason": ({ reason }) => (reason === "" ? undefined : reason),
  "check.step": ({ step }) => sevenDigits(step),
  "check.score": ({ score }) => sevenDigits(score),
  "check.has_evidence": ({ hasEvidence }) => hasEvidence,
  "check.id": ({ id }) => id,
};

/** The value of a column of a server or a monitor, whose row has its values under the columns' names. */
export function rowValue(
  row: Readonly<Record<Column, unknown>>,
  column: Column,
): ConditionValue | undefined {
  const known = CHECK_FILTER_COLUMNS[column];
  assert(known !== undefined, `no column ${column}`);
  const value = row[column];
  if (value === null || value === undefined) return undefined;
  if (known.type === "instant") return nsFromTimestamptz(value as Timestamptz);
  return known.type === "float8" ? Number(value) : (value as ConditionValue);
}
