// What a person needs to know of the history that comes into memory after a start. Empty: nothing.

import { adminV1 } from "@truechimer/api";
import { formatCount, formatShare } from "../format/number.ts";
import { formatAge } from "../format/relative-time.ts";

const MS_PER_SECOND = 1_000;
const { LoadState } = adminV1;

/** The four states that come before an end. */
const LOADING: ReadonlySet<adminV1.LoadState> = new Set([
  LoadState.IDLE,
  LoadState.HOT_LOADING,
  LoadState.HOT_READY,
  LoadState.FILLING,
]);

export function isLoading(load: adminV1.HistoryLoad | undefined): boolean {
  return load !== undefined && LOADING.has(load.state);
}

export function loadNoteText(load: adminV1.HistoryLoad | undefined): string {
  if (load === undefined) return "";
  if (load.state === LoadState.DEGRADED) {
    return `A part of the history could not be read into memory (${load.reason}); what reaches beyond it is answered by the database, more slowly.`;
  }
  if (load.state === LoadState.FAILED) {
    return `The history could not be read into memory (${load.errorCode || load.reason}); the database answers, more slowly.`;
  }
  if (!isLoading(load)) return "";
  return `The history comes into memory: ${formatCount(load.rows)} of about ${formatCount(load.rowsExpected)} results${shareText(load)}${timeLeftText(load)}. Everything is shown meanwhile; long ranges take a little longer.`;
}

function shareText({ rows, rowsExpected }: adminV1.HistoryLoad): string {
  return rowsExpected === 0n ? "" : ` (${formatShare(Number(rows) / Number(rowsExpected))})`;
}

function timeLeftText({ timeLeft }: adminV1.HistoryLoad): string {
  if (timeLeft === undefined) return "";
  return `, ${formatAge(Number(timeLeft.seconds) * MS_PER_SECOND)} left`;
}
