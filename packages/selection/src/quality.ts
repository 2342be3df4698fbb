// What a monitor's measurement of a server is worth, as a cost in points (0: perfect), and whether the monitor is healthy
// for it. A server that everyone sees as bad makes nobody unhealthy; few results say little, so they shrink to a prior.

import type { QualityPolicy } from "./policy.ts";
import type { MeasurementFacts, MonitorFacts } from "./snapshot.ts";

const DAY_MS = 86_400_000;
/** Results that the prior is worth. */
const PRIOR_WEIGHT = 5;
const PRIOR_LOSS_SHARE = 0.02;
const PRIOR_RESIDUAL_MS = 2;
const PRIOR_DELAY_MS = 100;
/** Below this round trip a shorter one makes no better measurement. */
const DELAY_MS_GOOD = 20;
const DELAY_POINTS_MAX = 100;
const RESIDUAL_POINTS_PER_MS = 4;
const RESIDUAL_POINTS_MAX = 200;
const LOSS_POINTS = 400;
/** A path without any answer counts as this long, never as 0. */
const DELAY_MS_UNANSWERED = 1_000;
/** So many monitors must see a server well before it is held to be well; of few monitors a quarter. */
const WELL_SEEN_BY = 3;
const WELL_SEEN_SHARE = 0.25;
/** The NTP Pool's limit: a mean step below it is unhealthy. */
const HEALTHY_STEP = 0;
/** How far below the server's own level a monitor may be. */
const LEVEL_MARGIN = 1;
const HEALTH_PRIOR_WEIGHT = 3;

/** The server's own level: the mean step that several monitors have of it at least. Undefined: nobody measured it. */
export function serverLevel(monitors: readonly MonitorFacts[], nowMs: number): number | undefined {
  const steps: number[] = [];
  for (const { measured, type } of monitors) {
    if (type !== "monitor" || measured === undefined || measured.weight <= 0) continue;
    if (nowMs - measured.lastCheckAtMs <= DAY_MS) steps.push(measured.meanStep);
  }
  steps.sort((a, b) => b - a);
  const place = Math.min(WELL_SEEN_BY, Math.ceil(steps.length * WELL_SEEN_SHARE));
  return steps[place - 1];
}

/** Whether the monitor sees the server about as well as it can be seen. */
export function isHealthy(monitor: MonitorFacts, level: number | undefined): boolean {
  if (monitor.badEverywhere) return false;
  const { measured } = monitor;
  if (measured === undefined || level === undefined) return true;
  const { weight, meanStep } = measured;
  const step = (weight * meanStep + HEALTH_PRIOR_WEIGHT * level) / (weight + HEALTH_PRIOR_WEIGHT);
  return step >= Math.min(HEALTHY_STEP, level - LEVEL_MARGIN);
}

/** Points; lower is better. */
export function qualityCost(
  measured: MeasurementFacts | undefined,
  quality: QualityPolicy,
): number {
  if (quality.kind === "priority") {
    return measured === undefined ? PRIOR_DELAY_MS : priorityOf(measured);
  }
  const weight = measured?.weight ?? 0;
  const shrunk = (mean: number, prior: number): number =>
    (weight * mean + PRIOR_WEIGHT * prior) / (weight + PRIOR_WEIGHT);
  const loss = shrunk(measured?.lossShare ?? 0, PRIOR_LOSS_SHARE);
  const residualMs = shrunk(measured?.residualMs ?? PRIOR_RESIDUAL_MS, PRIOR_RESIDUAL_MS);
  const delayMs = shrunk(
    measured === undefined ? PRIOR_DELAY_MS : (measured.delayMs ?? DELAY_MS_UNANSWERED),
    PRIOR_DELAY_MS,
  );
  return (
    LOSS_POINTS * loss +
    Math.min(RESIDUAL_POINTS_MAX, RESIDUAL_POINTS_PER_MS * residualMs) +
    Math.min(DELAY_POINTS_MAX, Math.max(0, (delayMs - DELAY_MS_GOOD) / 2))
  );
}

/** The NTP Pool's priority: lower is better. Without an answer it is that of a very long way. */
function priorityOf({ delayMs, meanStep }: MeasurementFacts): number {
  return Math.round((delayMs ?? DELAY_MS_UNANSWERED) * (1 + 2 * (1 - meanStep)));
}

const DELAY_BANDS_MS = [20, 80, 200];

/** 0: near; 3: on the other side of the world; -1: not known. */
export function delayBand(measured: MeasurementFacts | undefined): number {
  const delayMs = measured?.delayMs;
  if (delayMs === undefined) return -1;
  return DELAY_BANDS_MS.filter((limit) => delayMs > limit).length;
}
