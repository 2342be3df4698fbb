// How long a plan for 150 monitors takes: of 60 accounts, in 12 countries and 40 networks.

import { POOL_SELECTION, planReview, type Snapshot } from "@truechimer/selection";
import { applyPlan } from "./converge.ts";
import { CONFIGURATIONS, generateSnapshot, SEED } from "./generate.ts";
import { FIGURE, FIGURES, type FigureRow } from "./rows.ts";
import { rank } from "./spread.ts";

const MONITORS = 150;
const PLANS = 400;
const WARM_UP_PLANS = 100;
const SETTLE_REVIEWS = 20;
const START_MS = Date.UTC(2026, 0, 1);
const REVIEW_MS = 3_600_000;

export function planTimeRows(measuredOn: string): readonly FigureRow[] {
  const starts = Array.from({ length: PLANS }, (_, number) => wideSnapshot(number));
  const rested = starts.map(settled);
  const title = `milliseconds to plan for ${MONITORS} monitors of 60 accounts in 12 countries and 40 networks`;
  return [
    {
      key: FIGURES.planTime,
      title: `${title}, from random states`,
      snapshots: starts,
      atMs: START_MS,
    },
    {
      key: FIGURES.planAtRest,
      title: `${title}, at rest`,
      snapshots: rested,
      atMs: START_MS + SETTLE_REVIEWS * REVIEW_MS,
    },
  ].map(({ key, title: name, snapshots, atMs }) => ({
    kind: "figure",
    key,
    measuredOn,
    title: name,
    figures: figuresOf(snapshots, atMs),
  }));
}

function figuresOf(
  snapshots: readonly Snapshot[],
  nowMs: number,
): Readonly<Record<string, number>> {
  for (const snapshot of snapshots.slice(0, WARM_UP_PLANS))
    planReview(snapshot, POOL_SELECTION, nowMs);
  const times: number[] = [];
  const explained: number[] = [];
  let unproven = 0;
  for (const snapshot of snapshots) {
    const began = performance.now();
    const plan = planReview(snapshot, POOL_SELECTION, nowMs, {
      monotonicMs: () => performance.now(),
    });
    times.push(performance.now() - began);
    if (plan.explanation.length !== MONITORS) throw new Error("a monitor is not explained");
    explained.push(performance.now() - began);
    if (!plan.proven) unproven += 1;
  }
  return {
    [FIGURE.planMedian]: rank(times, 0.5),
    p95: rank(times, 0.95),
    p99: rank(times, 0.99),
    greatest: Math.max(...times),
    [FIGURE.unproven]: unproven / snapshots.length,
    "median, with the reasons of all monitors": rank(explained, 0.5),
  };
}

function settled(start: Snapshot): Snapshot {
  let snapshot = start;
  for (let review = 0; review < SETTLE_REVIEWS; review += 1) {
    const nowMs = START_MS + review * REVIEW_MS;
    snapshot = applyPlan(snapshot, planReview(snapshot, POOL_SELECTION, nowMs), nowMs, REVIEW_MS);
  }
  return snapshot;
}

function wideSnapshot(number: number): Snapshot {
  const [configuration] = CONFIGURATIONS;
  if (configuration === undefined) throw new RangeError("there is a configuration");
  const parts = Array.from({ length: 16 }, (_, part) =>
    generateSnapshot(configuration, SEED + number * 16 + part, START_MS),
  );
  const monitors = parts
    .flatMap((part) => part.monitors)
    .slice(0, MONITORS)
    .map((monitor, index) => ({
      ...monitor,
      id: BigInt(index + 1),
      // A server at work: a few active and testing ones, the others candidates.
      status:
        index < 8
          ? ("active" as const)
          : index < 14
            ? ("testing" as const)
            : ("candidate" as const),
      accountId: BigInt(1 + ((index * 7) % 60)),
      country: `C${(index * 5) % 12}`,
      network: `N${(index * 11) % 40}`,
    }));
  return { server: { id: BigInt(number), accountId: 999n, ip: "198.51.100.1" }, monitors };
}
