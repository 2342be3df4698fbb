// When an incident could be seen at all: how much the checks made so far say of it to somebody who knows beforehand where
// it is and how large, and who only has to tell it from nothing. Nobody who has to look for it can be earlier.

import type { Disturbance } from "./disturbance.ts";
import { SAMPLES, undisturbed } from "./disturbance.ts";
import type { Incident } from "./incident.ts";
import type { World } from "./world.ts";

/**
 * Natural units of log likelihood: odds of 160,000 to one. As much as the judge asks of any cause at the least, because
 * thousands of causes are tried thousands of times a day.
 */
const VISIBLE = 12;
/** A single check of what is measured says no more: seven standard deviations. */
const CHECK_MAX = 24.5;
/** What one monitor alone has seen could be its own: where an incident touches several, two must have checked. */
const WAYS_MIN = 2;
/** A shift below so many times the noise of a single check is nobody's fault (docs/reference/faults.md). */
const FAULT_SIGMAS = 1.2;
/** How often a kiss code or an announcement comes without a reason. */
const RARE = 0.0005;

/** Gathers what the checks of one incident say on average. */
export interface Evidence {
  /** A check of one of its ways at this time, in intervals. */
  add(way: number, at: number): void;
  /** Intervals from its beginning until it could be seen. Undefined: not yet. */
  readonly visibleAfter: number | undefined;
}

export function createEvidence(
  incident: Incident,
  world: World,
  noiseNs: readonly number[],
): Evidence {
  const ways = new Set<number>();
  let known = 0;
  const evidence = {
    visibleAfter: undefined as number | undefined,
    add: (way: number, at: number): void => {
      if (evidence.visibleAfter !== undefined) return;
      const what = undisturbed();
      incident.disturb(what, at);
      known += informationOf(what, {
        noiseNs: noiseNs[way] as number,
        usualLoss: (world.ways[way] as World["ways"][number]).lossShare,
      });
      ways.add(way);
      if (known >= VISIBLE && ways.size >= Math.min(WAYS_MIN, incident.ways.size))
        evidence.visibleAfter = at - incident.from;
    },
  };
  return evidence;
}

/** Of one check: the divergence (Kullback and Leibler) of what happens from what would happen without the incident. */
function informationOf(
  what: Disturbance,
  { noiseNs, usualLoss }: { readonly noiseNs: number; readonly usualLoss: number },
): number {
  // The sample of the least delay is kept: of three waits the shortest, a third of the mean.
  const waitNs = what.serverQueueNs / SAMPLES;
  const offset = what.serverNs - what.monitorNs + (what.outNs + waitNs - what.backNs) / 2;
  const delay = what.outNs + waitNs + what.backNs;
  // A delay is the sum of both legs, an offset half of their difference.
  const sigmas = Math.hypot(offset, delay / 2) / noiseNs;
  const measured = sigmas < FAULT_SIGMAS ? 0 : sigmas ** 2 / 2;
  const loss = 1 - (1 - usualLoss) * (1 - what.lossShare);
  const dropped = 1 - (1 - usualLoss) * (1 - what.dropShare);
  return (
    Math.min(CHECK_MAX, measured) * (1 - loss) +
    SAMPLES * divergence(loss, usualLoss) +
    divergence(Math.max(RARE, what.kissShare), RARE) +
    (1 - what.kissShare) * (SAMPLES - 1) * divergence(dropped, usualLoss) +
    (what.leap > 0 ? -Math.log(RARE) : 0)
  );
}

/** Of a chance from the usual one. */
function divergence(share: number, usual: number): number {
  const part = (one: number, other: number): number => (one > 0 ? one * Math.log(one / other) : 0);
  return part(share, usual) + part(1 - share, 1 - usual);
}
