// The batches of which a result was counted for one assignment, so that each counts once under whatever submission id,
// and one that is late still counts. Kept: the newest few, as text with spaces between, in their order.

/** A monitor has one or two batches of a server under way; the rest is for those that come late. */
const COUNTED_BATCHES_MAX = 8;

/** Why a batch cannot be counted. Absent: it can. */
export function batchProblem(counted: string, batchId: string): "counted" | "too_old" | undefined {
  const batches = listOf(counted);
  if (batches.includes(batchId)) return "counted";
  const [oldest] = batches;
  const full = batches.length >= COUNTED_BATCHES_MAX;
  return full && oldest !== undefined && batchId < oldest ? "too_old" : undefined;
}

/** With one more; the oldest makes room. */
export function withBatch(counted: string, batchId: string): string {
  return [...listOf(counted), batchId].toSorted().slice(-COUNTED_BATCHES_MAX).join(" ");
}

function listOf(counted: string): readonly string[] {
  return counted === "" ? [] : counted.split(" ");
}
