// What is to be said of an archive beside its numbers.

import type { adminV1 } from "@truechimer/api";
import { msOf } from "../api/message.ts";

/** The code that the error of the last try begins with. */
export function errorCodeOf(lastError: string): string {
  return lastError.split(":", 1)[0] ?? "";
}

/** Sentences; none when all is as it should be. */
export function archiveNotes(
  archive: Pick<
    adminV1.Archive,
    "lastError" | "olderFrom" | "olderTo" | "traceroutesWaiting" | "eventsWaiting" | "lostBefore"
  >,
): readonly string[] {
  const { lastError, olderFrom, olderTo, traceroutesWaiting, eventsWaiting, lostBefore } = archive;
  const message = lastError.slice(errorCodeOf(lastError).length + 2);
  return [
    ...(message === "" ? [] : [`${message}.`]),
    ...(olderFrom === undefined || olderTo === undefined
      ? []
      : [`Older results are still to be sent: ${dayOf(olderFrom)} to ${dayOf(olderTo)}.`]),
    ...waiting(traceroutesWaiting, "path"),
    ...waiting(eventsWaiting, "event"),
    ...(lostBefore === undefined
      ? []
      : [
          `Results before ${dayOf(lostBefore)} were dropped by retention before it had all of them.`,
        ]),
  ];
}

function waiting(count: bigint, what: string): readonly string[] {
  if (count === 0n) return [];
  return [count === 1n ? `1 ${what} waits.` : `${count.toString()} ${what}s wait.`];
}

function dayOf(at: adminV1.Archive["olderFrom"]): string {
  return new Date(msOf(at) ?? 0).toISOString().slice(0, 10);
}
