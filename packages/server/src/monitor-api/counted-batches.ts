// The batches of which a result was counted for one assignment, so that each counts once under whatever submission id,
// and one that is late still counts. Kept: the newest, as text with spaces between, in their order. The row is written
// with every result, so it holds those of some minutes alone.

import { ulidTimeMs } from "@truechimer/base";

/** An agent that could not deliver tries again after 3 minutes at the latest: 2 of rest, 1 of trying. */
const KEPT_MS = 10 * 60_000;
/** Kept however old, so that long intervals have some. */
const KEPT_MIN = 8;
/** Kept however young: about 3 KB, at an interval of 5 s all of the ten minutes. */
const KEPT_MAX = 128;
const ULID_CHARACTERS = 26;
/** A list that is shorter has less than `KEPT_MIN`: with one more, nothing goes. */
const FEW_CHARACTERS = KEPT_MIN * (ULID_CHARACTERS + 1) - 1;

/** Why a batch cannot be counted. Absent: it can. */
export function batchProblem(counted: string, batchId: string): "counted" | "too_old" | undefined {
  if (isNewest(counted, batchId)) return undefined;
  const batches = listOf(counted);
  if (batches.includes(batchId)) return "counted";
  const [oldest] = batches;
  if (oldest === undefined || batchId > oldest) return undefined;
  // Only what would not be remembered may have been forgotten.
  return kept([batchId, ...batches]).includes(batchId) ? undefined : "too_old";
}

/** With one more; the oldest make room. */
export function withBatch(counted: string, batchId: string): string {
  if (counted.length < FEW_CHARACTERS && isNewest(counted, batchId)) {
    return counted === "" ? batchId : `${counted} ${batchId}`;
  }
  return kept([...listOf(counted), batchId].toSorted()).join(" ");
}

/** Of a list in order. */
function kept(batches: readonly string[]): readonly string[] {
  const newest = batches.at(-1);
  if (newest === undefined) return batches;
  const sinceMs = ulidTimeMs(newest) - KEPT_MS;
  return batches
    .slice(-KEPT_MAX)
    .filter(
      (batch, index, { length }) => index >= length - KEPT_MIN || ulidTimeMs(batch) >= sinceMs,
    );
}

/** The rule: batches come in their order, and no list has to be made to see it. */
function isNewest(counted: string, batchId: string): boolean {
  return counted === "" || batchId > counted.slice(-ULID_CHARACTERS);
}

function listOf(counted: string): readonly string[] {
  return counted === "" ? [] : counted.split(" ");
}
