// What a monitor is worth at a place, in hundredths of a point: its quality, with what a change costs. Whole numbers.

import { type Field, isWorking, type Standing } from "./standing.ts";

const PER_POINT = 100;
/** More than all differences in quality and diversity of a whole set together: one more monitor always goes before. */
export const COUNT_VALUE = 1e12;
/** Of one that has enough data: goes before any quality, and after the number. */
export const GATE_VALUE = 1e10;
/** Holds a monitor where it is against everything but need. */
export const DWELL_POINTS = 1e6;
/** A penalty that doubles must end somewhere: after ten reversals a week nothing but need brings it back. */
const REVERSALS_MAX = 10;
/** Of equal monitors the newcomer goes first only when it is better by the whole margin. */
const TIE_VALUE = 1;

/** Of a place among the active. */
export function activeValue(standing: Standing, field: Field): number {
  const { facts, cost, margin } = standing;
  const { policy, nowMs } = field;
  const { status, statusSinceMs, demotedAtMs, reversals } = facts;
  let points = -cost - loadPoints(standing, field);
  if (status === "active") {
    points += margin;
    if (statusSinceMs !== undefined && nowMs - statusSinceMs < policy.activeDwellMs) {
      points += DWELL_POINTS;
    }
    return value(points) - (margin > 0 ? TIE_VALUE : 0);
  }
  if (demotedAtMs !== undefined && nowMs - demotedAtMs < policy.returnDwellMs) {
    points -= DWELL_POINTS;
  }
  if (reversals > 0) {
    points -= policy.flapPenalty * 2 ** (Math.min(reversals, REVERSALS_MAX) - 1);
  }
  return value(points);
}

/** Of a place among the testing; who works already stays until somebody is better by the margin. */
export function testingValue(standing: Standing, field: Field): number {
  const { facts, cost, margin } = standing;
  const works = isWorking(facts.status);
  const points = -cost - loadPoints(standing, field) + (works ? margin : 0);
  return value(points) - (works && margin > 0 ? TIE_VALUE : 0);
}

/** What the groupings weigh, by country, network and delay band. */
export function diversityWeights({ policy: { diversity } }: Field): readonly number[] {
  return [diversity.country, diversity.network, diversity.delayBand].map(
    (points) => Math.round(points) * PER_POINT,
  );
}

/** In whole points and hundredths. */
export function pointsValue(difference: number): number {
  return difference / PER_POINT;
}

/** Of a cost alone. */
export function costValue(points: number): number {
  return value(points);
}

function value(points: number): number {
  return Math.round(points * PER_POINT);
}

function loadPoints({ facts }: Standing, { policy }: Field): number {
  const others = facts.activeServers - (facts.status === "active" ? 1 : 0);
  return policy.loadPenalty * Math.max(0, others) + policy.accountSharePenalty * facts.accountShare;
}
