// How far the load has come, in the forms in which it is told: all from one progress, so that no two of them disagree.

import { timestamptzFromNs } from "@truechimer/database";
import type { LoadProgress } from "./load-state.ts";

/** On each answer of the API and of health, such as "filling; rows=120000; horizon=2026-03-01T12:00:00.000000Z". */
export const LOAD_STATUS_HEADER = "truechimer-load-status";

const US_PER_NS = 1_000n;
const MS_PER_SECOND = 1_000;

export function loadStatusText(progress: LoadProgress): string {
  const { phase, reason, rows, horizonUs, etaMs } = progress;
  return [
    phase,
    ...(reason === "" ? [] : [`reason=${reason}`]),
    `rows=${rows}`,
    ...(Number.isFinite(horizonUs) ? [`horizon=${instantText(horizonUs)}`] : []),
    ...(etaMs === undefined ? [] : [`eta_s=${Math.ceil(etaMs / MS_PER_SECOND)}`]),
  ].join("; ");
}

/** For whoever asks after our health: no name, no message. */
export interface LoadStatusBody {
  readonly state: string;
  readonly reason?: string;
  readonly error?: string;
  readonly rows: number;
  /** Of them those that came from a checkpoint. */
  readonly rows_restored: number;
  readonly rows_expected: number;
  readonly rows_per_second: number;
  readonly coverage: number;
  readonly seconds_in_state: number;
  readonly eta_seconds?: number;
  readonly horizon?: string;
  readonly missing_windows: number;
}

/** `nowMs`: monotonic. */
export function loadStatusBody(progress: LoadProgress, nowMs: number): LoadStatusBody {
  const { phase, reason, errorCode, horizonUs, etaMs } = progress;
  return {
    state: phase,
    ...(reason === "" ? {} : { reason }),
    ...(errorCode === "" ? {} : { error: errorCode }),
    rows: progress.rows,
    rows_restored: progress.rowsRestored,
    rows_expected: progress.rowsExpected,
    rows_per_second: Math.round(progress.rowsPerSecond),
    coverage: progress.coverage,
    seconds_in_state: Math.max(0, Math.round((nowMs - progress.sinceMs) / MS_PER_SECOND)),
    ...(etaMs === undefined ? {} : { eta_seconds: Math.ceil(etaMs / MS_PER_SECOND) }),
    ...(Number.isFinite(horizonUs) ? { horizon: instantText(horizonUs) } : {}),
    missing_windows: progress.missing.length,
  };
}

function instantText(us: number): string {
  return timestamptzFromNs(BigInt(Math.floor(us)) * US_PER_NS);
}
