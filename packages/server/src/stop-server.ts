// How a replica stops, so that nobody loses anything and nobody waits for it longer than 10 s: readiness goes down, the
// load balancer takes notice while everything is still answered, agents are told to go elsewhere, the listeners close, what
// is in flight is finished, and whoever writes to the database ends before it does.

import { sleep } from "@truechimer/base";
import type { FastifyInstance } from "fastify";
import type { ServerContext } from "./context.ts";
import type { AgentListener } from "./http/agent-listener.ts";
import type { CallsInFlight } from "./http/calls-in-flight.ts";
import { shutdownError } from "./http/connect-plugin.ts";
import type { TlsFront } from "./http/tls-front.ts";
import type { OnDemand } from "./on-demand/on-demand.ts";

/** Time for all of it; what still runs then is cut off. The program's own limit is half a second later. */
const STOP_MS = 8_000;

export interface StoppingParts {
  readonly context: ServerContext;
  readonly app: FastifyInstance | undefined;
  readonly front: TlsFront | undefined;
  readonly agents: AgentListener | undefined;
  readonly onDemand: OnDemand;
  readonly calls: CallsInFlight;
  /** Loops and scoring. Nobody waits for their answers, so they end beside the rest. */
  readonly work: readonly (AsyncDisposable | undefined)[];
  /** Says that this replica lives, until its work is done: else others would take it. */
  readonly presence: AsyncDisposable | undefined;
  readonly shutdown: AbortController;
  /** How long everything is still answered after readiness went down. */
  readonly noticeMs: number;
}

export async function stopServer(parts: StoppingParts): Promise<void> {
  const { context, app, front, agents, onDemand, calls, shutdown, noticeMs } = parts;
  context.health.markStopping();
  const cancel = context.clock.setTimer(STOP_MS, () => {
    shutdown.abort(shutdownError());
    app?.server.closeAllConnections();
    front?.closeAllConnections();
    agents?.closeAllConnections();
  });
  try {
    const working = Promise.all(
      parts.work.map(async (each) => await each?.[Symbol.asyncDispose]()),
    );
    // Told below; a failure meanwhile has a reader.
    working.catch(() => undefined);
    const isListening = app?.server.listening === true || front !== undefined;
    if (noticeMs > 0 && isListening) await sleep(context.clock, noticeMs);
    onDemand.sayGoodbye();
    await front?.[Symbol.asyncDispose]();
    await Promise.all([app?.close(), agents?.[Symbol.asyncDispose]()]);
    await calls.settled();
    await onDemand[Symbol.asyncDispose]();
    await working;
    await context.faultThread[Symbol.asyncDispose]();
    await context.archive?.[Symbol.asyncDispose]();
    await context.limits[Symbol.asyncDispose]();
    await parts.presence?.[Symbol.asyncDispose]();
  } finally {
    cancel();
  }
}
