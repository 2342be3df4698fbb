// The loop that judges whose fault it is: the lab and the real servers apart, because they are checked at another pace. A
// large fleet is judged piece by piece, in a thread.

import type { MonitorPlace, ServerFault } from "@truechimer/fault";
import { Pace } from "../analytics-api/pace.ts";
import type { ServerContext } from "../context.ts";
import { probePolicyFor } from "../monitor-api/probe-settings.ts";
import { FRESH_INTERVALS } from "../policy.ts";
import type { JudgedPiece } from "./fault-worker.ts";
import { fleetPieces, type PlacedServer } from "./fleet-pieces.ts";
import { checksFromMemory } from "./load-checks.ts";
import { loadMonitorPlaces, loadPlacedServers } from "./load-places.ts";
import { storeMonitorFaults } from "./store-faults.ts";
import { type OnsetContext, traceOnsets } from "./trace-onsets.ts";

/** The loop's period. */
export const FAULTS_PERIOD_MS = 10_000;
/** A fleet is judged this often in the time between two checks of a server. */
const TIMES_AN_INTERVAL = 3;
/** Check intervals of the past that now is held against. */
const BASELINE_INTERVALS = 40;

/** What of the control plane it needs. */
type FaultContext = OnsetContext & Pick<ServerContext, "networks" | "history" | "faultThread">;

const NEVER = new AbortController().signal;

/** Judges each of the two fleets when it is due. */
export async function judgeAllFaults(
  context: FaultContext,
  signal: AbortSignal = NEVER,
): Promise<void> {
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
  readonly signal: AbortSignal;
}

/** A piece that fails keeps no other from being judged; its failure is told at the end. */
async function judgeFaultsOf(context: FaultContext, now: FleetNow): Promise<void> {
  const { kysely } = context.database;
  const options = { lab: now.lab, networks: await context.networks.table() };
  const pieces = fleetPieces(await loadPlacedServers(kysely, options));
  if (pieces.length === 0) return;
  const monitors = await loadMonitorPlaces(kysely, options);
  const judged: JudgedPiece[] = [];
  const failures: unknown[] = [];
  for (const piece of pieces) {
    try {
      judged.push(await judgePiece(context, { ...now, piece, monitors }));
    } catch (error) {
      now.signal.throwIfAborted();
      failures.push(error);
    }
  }
  await storeMonitorFaults(
    context.database,
    strongestOf(judged),
    judged.flatMap(({ monitorIds }) => monitorIds),
  );
  // The lab's servers are on this host: there is no way to them.
  if (!now.lab)
    await traceOnsets(
      context,
      judged.flatMap(({ onsets }) => onsets),
    );
  if (failures.length > 0) throw failures[0];
}

async function judgePiece(
  context: FaultContext,
  now: FleetNow & {
    readonly piece: readonly PlacedServer[];
    readonly monitors: readonly MonitorPlace[];
  },
): Promise<JudgedPiece> {
  const { piece, monitors, nowMs, checkIntervalMs, signal } = now;
  const recentMs = FRESH_INTERVALS * checkIntervalMs;
  const baselineMs = recentMs + BASELINE_INTERVALS * checkIntervalMs;
  const checks = await checksFromMemory(
    context,
    piece.map(({ id }) => id),
    { fromMs: nowMs - baselineMs, nowMs, pace: new Pace(context.clock, signal) },
  );
  return await context.faultThread.judge(
    {
      servers: piece.map(({ place }) => place),
      monitors,
      window: { nowMs, recentMs, baselineMs },
      ...(checks === undefined ? {} : { checks }),
    },
    signal,
  );
}

/** What is wrong with a monitor is seen in several pieces, if in any; where most see it, it is told from. */
function strongestOf(pieces: readonly JudgedPiece[]): ReadonlyMap<string, ServerFault> {
  const found = new Map<string, ServerFault>();
  for (const [monitor, fault] of pieces.flatMap(({ monitors }) => [...monitors])) {
    if (fault.shown > (found.get(monitor)?.shown ?? 0)) found.set(monitor, fault);
  }
  return found;
}
