// The batches of which a result was counted for one assignment, so that each counts once under whatever submission id,
// and one that is late still counts. Kept: the newest, as text with spaces between, in their order. The row is written
// with every result, so it holds those of some minutes alone.

import { ulidTimeMs, ulidTimeText } from "@truechimer/base";

/** An agent that could not deliver tries again after 3 minutes at the latest: 2 of rest, 1 of trying. */
const KEPT_MS = 10 * 60_000;
/** Kept however old, so that long intervals have some. */
const KEPT_MIN = 8;
/** Kept however young: about 3 KB, at an interval of 5 s all of the ten minutes. */
const KEPT_MAX = 128;
const ULID_CHARACTERS = 26;
/** With the space. */
const PLACE_CHARACTERS = ULID_CHARACTERS + 1;

/** Why a batch cannot be counted. Absent: it can. */
export function batchProblem(counted: string, batchId: string): "counted" | "too_old" | undefined {
  if (isNewest(counted, batchId)) return undefined;
  if (listOf(counted).includes(batchId)) return "counted";
  if (batchId > counted.slice(0, ULID_CHARACTERS)) return undefined;
  // Only what would not be remembered may have been forgotten.
  return kept(`${batchId} ${counted}`).startsWith(batchId) ? undefined : "too_old";
}

/** With one more; the oldest make room. */
export function withBatch(counted: string, batchId: string): string {
  if (counted === "") return batchId;
  if (isNewest(counted, batchId)) return kept(`${counted} ${batchId}`);
  return kept([...listOf(counted), batchId].toSorted().join(" "));
}

/** Of a list in order. Texts are compared, whose first characters are their time: nothing is parsed for each batch. */
function kept(batches: string): string {
  let count = (batches.length + 1) / PLACE_CHARACTERS;
  if (count <= KEPT_MIN) return batches;
  const newest = batches.slice(-ULID_CHARACTERS);
  const since = ulidTimeText(Math.max(0, ulidTimeMs(newest) - KEPT_MS));
  let start = 0;
  while (
    count > KEPT_MAX ||
    (count > KEPT_MIN && batches.slice(start, start + ULID_CHARACTERS) < since)
  ) {
    start += PLACE_CHARACTERS;
    count -= 1;
  }
  return batches.slice(start);
}

/** The rule: batches come in their order, and no list has to be made to see it. */
function isNewest(counted: string, batchId: string): boolean {
  return counted === "" || batchId > counted.slice(-ULID_CHARACTERS);
}

function listOf(counted: string): readonly string[] {
  return counted === "" ? [] : counted.split(" ");
}
