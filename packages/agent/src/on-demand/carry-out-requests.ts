// Carries requests out: side by side within a limit, each within its time, each answered exactly once, also when it makes
// no sense. A request that comes again, as after a broken connection, is known by its id.

import { AppError, type Clock, sleep } from "@truechimer/base";
import type { Logger } from "@truechimer/telemetry";
import type { Tracer } from "@truechimer/udp";
import { addressRefusal } from "../address-policy.ts";
import type { MonitorContext } from "../monitor-context.ts";
import { probe, sourceAddress } from "../probe-item.ts";
import type { CheckTarget } from "../run-check.ts";
import { familyOf, type OnDemandOutcome, type OnDemandRequest } from "./on-demand-transport.ts";

export interface CarryOutOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Monitors at work now. */
  readonly monitors: () => readonly MonitorContext[];
  /** Absent: this host cannot make traceroutes. */
  readonly tracer: Tracer | undefined;
  readonly signal: AbortSignal;
}

export interface RequestRunner {
  /** Returns at once. */
  take(request: OnDemandRequest): void;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

/** Requests under way; the server sends one at a time, so more means that somebody plays with it. */
const UNDER_WAY_MAX = 50;
/** Ids remembered. */
const KNOWN_MAX = 4_096;
/** One sample waits 3 s; the NTP Pool's agent gives it 5 s. */
const CHECK_BUDGET_MS = 5_000;
/** 30 hops of silence take 30 s. */
const TRACEROUTE_BUDGET_MS = 35_000;
/** Left over for the answer's way back. */
const WAY_BACK_MS = 500;
const ANSWER_ATTEMPTS_MAX = 3;
const ANSWER_AGAIN_MS = 500;
const NS_PER_MS = 1_000_000n;

export function createRequestRunner(options: CarryOutOptions): RequestRunner {
  const { logger } = options;
  const known = new Set<string>();
  const underWay = new Set<Promise<void>>();

  const run = async (request: OnDemandRequest): Promise<void> => {
    const outcome = await outcomeOf(request, options);
    try {
      await answer(request, outcome, options);
      logger.debug({ request: request.id, outcome: outcome.kind }, "request on demand answered");
    } catch (error) {
      logger.warn({ error, request: request.id }, "request on demand was not answered");
    }
  };
  return {
    take: (request) => {
      const key = keyOf(request);
      if (known.has(key)) return;
      known.add(key);
      const [oldest] = known;
      if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
      const work =
        underWay.size >= UNDER_WAY_MAX
          ? answer(request, refusal(`more than ${UNDER_WAY_MAX} requests at once`), options).catch(
              () => undefined,
            )
          : run(request);
      const settled = work.then(() => void underWay.delete(settled));
      underWay.add(settled);
    },
    settled: async () => {
      await Promise.all(underWay);
    },
  };
}

/** One question may be put to several monitors of an agent. */
function keyOf({ id, monitorAddress }: OnDemandRequest): string {
  return `${id} ${monitorAddress?.text ?? ""}`;
}

/** A connection that breaks at the wrong moment costs no answer. */
async function answer(
  request: OnDemandRequest,
  outcome: OnDemandOutcome,
  { clock, signal }: CarryOutOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request.answer(outcome);
    } catch (error) {
      if (attempt >= ANSWER_ATTEMPTS_MAX || signal.aborted) throw error;
      await sleep(clock, ANSWER_AGAIN_MS * attempt, signal);
    }
  }
}

/** Never rejects. */
async function outcomeOf(
  request: OnDemandRequest,
  options: CarryOutOptions,
): Promise<OnDemandOutcome> {
  const { clock, logger, signal } = options;
  const { target } = request;
  if (!target.ok) return refusal(`the request makes no sense: ${target.error}`);
  if (request.kind === "unknown") return refusal("this agent does not know that kind of request");
  const monitor = monitorFor(request, options.monitors());
  if (monitor === undefined) return refusal("no monitor of this agent can answer it");
  const budgetMs = budgetOf(request, clock);
  if (budgetMs <= 0) return refusal("it came too late: check the agent's clock");
  const time = new AbortController();
  const cancel = clock.setTimer(budgetMs, () =>
    time.abort(new AppError("stopped", `it was not done within ${budgetMs} ms`)),
  );
  try {
    const within = AbortSignal.any([signal, time.signal]);
    return await carryOut({ request, monitor, target: target.value, signal: within }, options);
  } catch (error) {
    if (!(error instanceof AppError)) logger.error({ error }, "request on demand failed");
    return refusal(
      error instanceof AppError ? error.message : "the agent failed: its log says why",
    );
  } finally {
    cancel();
  }
}

interface Errand {
  readonly request: OnDemandRequest;
  readonly monitor: MonitorContext;
  readonly target: CheckTarget;
  readonly signal: AbortSignal;
}

async function carryOut(
  { request, monitor, target, signal }: Errand,
  { clock, tracer }: CarryOutOptions,
): Promise<OnDemandOutcome> {
  const config = await monitor.config.inForce(signal);
  const refused = addressRefusal(target.address, config);
  if (refused !== undefined) {
    return { kind: "refused", reason: "address_refused", text: `not looked at: ${refused}` };
  }
  const { hurry, probing } = monitor.gate.period;
  const period = {
    hurry: AbortSignal.any([signal, hurry]),
    probing: AbortSignal.any([signal, probing]),
  };
  period.hurry.throwIfAborted();
  if (request.kind === "check") {
    const result = await probe(target, monitor, { ...period, samples: 1 });
    return { kind: "check", result, endedAtNs: clock.nowNs() };
  }
  if (tracer === undefined) return refusal("this agent's host cannot make traceroutes");
  const localAddress = sourceAddress(monitor, config);
  const { address, port } = target;
  const traceroute = await tracer.traceroute(
    { address, port, ...(localAddress === undefined ? {} : { localAddress }) },
    period.probing,
  );
  return { kind: "traceroute", traceroute };
}

/** With the configuration of its own family: the other's addresses are of no use to it. */
function monitorFor(
  request: OnDemandRequest,
  monitors: readonly MonitorContext[],
): MonitorContext | undefined {
  const { monitorAddress } = request;
  const family = familyOf(request);
  return monitors.find(({ address }) =>
    monitorAddress === undefined
      ? address.family === family
      : address.text === monitorAddress.text && address.family === family,
  );
}

function budgetOf({ kind, expiresAtNs }: OnDemandRequest, clock: Clock): number {
  const most = kind === "traceroute" ? TRACEROUTE_BUDGET_MS : CHECK_BUDGET_MS;
  if (expiresAtNs === undefined) return most;
  return Math.min(most, Number((expiresAtNs - clock.nowNs()) / NS_PER_MS) - WAY_BACK_MS);
}

function refusal(text: string): OnDemandOutcome {
  return { kind: "refused", reason: "other_error", text };
}
