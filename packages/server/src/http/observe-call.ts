// The span, the metric, and the only place where an error of a handler is logged and translated.

import { remoteContext, SpanKind, withSpan } from "@truechimer/telemetry";
import type { ServerContext } from "../context.ts";
import { callerIsGone } from "./caller-gone.ts";
import type { CallsInFlight } from "./calls-in-flight.ts";
import { edgeErrorFrom } from "./connect-error.ts";

export interface ObservedCall {
  /** "monitor.v2.MonitorService" */
  readonly service: string;
  readonly method: string;
  readonly traceparent: string | undefined;
  /** Whether the caller has hung up: what fails then is nobody's trouble. */
  readonly isGone: () => boolean;
}

/** Rejects with what the wire carries. */
export async function observeCall<Value>(
  context: Pick<ServerContext, "clock" | "logger" | "metrics">,
  calls: CallsInFlight,
  { service, method, traceparent, isGone }: ObservedCall,
  work: () => Promise<Value>,
): Promise<Value> {
  const startedNs = context.clock.monotonicNs();
  let code = "ok";
  try {
    return await calls.track(
      withSpan(
        `${service}/${method}`,
        {
          kind: SpanKind.SERVER,
          parent: remoteContext(traceparent),
          attributes: {
            "rpc.system": "connect_rpc",
            "rpc.service": service,
            "rpc.method": method,
          },
        },
        work,
      ),
    );
  } catch (error) {
    const edge = edgeErrorFrom(error);
    code = edge.code;
    const gone = isGone() || callerIsGone(error);
    if (edge.internal && !gone) context.logger.error({ error, service, method }, "call failed");
    else context.logger.debug({ error, service, method }, "call refused");
    throw edge.answer;
  } finally {
    const seconds = Number(context.clock.monotonicNs() - startedNs) / 1e9;
    context.metrics.rpcSeconds.observe({ service, method, code }, seconds);
  }
}
