// The least number of reviews that the budgets leave between a server's state and its target, whatever the plan: removals
// and promotions that must happen, so many of a kind a review, and the way over testing.

import { planReview, type SelectionPolicy, type Snapshot } from "@truechimer/selection";

/** Not below the truth: while fewer than five actives are usable the larger budget holds, and is granted here throughout. */
export function reviewsAtLeast(
  start: Snapshot,
  end: Snapshot,
  policy: SelectionPolicy,
  nowMs: number,
): number {
  const to = new Map(end.monitors.map(({ id, status }) => [id, status]));
  const { usableBefore } = planReview(start, policy, nowMs);
  const unfit = new Set(
    start.monitors.filter(({ measured }) => (measured?.meanStep ?? 0) < 0).map(({ id }) => id),
  );
  let removals = 0;
  let toActive = 0;
  let toTesting = 0;
  let way = 0;
  for (const { id, status, globalStatus } of start.monitors) {
    const target = to.get(id);
    if (target === undefined || target === status) continue;
    if (globalStatus === "paused" || globalStatus === "deleted") {
      way = Math.max(way, 1);
      continue;
    }
    if (status === "active") {
      // A usable one goes by way of testing; an unfit one, or one of the server's account, does not.
      const direct =
        globalStatus !== "active" || unfit.has(id) || target === "paused" || target === "testing";
      const steps = direct ? 1 : stepsOut(start, end, id);
      removals += steps;
      way = Math.max(way, steps);
    } else if (status === "testing") {
      if (target === "active") toActive += 1;
      else removals += 1;
      way = Math.max(way, 1);
    } else if (target === "active") {
      toTesting += 1;
      toActive += 1;
      way = Math.max(way, 2);
    } else {
      if (target === "testing") toTesting += 1;
      way = Math.max(way, 1);
    }
  }
  const base = policy.budget ?? Number.POSITIVE_INFINITY;
  const each = usableBefore < policy.shortageBelow ? (policy.shortageBudget ?? base) : base;
  // The larger budget lasts for the reviews that it takes to reach five.
  const fast =
    usableBefore < policy.shortageBelow
      ? Math.ceil((policy.shortageBelow - usableBefore) / each) + 1
      : 0;
  return Math.max(
    way,
    ...[removals, toActive, toTesting].map((count) => reviewsFor(count, { each, base, fast })),
  );
}

function reviewsFor(
  count: number,
  { each, base, fast }: { readonly each: number; readonly base: number; readonly fast: number },
): number {
  if (count <= fast * each) return Math.ceil(count / each);
  return fast + Math.ceil((count - fast * each) / base);
}

/** One where another of its network is or comes, so that it cannot be tested. */
function stepsOut(start: Snapshot, end: Snapshot, id: bigint): number {
  const network = (ip: string | undefined): string => {
    const [a, b, c] = (ip ?? "").split(".");
    return `${a}.${b}.${Number(c) >>> 4}`;
  };
  const own = network(start.monitors.find((each) => each.id === id)?.ip);
  const shared = end.monitors.some(
    (each) =>
      each.id !== id &&
      network(each.ip) === own &&
      (each.status === "active" || each.status === "testing"),
  );
  return shared ? 1 : 2;
}
