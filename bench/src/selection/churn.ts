// How many active monitors move under noise alone: 40 monitors in networks and of accounts of their own, priorities
// multiplied by 1 + 5 % × normal anew at each review (harsher than averages over a day), an hour after a change and 20 minutes
// otherwise. And how many reviews it takes after 1 to 7 active monitors have turned unhealthy.

import { type Random, unsafelyDeterministicRandom } from "@truechimer/base";
import { planReview, type SelectionPolicy, type Snapshot } from "@truechimer/selection";
import { applyPlan } from "./converge.ts";
import { CONFIGURATIONS, generateSnapshot, SEED } from "./generate.ts";
import { normal } from "./noise.ts";

const MONITORS = 40;
const SERVERS = 40;
const REVIEWS = 300;
const WARM_UP_REVIEWS = 60;
const CHANGED_MS = 3_600_000;
const STABLE_MS = 1_200_000;
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);

export interface Churn {
  readonly movesPerDay: number;
  readonly reversedPerDay: number;
}

/** Moves into and out of the active set, per server and day, once the server has come to rest. */
export function churnOf(policy: SelectionPolicy, noise: number): Churn {
  let moves = 0;
  let reversed = 0;
  let days = 0;
  for (let server = 0; server < SERVERS; server += 1) {
    const random = unsafelyDeterministicRandom(SEED + server);
    const quiet = quietServer(server);
    let snapshot = quiet;
    let nowMs = START_MS;
    const left = new Map<bigint, number>();
    for (let review = 0; review < WARM_UP_REVIEWS + REVIEWS; review += 1) {
      const noisy =
        review < WARM_UP_REVIEWS ? snapshot : withNoise(snapshot, quiet, { random, noise });
      const plan = planReview(noisy, policy, nowMs);
      const counted = review >= WARM_UP_REVIEWS;
      for (const { monitorId, from, to } of plan.changes) {
        if (from !== "active" && to !== "active") continue;
        if (counted) moves += 1;
        if (from === "active") left.set(monitorId, nowMs);
        else if (counted && nowMs - (left.get(monitorId) ?? Number.NEGATIVE_INFINITY) < DAY_MS)
          reversed += 1;
      }
      const laterMs = plan.changes.length > 0 ? CHANGED_MS : STABLE_MS;
      if (counted) days += laterMs / DAY_MS;
      snapshot = applyPlan(snapshot, plan, nowMs, laterMs);
      nowMs += laterMs;
    }
  }
  return { movesPerDay: moves / days, reversedPerDay: reversed / days };
}

/** Reviews until seven usable ones are active again, for each number of those that turned. */
export function recoveryOf(policy: SelectionPolicy): readonly number[] {
  return [1, 2, 3, 5, 7].map((bad) => {
    let worst = 0;
    for (let server = 0; server < SERVERS; server += 1) {
      let snapshot = quietServer(server);
      let nowMs = START_MS;
      for (let review = 0; review < WARM_UP_REVIEWS; review += 1) {
        const plan = planReview(snapshot, policy, nowMs);
        snapshot = applyPlan(snapshot, plan, nowMs, CHANGED_MS);
        nowMs += CHANGED_MS;
      }
      snapshot = withUnhealthy(snapshot, bad);
      let reviews = 0;
      for (
        let usable = 0;
        usable < policy.activeTarget && reviews < WARM_UP_REVIEWS;
        reviews += 1
      ) {
        const plan = planReview(snapshot, policy, nowMs);
        usable = plan.usableAfter;
        snapshot = applyPlan(snapshot, plan, nowMs, CHANGED_MS);
        nowMs += CHANGED_MS;
      }
      worst = Math.max(worst, reviews);
    }
    return worst;
  });
}

function quietServer(number: number): Snapshot {
  const [configuration] = CONFIGURATIONS;
  if (configuration === undefined) throw new RangeError("there is a configuration");
  const drawn = Array.from({ length: 4 }, (_, part) =>
    generateSnapshot(configuration, number * 4 + part, START_MS),
  );
  const monitors = drawn
    .flatMap((snapshot) => snapshot.monitors)
    .slice(0, MONITORS)
    .map((monitor, index) => ({
      ...monitor,
      id: BigInt(index + 1),
      accountId: BigInt(index + 1),
      ip: `10.${index >>> 4}.${(index & 15) << 4}.1`,
    }));
  return { server: { id: BigInt(number), accountId: 999n, ip: "198.51.100.1" }, monitors };
}

function withNoise(
  snapshot: Snapshot,
  quiet: Snapshot,
  { random, noise }: { readonly random: Random; readonly noise: number },
): Snapshot {
  return {
    ...snapshot,
    monitors: snapshot.monitors.map((monitor, index) => {
      const delayMs = quiet.monitors[index]?.measured?.delayMs ?? 1;
      const noisy = Math.max(1, delayMs * (1 + noise * normal(random)));
      return monitor.measured === undefined
        ? monitor
        : { ...monitor, measured: { ...monitor.measured, delayMs: noisy } };
    }),
  };
}

function withUnhealthy(snapshot: Snapshot, count: number): Snapshot {
  let left = count;
  return {
    ...snapshot,
    monitors: snapshot.monitors.map((monitor) => {
      if (monitor.status !== "active" || left === 0 || monitor.measured === undefined)
        return monitor;
      left -= 1;
      return { ...monitor, measured: { ...monitor.measured, meanStep: -3, lossShare: 0.6 } };
    }),
  };
}
