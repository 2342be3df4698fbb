// The monitors at work: each begins, pauses, goes on and ends as it is wanted, on its own and without a restart.

import { setMaxListeners } from "node:events";
import { AppError } from "@truechimer/base";
import type { AgentParts } from "./agent-options.ts";
import { type BatchTraceroutes, createBatchTraceroutes } from "./batch-traceroutes.ts";
import { configureMonitor } from "./configure-monitor.ts";
import type { ControlPlanes } from "./control-planes.ts";
import type { LeaseStore } from "./lease-store.ts";
import type { OtlpLogLevel } from "./monitor-config.ts";
import type { ControlPlaneContext, MonitorContext, StopSignals } from "./monitor-context.ts";
import { resolveHost as resolveHostBySystem } from "./resolve-host.ts";
import { createServerPace, type ServerPace } from "./server-pace.ts";
import { createSlots, type Slots } from "./slots.ts";
import type { WantedMonitor, WantedMonitors } from "./wanted-monitors.ts";
import { createWorkGate } from "./work-gate.ts";
import { workMonitor } from "./work-monitor.ts";

/** Enough that a fleet's worth of silent servers does not hold up the others; each check holds a few kilobytes. */
const CHECKS_IN_FLIGHT_MAX = 8_000;

interface MonitorRun {
  readonly wanted: WantedMonitor;
  readonly context: MonitorContext;
  /** Ends it for good. */
  end(): void;
}

export interface MonitorRuns {
  /** Starts, pauses and ends monitors as they are wanted now. */
  follow(): void;
  followTakeover(): void;
  /** Of the monitors that have begun and not ended. */
  contexts(): readonly MonitorContext[];
  ended(): Promise<void>;
}

export interface MonitorRunsOptions {
  readonly leaseStore: LeaseStore;
  readonly planes: ControlPlanes;
  readonly wanted: WantedMonitors;
}

export function createMonitorRuns(
  parts: AgentParts,
  { leaseStore, planes, wanted }: MonitorRunsOptions,
): MonitorRuns {
  const { options, signals } = parts;
  const { clock, logger, sessionTakeover } = options;
  const shared: SharedParts = {
    pace: createServerPace(clock),
    checkSlots: createSlots(options.checksInFlightMax ?? CHECKS_IN_FLIGHT_MAX),
    batchTraceroutes: createBatchTraceroutes({ clock, tracer: options.tracer }),
    leaseStore,
    onRefused: () => wanted.refresh(),
    onOtlpLogLevel: options.onOtlpLogLevel ?? (() => {}),
  };
  const runs = new Map<string, MonitorRun>();
  const ending = new Set<Promise<void>>();

  const startRun = (monitor: WantedMonitor): void => {
    const run = createRun(monitor, { parts, shared, plane: planes.of(monitor.address) });
    run.context.gate.setTakenOver(sessionTakeover?.inBackOff ?? false);
    runs.set(monitor.key, run);
    logger.info({ monitor: monitor.address.text, status: monitor.status }, "monitor started");
    const { gate } = run.context;
    const ended = Promise.all([configureMonitor(run.context), workMonitor(run.context)]).then(
      () => {
        gate[Symbol.dispose]();
        ending.delete(ended);
      },
    );
    ending.add(ended);
  };
  return {
    follow: () => {
      if (signals.stopping.aborted) return;
      const list = wanted.list().filter(({ status }) => status !== "deleted");
      const byKey = new Map(list.map((monitor) => [monitor.key, monitor]));
      for (const [key, run] of runs) {
        const monitor = byKey.get(key);
        if (monitor !== undefined && isSamePlace(monitor, run.wanted)) continue;
        logger.info({ monitor: run.wanted.address.text }, "monitor ended");
        run.end();
        runs.delete(key);
      }
      for (const monitor of list) {
        const run = runs.get(monitor.key);
        if (run === undefined) startRun(monitor);
        else {
          run.context.gate.setStatus(monitor.status);
          run.context.config.wanted.wake();
        }
      }
    },
    followTakeover: () => {
      const takenOver = sessionTakeover?.inBackOff ?? false;
      for (const { context } of runs.values()) context.gate.setTakenOver(takenOver);
    },
    contexts: () => [...runs.values()].map(({ context }) => context),
    ended: async () => {
      await Promise.all(ending);
    },
  };
}

function isSamePlace(a: WantedMonitor, b: WantedMonitor): boolean {
  return a.address.text === b.address.text && a.localAddress?.text === b.localAddress?.text;
}

interface SharedParts {
  readonly pace: ServerPace;
  readonly checkSlots: Slots;
  readonly batchTraceroutes: BatchTraceroutes;
  readonly leaseStore: LeaseStore;
  readonly onRefused: () => void;
  readonly onOtlpLogLevel: (level: OtlpLogLevel) => void;
}

interface RunParts {
  readonly parts: AgentParts;
  readonly shared: SharedParts;
  readonly plane: ControlPlaneContext;
}

function createRun(wanted: WantedMonitor, { parts, shared, plane }: RunParts): MonitorRun {
  const { options, signals } = parts;
  const ended = new AbortController();
  const stopping = AbortSignal.any([signals.stopping, ended.signal]);
  setMaxListeners(0, stopping);
  const runSignals: StopSignals = { ...signals, stopping };
  const gate = createWorkGate({ status: wanted.status, signals: runSignals });
  const context: MonitorContext = {
    ...plane,
    ...shared,
    localAddress: wanted.localAddress,
    socket: options.probeSocket,
    allowPrivateTargets: options.allowPrivateTargets ?? false,
    resolveHost: options.resolveHost ?? resolveHostBySystem,
    gate,
    signals: runSignals,
  };
  return {
    wanted,
    context,
    end: () => {
      gate.setStatus("deleted");
      ended.abort(new AppError("stopped", "the monitor has ended"));
    },
  };
}
