// Cases that random ones found once, by name.

import { assert, expect, test } from "vitest";
import { changeWords, HOUR_MS, monitor, NOW_MS, of, snapshotOf } from "./_scenario.ts";
import { explanationText } from "./explanation-text.ts";
import { planReview } from "./plan-review.ts";
import { POOL_SELECTION, PRIVATE_SELECTION, PURE_PRIORITY_SELECTION } from "./policy.ts";

test("a better candidate does not come at once where as many work as may", () => {
  const snapshot = snapshotOf([
    ...of("active", 1, 12),
    { id: 13, status: "candidate", country: "JP" },
  ]);
  const working = new Set(snapshot.monitors.slice(0, 12).map(({ id }) => id));
  for (const { monitorId, to } of planReview(
    snapshot,
    { ...PRIVATE_SELECTION, testingTarget: 5 },
    NOW_MS,
  ).changes) {
    if (to === "candidate") working.delete(monitorId);
    else working.add(monitorId);
  }
  expect(working.size).toBeLessThanOrEqual(12);
});

test.each([3, 4])(
  "one of %i silent active monitors makes room for one that can be used, also where three may be active",
  (count) => {
    const { measured } = monitor({ id: 1, status: "active" });
    assert(measured !== undefined, "monitors are measured by default");
    const silent = { measured: { ...measured, lastCheckAtMs: NOW_MS - 5 * HOUR_MS } };
    const rows = of("active", 1, count, { more: silent });
    const snapshot = snapshotOf([...rows, { id: 9, status: "testing" }]);
    const policy = {
      ...PURE_PRIORITY_SELECTION,
      activeTarget: 3,
      testingTarget: 2,
      budget: 1,
      shortageBudget: 1,
    };
    const plan = planReview(snapshot, policy, NOW_MS);
    expect(changeWords(plan)).toContain("9 testing>active");
    expect(plan.activeAfter).toBe(count);
  },
);

test("who cannot come yet because another has only come is told so, without a number that means nothing", () => {
  const since = { statusSinceMs: NOW_MS - HOUR_MS };
  const snapshot = snapshotOf([
    ...of("active", 1, 7, { more: since }),
    { id: 9, status: "testing", p: 1 },
  ]);
  const policy = { ...PURE_PRIORITY_SELECTION, activeDwellMs: 6 * HOUR_MS };
  const { explanation } = planReview(snapshot, policy, NOW_MS);
  const ninth = explanation.find(({ monitorId }) => monitorId === 9n);
  assert(ninth !== undefined, "every monitor is explained");
  expect(explanationText(ninth)).toMatch(/^comes after monitor \d for now/);
});

test.each([0, 1, 2, 5])(
  "when time runs out after %i looks at the clock, the plan still holds every limit, and says that it is not proven",
  (looks) => {
    const rows = [
      ...of("active", 1, 10, { unhealthy: true }),
      ...of("testing", 11, 18, { account: 7 }),
      ...of("candidate", 21, 40),
    ].map((row) => ({ ...row, country: `C${row.id % 5}`, network: `N${row.id % 3}` }));
    const snapshot = snapshotOf(rows);
    let count = 0;
    const monotonicMs = (): number => {
      count += 1;
      return count > looks + 1 ? 1_000 : 0;
    };
    const policy = { ...POOL_SELECTION, shortageBudget: 4 };
    const plan = planReview(snapshot, policy, NOW_MS, { monotonicMs, msMax: 20 });
    const whole = planReview(snapshot, policy, NOW_MS);
    expect(plan.proven).toBe(false);
    expect(whole.proven).toBe(true);
    expect(plan.usableAfter).toBeGreaterThanOrEqual(plan.usableBefore);
    const ids = plan.changes.map(({ monitorId }) => monitorId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(plan.changes.length).toBeLessThanOrEqual(12);
  },
);
