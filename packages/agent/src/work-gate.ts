// Whether a monitor may take work, and whether its probes may go on: by its status in the configuration, by what the
// control plane answered, and by the state of the agent's on-demand session.

import { setMaxListeners } from "node:events";
import { AppError } from "@truechimer/base";
import type { StopSignals } from "./monitor-context.ts";
import type { SourceMonitorStatus } from "./monitor-source.ts";
import { resolvedOrAborted } from "./resolved-or-aborted.ts";

/** From one pause of the monitor to the next. */
export interface ProbingPeriod {
  /** Aborted: checks end at their next pause, with what they have. */
  readonly hurry: AbortSignal;
  /** Aborted: checks end at once, without a result. */
  readonly probing: AbortSignal;
}

export interface WorkGate extends Disposable {
  /** Why no work may be taken, for people. Absent: it may. */
  readonly closedBy: string | undefined;
  /** The control plane says that the monitor is not live. */
  readonly refused: boolean;
  /** For checks that begin now. */
  readonly period: ProbingPeriod;
  /** Resolves when work may be taken; rejects with the signal's reason. */
  whenOpen(signal: AbortSignal): Promise<void>;
  /** Called after each change. Returns how to stop it. */
  subscribe(listener: () => void): () => void;
  setStatus(status: SourceMonitorStatus): void;
  setTakenOver(takenOver: boolean): void;
  /** The control plane says that the monitor is not live; until it says otherwise. */
  setRefused(refused: boolean): void;
}

const WORKING: ReadonlySet<SourceMonitorStatus> = new Set(["active", "testing"]);
/** With these, checks under way come to their end. */
const PROBING: ReadonlySet<SourceMonitorStatus> = new Set(["active", "testing", "pending"]);

export interface WorkGateOptions {
  readonly status: SourceMonitorStatus;
  /** Of the agent's stop. */
  readonly signals: Pick<StopSignals, "stopping" | "probing">;
}

export function createWorkGate({ status: initial, signals }: WorkGateOptions): WorkGate {
  const listeners = new Set<() => void>();
  let status = initial;
  let takenOver = false;
  let refused = false;
  let period = createPeriod();
  let opened = Promise.withResolvers<void>();

  const onStopping = (): void => period.hurrying.abort(signals.stopping.reason);
  const onProbingEnds = (): void => period.ending.abort(signals.probing.reason);
  const closedBy = (): string | undefined => {
    if (!WORKING.has(status)) return `it is ${status}`;
    if (takenOver) return "another agent with the same identity took the session over";
    return refused ? "the control plane says that it is not live" : undefined;
  };
  const change = (make: () => void): void => {
    const before = closedBy();
    make();
    const after = closedBy();
    if (before === after) return;
    if (after === undefined) opened.resolve();
    else if (before === undefined) opened = Promise.withResolvers<void>();
    for (const listener of listeners) listener();
  };
  const followStatus = (): void => {
    if (PROBING.has(status)) {
      if (period.ending.signal.aborted && !signals.stopping.aborted) period = createPeriod();
      return;
    }
    const reason = new AppError("stopped", `the monitor is ${status}`);
    period.hurrying.abort(reason);
    period.ending.abort(reason);
  };
  signals.stopping.addEventListener("abort", onStopping, { once: true });
  signals.probing.addEventListener("abort", onProbingEnds, { once: true });
  if (closedBy() === undefined) opened.resolve();
  followStatus();
  return {
    get closedBy() {
      return closedBy();
    },
    get refused() {
      return refused;
    },
    get period() {
      return { hurry: period.hurrying.signal, probing: period.ending.signal };
    },
    whenOpen: async (signal) => {
      while (closedBy() !== undefined) await resolvedOrAborted(opened.promise, signal);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    setStatus: (next) => {
      if (next === status) return;
      change(() => {
        status = next;
        // Whoever changed the status knows better than what the control plane said before.
        refused = false;
        followStatus();
      });
    },
    setTakenOver: (value) => change(() => (takenOver = value)),
    setRefused: (value) => change(() => (refused = value)),
    [Symbol.dispose]: () => {
      signals.stopping.removeEventListener("abort", onStopping);
      signals.probing.removeEventListener("abort", onProbingEnds);
    },
  };
}

function createPeriod(): { readonly hurrying: AbortController; readonly ending: AbortController } {
  const hurrying = new AbortController();
  const ending = new AbortController();
  // Each check under way listens.
  setMaxListeners(0, hurrying.signal, ending.signal);
  return { hurrying, ending };
}
