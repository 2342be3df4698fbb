// What happens to one check: the sum of what all incidents do to it.

import type { Random } from "@truechimer/base";
import type { CheckSeen } from "@truechimer/fault";
import { exponential, type Way } from "./world.ts";

export interface Disturbance {
  /** How far the server's clock is ahead of the truth, nanoseconds; and the monitor's. */
  serverNs: number;
  monitorNs: number;
  /** Longer on the way there, and back, nanoseconds. */
  outNs: number;
  backNs: number;
  /** Mean wait at the server before the request is stamped, nanoseconds. */
  serverQueueNs: number;
  /** Share of the exchanges that is lost besides. */
  lossShare: number;
  /** Share of the checks that RATE answers, and of the requests after the first one that are dropped. */
  kissShare: number;
  dropShare: number;
  leap: number;
}

export function undisturbed(): Disturbance {
  return {
    serverNs: 0,
    monitorNs: 0,
    outNs: 0,
    backNs: 0,
    serverQueueNs: 0,
    lossShare: 0,
    kissShare: 0,
    dropShare: 0,
    leap: 0,
  };
}

/** Requests of a check. */
export const SAMPLES = 3;
/** Now and then a queue is long. */
const BURST = { share: 0.02, meanNs: 8e6 };

/** Three samples, of which the one with the least delay is kept, as an agent does. */
export function checkThrough(way: Way, what: Disturbance, atMs: number, random: Random): CheckSeen {
  if (what.kissShare > 0 && random.fraction() < what.kissShare) {
    return { ...NOTHING, atMs, sent: 1, received: 1, isRateLimited: true };
  }
  const loss = 1 - (1 - way.lossShare) * (1 - what.lossShare);
  const burstNs = random.fraction() < BURST.share ? exponential(BURST.meanNs, random) : 0;
  const isBurstOut = random.fraction() < 0.5;
  let received = 0;
  let offsetNs = Number.NaN;
  let delayNs = Number.NaN;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const isDropped = sample > 0 && what.dropShare > 0 && random.fraction() < what.dropShare;
    if (isDropped || random.fraction() < loss) continue;
    received += 1;
    const queueNs = what.serverQueueNs > 0 ? exponential(what.serverQueueNs, random) : 0;
    const out =
      way.outNs +
      what.outNs +
      queueNs +
      exponential(way.queueNs, random) +
      (isBurstOut ? burstNs : 0);
    const back =
      way.backNs + what.backNs + exponential(way.queueNs, random) + (isBurstOut ? 0 : burstNs);
    if (!(out + back >= delayNs)) {
      delayNs = out + back;
      offsetNs = what.serverNs - what.monitorNs + (out - back) / 2;
    }
  }
  const leap = received === 0 ? -1 : what.leap;
  return {
    atMs,
    offsetNs,
    delayNs,
    sent: SAMPLES,
    received,
    isRateLimited: false,
    isUnfit: false,
    leap,
  };
}

const NOTHING: CheckSeen = {
  atMs: 0,
  offsetNs: Number.NaN,
  delayNs: Number.NaN,
  sent: 0,
  received: 0,
  isRateLimited: false,
  isUnfit: false,
  leap: -1,
};
