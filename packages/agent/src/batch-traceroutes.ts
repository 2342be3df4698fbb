// The traceroutes that batches ask for: a few at a time, beside the checks and never in their way. What waits is bounded,
// and a stop ends all of it: a traceroute says nothing of a server's clock, so nothing is owed to it.

import { AppError, type Clock } from "@truechimer/base";
import type { Tracer } from "@truechimer/udp";
import { addressRefusal } from "./address-policy.ts";
import type { MonitorContext } from "./monitor-context.ts";
import { clientSeenBy, sourceAddress } from "./probe-item.ts";
import { createSlots } from "./slots.ts";
import type { FinishedTraceroute, TracerouteFinding } from "./traceroute-status.ts";
import type { WorkItem } from "./work-batch.ts";

export interface BatchTraceroutes {
  /**
   * Resolves with what was found. Absent: there is nothing to tell, because it was stopped, took too long, is in line
   * already, or too much is. Never rejects.
   */
  trace(item: WorkItem, context: MonitorContext): Promise<FinishedTraceroute | undefined>;
}

export interface BatchTraceroutesOptions {
  readonly clock: Clock;
  /** Absent: this host cannot make traceroutes. */
  readonly tracer: Tracer | undefined;
}

/** Of the four that a tracer makes at once: the others are for people who wait. */
const UNDER_WAY_MAX = 2;
/** They take half an hour if all of them lead into silence. */
const IN_LINE_MAX = 100;
/** 30 hops of silence take 30 s; the rest is for its turn at the tracer. */
const TRACEROUTE_BUDGET_MS = 120_000;

/** One for all monitors of an agent. */
export function createBatchTraceroutes({
  clock,
  tracer,
}: BatchTraceroutesOptions): BatchTraceroutes {
  const slots = createSlots(UNDER_WAY_MAX);
  const inLine = new Set<string>();

  const findingOf = async (item: WorkItem, context: MonitorContext): Promise<TracerouteFinding> => {
    const { hurry } = context.gate.period;
    const config = await context.config.inForce(hurry);
    const refusal = addressRefusal(item.address, config);
    if (refusal !== undefined) {
      context.logger.warn({ refusal, port: item.port }, "server not traced");
      return notMade(clock, "address_refused");
    }
    if (tracer === undefined) return notMade(clock, "traceroute_unsupported");
    const client = clientSeenBy(item, context, config);
    await context.pace.untilFree({ ...item, client }, hurry);
    const localAddress = sourceAddress(context, config);
    const { address, port } = item;
    return await slots.hold(hurry, () =>
      withinBudget(clock, hurry, (signal) =>
        tracer.traceroute(
          { address, port, ...(localAddress === undefined ? {} : { localAddress }) },
          signal,
        ),
      ),
    );
  };
  return {
    trace: async (item, context) => {
      const { logger } = context;
      const server = item.address.text;
      const key = `${context.address.text} ${server} ${item.port}`;
      if (inLine.has(key) || inLine.size >= IN_LINE_MAX) {
        logger.warn(
          { server, inLine: inLine.size },
          "traceroute left out: it is in line already, or too many are",
        );
        return undefined;
      }
      inLine.add(key);
      try {
        const traceroute = await findingOf(item, context);
        return { item, traceroute, endedAtNs: clock.nowNs() };
      } catch (error) {
        const code = error instanceof AppError ? error.code : "internal";
        if (code !== "stopped")
          logger.error({ server, port: item.port, error }, "traceroute failed");
        return undefined;
      } finally {
        inLine.delete(key);
      }
    },
  };
}

async function withinBudget<Value>(
  clock: Clock,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const time = new AbortController();
  const cancel = clock.setTimer(TRACEROUTE_BUDGET_MS, () =>
    time.abort(
      new AppError("limit_exceeded", `it was not done within ${TRACEROUTE_BUDGET_MS / 1_000} s`),
    ),
  );
  try {
    return await work(AbortSignal.any([signal, time.signal]));
  } finally {
    cancel();
  }
}

function notMade(
  clock: Clock,
  reason: "address_refused" | "traceroute_unsupported",
): TracerouteFinding {
  return { startedAtNs: clock.nowNs(), hops: [], reached: false, reason };
}
