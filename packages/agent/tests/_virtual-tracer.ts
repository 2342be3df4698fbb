// A tracer in virtual time: a path of two routers to whatever is asked for, as long as it is told to take.

import { AppError } from "@truechimer/base";
import type { VirtualClock } from "@truechimer/testing-sim";
import type { Tracer, TracerouteRequest } from "@truechimer/udp";
import { ip } from "./_simulated-agent.ts";

export interface VirtualTracer extends Tracer {
  /** As they began. */
  readonly asked: TracerouteRequest[];
  readonly underWay: number;
  readonly underWayMax: number;
}

/** The clock is the simulation's, which is made with the tracer. */
export function createVirtualTracer(clock: () => VirtualClock, takesMs: number): VirtualTracer {
  const asked: TracerouteRequest[] = [];
  let underWay = 0;
  let underWayMax = 0;
  return {
    asked,
    get underWay() {
      return underWay;
    },
    get underWayMax() {
      return underWayMax;
    },
    traceroute: (request, signal) => {
      asked.push(request);
      underWay += 1;
      underWayMax = Math.max(underWayMax, underWay);
      const startedAtNs = clock().nowNs();
      return new Promise((resolve, reject) => {
        const end = (): void => {
          underWay -= 1;
          cancel();
          signal?.removeEventListener("abort", onAbort);
        };
        const onAbort = (): void => {
          end();
          const reason: unknown = signal?.reason;
          reject(reason instanceof AppError ? reason : new AppError("stopped", "aborted"));
        };
        const cancel = clock().setTimer(takesMs, () => {
          end();
          const router = { address: ip("192.0.2.254"), rttNs: 1_500n, icmp: { type: 11, code: 0 } };
          const server = { address: request.address, rttNs: 9_000n, icmp: undefined };
          const silence = { address: undefined, rttNs: undefined, icmp: undefined };
          resolve({
            startedAtNs,
            hops: [
              { hopLimit: 1, answers: [router, silence] },
              { hopLimit: 2, answers: [server] },
            ],
            reached: true,
            reason: undefined,
          });
        });
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
