// How an overall score came: each monitor's vote, the one that was chosen, and the steps behind it.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { type FakeMonitor, INTERVAL_MS } from "./lab-facts.ts";
import { checkIndexAt, observe, scoreAfter } from "./observations.ts";
import { type WatchedServer, wireCheck, wireServer, witnessesOf } from "./wire.ts";

const STEPS_DEFAULT = 20;
const LOOKBACK_MS = 20 * INTERVAL_MS;

/** The explanation as the real server words it: the lower median of the votes. */
export function explainScore(
  server: WatchedServer,
  monitors: readonly FakeMonitor[],
  more: { readonly nowMs: number; readonly monitorId: bigint; readonly stepsMax: number },
): MessageInitShape<typeof adminV1.ExplainScoreResponseSchema> {
  const { nowMs } = more;
  const votes = witnessesOf(server, monitors, nowMs).flatMap((witness) => {
    const { monitor, seen, index } = witness;
    if (seen === undefined) return [];
    const score = scoreAfter(server.facts, monitor, index, nowMs);
    return [{ monitor, seen, score, counted: nowMs - seen.atMs <= LOOKBACK_MS }];
  });
  const ranked = votes.filter(({ counted }) => counted).toSorted((a, b) => a.score - b.score);
  const asked = votes.find(({ monitor }) => monitor.id === more.monitorId);
  const chosen = asked ?? ranked[(ranked.length - 1) >> 1];
  return {
    server: wireServer(server, monitors, nowMs),
    ...(chosen === undefined
      ? {}
      : { score: chosen.score, scoreAt: timestampFromMs(Math.round(chosen.seen.atMs)) }),
    sentence:
      chosen === undefined
        ? `${server.facts.name} has no score yet`
        : `${server.facts.name} has ${chosen.score.toFixed(1)}: the median of ${ranked.length} monitors`,
    ruleSet: "recent_median, version 1",
    votingStatuses: [adminV1.AssignmentStatus.ACTIVE],
    lookback: durationFromMs(LOOKBACK_MS),
    votes: votes.map((vote) => ({
      check: wireCheck(server, vote.monitor, vote.seen, vote.score),
      status: adminV1.AssignmentStatus.ACTIVE,
      counted: vote.counted,
      chosen: vote === chosen,
      reason: vote.counted ? "" : "too_old",
    })),
    reproduced: true,
    ledgerMonitorId: chosen?.monitor.id ?? 0n,
    ledgerMonitorName: chosen?.monitor.name ?? "",
    ledger: chosen === undefined ? [] : ledgerOf(server, chosen.monitor, more),
  };
}

function ledgerOf(
  server: WatchedServer,
  monitor: FakeMonitor,
  { nowMs, stepsMax }: { readonly nowMs: number; readonly stepsMax: number },
): MessageInitShape<typeof adminV1.LedgerStepSchema>[] {
  const newest = checkIndexAt(server.facts, monitor, nowMs);
  const steps = stepsMax === 0 ? STEPS_DEFAULT : stepsMax;
  return Array.from({ length: steps }, (_unused, back) => newest - back).flatMap((index) => {
    const seen = observe(server.facts, monitor, index, nowMs);
    if (seen === undefined || seen.atMs > nowMs) return [];
    const scoreAfterIt = scoreAfter(server.facts, monitor, index, nowMs);
    return [
      {
        check: wireCheck(server, monitor, seen, scoreAfterIt),
        arithmetic: {
          scoreBefore: scoreAfter(server.facts, monitor, index - 1, nowMs),
          decay: 0.95,
          step: seen.step,
          scoreAfter: scoreAfterIt,
          rule: seen.stepRule,
          ruleText: seen.stepRule.replaceAll("_", " "),
        },
      },
    ];
  });
}
