// The loop that judges whose fault it is: the lab and the real servers apart, because they are checked at another pace.

import type { ServerContext } from "../context.ts";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import { FRESH_INTERVALS } from "../policy.ts";
import { judgeFleet } from "./judge-fleet.ts";
import { loadFaultChecks } from "./load-checks.ts";
import { loadFaultFleet } from "./load-fleet.ts";
import { storeFaults } from "./store-faults.ts";

/** The loop's period. */
export const FAULTS_PERIOD_MS = 10_000;
/** A fleet is judged this often in the time between two checks of a server. */
const TIMES_AN_INTERVAL = 3;
/** Check intervals of the past that now is held against. */
const BASELINE_INTERVALS = 40;

/** What of the control plane it needs. */
type FaultContext = Pick<ServerContext, "database" | "clock" | "policy" | "networks" | "history">;

/** Judges each of the two fleets when it is due. */
export async function judgeAllFaults(context: FaultContext, signal?: AbortSignal): Promise<void> {
  const nowMs = Number(context.clock.nowNs() / 1_000_000n);
  for (const lab of [true, false]) {
    const { checkIntervalMs } = await probePolicyFor(context.database, context.policy, lab);
    const everyMs = Math.max(FAULTS_PERIOD_MS, checkIntervalMs / TIMES_AN_INTERVAL);
    if (nowMs % everyMs < FAULTS_PERIOD_MS) {
      await judgeFaultsOf(context, { lab, nowMs, checkIntervalMs, signal });
    }
  }
}

interface FleetNow {
  readonly lab: boolean;
  readonly nowMs: number;
  readonly checkIntervalMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Where nothing was checked lately, such as after a stop, nothing is said anew. */
async function judgeFaultsOf(
  context: FaultContext,
  { lab, nowMs, checkIntervalMs, signal }: FleetNow,
): Promise<void> {
  const networks = await context.networks.table();
  const fleet = await loadFaultFleet(context.database.kysely, { lab, networks });
  const recentMs = FRESH_INTERVALS * checkIntervalMs;
  const baselineMs = recentMs + BASELINE_INTERVALS * checkIntervalMs;
  const checks = await loadFaultChecks(context, fleet, { fromMs: nowMs - baselineMs, nowMs });
  const isRecent = ({ atMs }: { readonly atMs: number }): boolean => atMs > nowMs - recentMs;
  if (!checks.some((each) => each.some(isRecent))) return;
  const faults = await judgeFleet(
    { pairs: fleet.pairs, checks, window: { nowMs, recentMs, baselineMs } },
    signal,
  );
  await storeFaults(context.database, faults, fleet);
}
