// The simulated path between a monitor and the lab's servers: a fixed delay each way plus a little queueing.

import type { Random } from "@truechimer/base";
import type { VantagePoint } from "./vantage-points.ts";

/** What lies between one vantage point and all servers. */
export interface NetworkPath {
  readonly forwardDelayNs: bigint;
  readonly returnDelayNs: bigint;
  /** Mean of the exponential queueing delay of each packet; 0 for none. */
  readonly jitterNsMean: number;
}

/** What one exchange met on its way. */
export interface PathDelays {
  readonly forwardNs: bigint;
  readonly returnNs: bigint;
}

/** No simulated delay: for a client that is none of the vantage points, such as a real chronyd. */
export const DIRECT_PATH: NetworkPath = { forwardDelayNs: 0n, returnDelayNs: 0n, jitterNsMean: 0 };

/** Queueing beyond this many means is cut off, so that no exchange is lost to an unlucky draw. */
const JITTER_MEANS_MAX = 6;

/** The path of a vantage point, in nanoseconds. */
export function networkPathOf(vantagePoint: VantagePoint): NetworkPath {
  return {
    forwardDelayNs: nsFromMs(vantagePoint.forwardDelayMs),
    returnDelayNs: nsFromMs(vantagePoint.returnDelayMs),
    jitterNsMean: vantagePoint.jitterMs * 1e6,
  };
}

/** By source address as the servers see it. */
export function networkPaths(
  vantagePoints: readonly VantagePoint[],
): ReadonlyMap<string, NetworkPath> {
  return new Map(vantagePoints.map((point) => [point.address, networkPathOf(point)]));
}

/** One exchange's delays: the fixed part of each way, and queueing drawn from an exponential distribution. */
export function drawPathDelays(path: NetworkPath, random: Random): PathDelays {
  return {
    forwardNs: path.forwardDelayNs + drawJitterNs(path, random),
    returnNs: path.returnDelayNs + drawJitterNs(path, random),
  };
}

function drawJitterNs(path: NetworkPath, random: Random): bigint {
  const means = Math.min(-Math.log1p(-random.fraction()), JITTER_MEANS_MAX);
  return BigInt(Math.round(means * path.jitterNsMean));
}

function nsFromMs(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}
