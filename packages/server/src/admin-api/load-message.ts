// The load of the history as the API tells it.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { ServerContext } from "../context.ts";
import type { LoadPhase } from "../history/load-state.ts";
import { durationFromMs, timestampFromNs } from "./admin-message.ts";

const LOAD_STATES: Readonly<Record<LoadPhase, adminV1.LoadState>> = {
  idle: adminV1.LoadState.IDLE,
  hot_loading: adminV1.LoadState.HOT_LOADING,
  hot_ready: adminV1.LoadState.HOT_READY,
  filling: adminV1.LoadState.FILLING,
  complete: adminV1.LoadState.COMPLETE,
  complete_capped: adminV1.LoadState.COMPLETE_CAPPED,
  degraded: adminV1.LoadState.DEGRADED,
  failed: adminV1.LoadState.FAILED,
};

const NS_PER_MS = 1_000_000n;
const NS_PER_US = 1_000n;

export function loadMessage({ history, clock }: ServerContext): adminV1.HistoryLoad | undefined {
  if (history === undefined) return undefined;
  const progress = history.progress();
  const { store } = history;
  const inStateMs = Number(clock.monotonicNs() / NS_PER_MS) - progress.sinceMs;
  return create(adminV1.HistoryLoadSchema, {
    state: LOAD_STATES[progress.phase],
    reason: progress.reason,
    errorCode: progress.errorCode,
    ...(progress.phase === "idle"
      ? {}
      : { since: timestampFromNs(clock.nowNs() - BigInt(Math.max(0, inStateMs)) * NS_PER_MS) }),
    rows: BigInt(progress.rows),
    rowsExpected: BigInt(progress.rowsWanted),
    rowsPerSecond: progress.rowsPerSecond,
    ...(progress.etaMs === undefined
      ? {}
      : { timeLeft: durationFromMs(Math.ceil(progress.etaMs)) }),
    ...(Number.isFinite(progress.horizonUs)
      ? { horizon: timestampFromNs(BigInt(Math.floor(progress.horizonUs)) * NS_PER_US) }
      : {}),
    coverage: progress.coverage,
    rowsHeld: BigInt(store.rows),
    bytesHeld: BigInt(store.bytes),
    bytesMax: BigInt(history.memoryBytesMax),
    missingWindows: progress.missing.length,
    rowsRestored: BigInt(progress.rowsRestored),
    checkpoint: history.checkpoint,
  });
}
