// Gathers the finished checks of one batch into submissions. Results go on their way as they are there: together with
// what comes within a short time, never waiting for the slowest. A control plane of the NTP Pool gets its batch whole.

import type { Clock } from "@truechimer/base";
import type { WorkItem } from "./work-batch.ts";

/** A result on its way. */
export interface EndedCheck {
  readonly item: Pick<WorkItem, "address" | "port">;
  /** Serialized. */
  readonly status: Uint8Array;
}

export interface BatchResultsOptions {
  readonly clock: Clock;
  /** Checks that will come to an end. Absent: there is no last one. */
  readonly expected?: number;
  /** How long a result waits for others. Absent: for all of the batch. */
  readonly gatherMs: number | undefined;
  /** Those that hold something back; they put themselves in and out. */
  readonly gathering: Set<BatchResults>;
  readonly submit: (checks: readonly EndedCheck[]) => void;
  /** Called once, when `expected` checks have ended. */
  readonly onAllEnded?: () => void;
}

export interface BatchResults {
  /** One check came to its end; without a result there is nothing to tell. */
  ended(check: EndedCheck | undefined): void;
  /** Hands over what is there. */
  flush(): void;
}

/**
 * A result waits for its neighbours this long: what waits is lost by a `kill -9`, and with a tick of the
 * agent's timers and the time that the disk needs, none is a second old before it is in the queue.
 */
export const GATHER_MS = 700;
/** Results of one submission: about 100 KB. */
const SUBMISSION_RESULTS_MAX = 100;

export function createBatchResults(options: BatchResultsOptions): BatchResults {
  const { clock, expected, gatherMs, gathering, submit } = options;
  let gathered: EndedCheck[] = [];
  let endedCount = 0;
  let cancelTimer: (() => void) | undefined;

  const flush = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    gathering.delete(results);
    if (gathered.length === 0) return;
    const checks = gathered;
    gathered = [];
    submit(checks);
  };
  const results: BatchResults = {
    flush,
    ended: (check) => {
      endedCount += 1;
      if (check !== undefined) {
        // Of two results for one server in a submission the control plane counts one; leased work may be that quick.
        if (gathered.some((other) => isOfSameServer(other, check))) flush();
        gathered.push(check);
      }
      if (endedCount === expected) {
        flush();
        options.onAllEnded?.();
      } else if (gathered.length === 0) return;
      else if (gatherMs !== undefined && gathered.length >= SUBMISSION_RESULTS_MAX) flush();
      else {
        gathering.add(results);
        if (gatherMs !== undefined) cancelTimer ??= clock.setTimer(gatherMs, flush);
      }
    },
  };
  return results;
}

function isOfSameServer({ item: one }: EndedCheck, { item: other }: EndedCheck): boolean {
  return one.address.text === other.address.text && one.port === other.port;
}
