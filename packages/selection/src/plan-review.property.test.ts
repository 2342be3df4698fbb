// What holds of every plan, whatever the server, the monitors and their state.

import fc from "fast-check";
import { expect, test } from "vitest";
import { leastCost, mostUsable, mostUsableInOneReview, violations } from "./_brute-force.ts";
import { applied, CLASSIC, HOUR_MS, monitor, NOW_MS, SERVER } from "./_scenario.ts";
import { planReview, type ReviewPlan } from "./plan-review.ts";
import { POOL_SELECTION, PRIVATE_SELECTION, PURE_PRIORITY_SELECTION } from "./policy.ts";
import type { MonitorFacts, Snapshot } from "./snapshot.ts";
import { fieldOf } from "./standing.ts";

const STATUS = fc.constantFrom("active", "testing", "candidate", "paused");
const GLOBAL = fc.constantFrom(
  "active",
  "active",
  "active",
  "active",
  "testing",
  "pending",
  "paused",
);

const anyMonitor = (id: number): fc.Arbitrary<MonitorFacts> =>
  fc
    .record({
      status: STATUS,
      global: GLOBAL,
      p: fc.integer({ min: 1, max: 300 }),
      account: fc.constantFrom(1, 2, 3, 4, 5, 999),
      network: fc.nat(12),
      unhealthy: fc.nat(6).map((drawn) => drawn === 0),
      silent: fc.nat(9).map((drawn) => drawn === 0),
      count: fc.constantFrom(0, 8, 20, 200),
      country: fc.constantFrom("", "DE", "US", "JP"),
      type: fc.nat(20).map((drawn) => (drawn === 0 ? "score" : "monitor")),
    })
    .map(({ global, network, silent, type, ...row }) => {
      const facts = monitor({
        id,
        ...row,
        global,
        ip: `10.0.${network << 4}.${id}`,
        network: `net${network}`,
      });
      const { measured } = facts;
      if (measured === undefined) return { ...facts, type };
      const lastCheckAtMs = silent ? NOW_MS - 5 * HOUR_MS : NOW_MS;
      return { ...facts, type, measured: { ...measured, lastCheckAtMs } };
    });
const snapshots = (max: number): fc.Arbitrary<Snapshot> =>
  fc
    .integer({ min: 1, max })
    .chain((count) =>
      fc.tuple(...Array.from({ length: count }, (_, index) => anyMonitor(index + 1))),
    )
    .map((monitors) => ({ server: SERVER, monitors }));
const policies = fc.constantFrom(
  CLASSIC,
  POOL_SELECTION,
  PRIVATE_SELECTION,
  PURE_PRIORITY_SELECTION,
);
const plan = (snapshot: Snapshot, policy: typeof CLASSIC): ReviewPlan =>
  planReview(snapshot, policy, NOW_MS);
const statusesAfter = (snapshot: Snapshot, of: ReviewPlan): readonly string[] => {
  const to = new Map(of.changes.map((change) => [change.monitorId, change.to]));
  return snapshot.monitors.map(({ id, status }) => to.get(id) ?? status);
};
const RUNS = { numRuns: 300 };

test("1: one change of a monitor at most; 2: from the status of the snapshot; scorers are left alone", () => {
  fc.assert(
    fc.property(snapshots(30), policies, (snapshot, policy) => {
      const { changes } = plan(snapshot, policy);
      const facts = new Map(snapshot.monitors.map((each) => [each.id, each]));
      expect(new Set(changes.map(({ monitorId }) => monitorId)).size).toBe(changes.length);
      for (const { monitorId, from, to } of changes) {
        expect(facts.get(monitorId)?.status).toBe(from);
        expect(to).not.toBe(from);
        expect(facts.get(monitorId)?.type).toBe("monitor");
      }
    }),
    RUNS,
  );
});

test("3: no change adds a broken limit", () => {
  fc.assert(
    fc.property(snapshots(30), policies, (snapshot, policy) => {
      const monitors = snapshot.monitors.filter(({ type }) => type === "monitor");
      const only = { ...snapshot, monitors };
      const field = fieldOf(only, policy, NOW_MS);
      const before = violations(
        field,
        monitors.map(({ status }) => status),
      );
      const after = violations(field, statusesAfter(only, plan(only, policy)));
      for (const [kind, count] of after.entries()) {
        // An active monitor that goes to testing counts there, and never for more than it counted before.
        expect(count).toBeLessThanOrEqual(before[kind] ?? 0);
      }
    }),
    RUNS,
  );
});

test("4: with the same measurements it comes to rest, and does not circle", () => {
  fc.assert(
    fc.property(snapshots(24), policies, (start, policy) => {
      let snapshot = start;
      let nowMs = NOW_MS;
      for (let count = 0; count < 40; count += 1) {
        const next = planReview(snapshot, policy, nowMs);
        if (next.changes.length === 0 && count > 12) break;
        expect(count).toBeLessThan(39);
        snapshot = applied(snapshot, next, nowMs, HOUR_MS);
        nowMs += HOUR_MS;
      }
      const rest = planReview(snapshot, policy, nowMs);
      expect(rest.changes).toEqual([]);
      expect(rest.complete).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test("5: usable ones only fall to what the limits allow, and never to none while there is one", () => {
  fc.assert(
    fc.property(snapshots(30), policies, (snapshot, policy) => {
      const { usableBefore, usableAfter, target } = plan(snapshot, policy);
      expect(usableAfter).toBeGreaterThanOrEqual(Math.min(usableBefore, target.usable));
      if (usableBefore > 0) expect(usableAfter).toBeGreaterThan(0);
    }),
    RUNS,
  );
});

test("5: a watched server does not fall to no active monitor while the target has one", () => {
  fc.assert(
    fc.property(snapshots(30), policies, (snapshot, policy) => {
      const { activeAfter, target } = plan(snapshot, policy);
      const before = snapshot.monitors.filter(
        ({ status, type }) => status === "active" && type === "monitor",
      );
      if (before.length > 0 && target.usable > 0) expect(activeAfter).toBeGreaterThan(0);
    }),
    RUNS,
  );
});

test("6: every kind of change keeps to its budget", () => {
  fc.assert(
    fc.property(snapshots(40), fc.constantFrom(CLASSIC, POOL_SELECTION), (snapshot, policy) => {
      const { changes, usableBefore } = plan(snapshot, policy);
      const forced = changes.filter(({ reason }) => reason === "blocked").length;
      const each = usableBefore < 5 ? 4 : 2;
      const count = (is: (change: (typeof changes)[number]) => boolean): number =>
        changes.filter(is).length;
      expect(count(({ to }) => to === "active")).toBeLessThanOrEqual(each + forced);
      expect(count(({ to, from }) => to === "testing" && from === "candidate")).toBeLessThanOrEqual(
        each + forced,
      );
      const removals = count(
        ({ from, to, reason }) =>
          reason !== "blocked" && (from === "active" || (from === "testing" && to !== "active")),
      );
      expect(removals).toBeLessThanOrEqual(each);
    }),
    RUNS,
  );
});

test("7: the order of the monitors does not matter", () => {
  fc.assert(
    fc.property(
      snapshots(30).chain((snapshot) =>
        fc.tuple(
          fc.constant(snapshot),
          fc.shuffledSubarray([...snapshot.monitors], { minLength: snapshot.monitors.length }),
        ),
      ),
      policies,
      ([snapshot, shuffled], policy) => {
        expect(plan({ ...snapshot, monitors: shuffled }, policy)).toEqual(plan(snapshot, policy));
      },
    ),
    RUNS,
  );
});

test("8: who gets better is not demoted for it", () => {
  const rank = { active: 3, testing: 2, candidate: 1, paused: 0 };
  fc.assert(
    fc.property(
      snapshots(20),
      fc.nat(),
      fc.integer({ min: 1, max: 100 }),
      (snapshot, drawn, gain) => {
        const place = drawn % snapshot.monitors.length;
        const better = snapshot.monitors.map((each, at): MonitorFacts => {
          if (at !== place || each.measured === undefined) return each;
          const delayMs = Math.max(1, (each.measured.delayMs ?? 1) - gain);
          return { ...each, measured: { ...each.measured, delayMs } };
        });
        const statusOf = (of: Snapshot): "active" | "testing" | "candidate" | "paused" =>
          statusesAfter(of, plan(of, PURE_PRIORITY_SELECTION))[place] as "active";
        expect(rank[statusOf({ ...snapshot, monitors: better })]).toBeGreaterThanOrEqual(
          Math.min(rank[statusOf(snapshot)], rank[snapshot.monitors[place]?.status ?? "paused"]),
        );
      },
    ),
    RUNS,
  );
});

test("9: a further candidate never lowers the number of usable active monitors that a review aims at", () => {
  fc.assert(
    fc.property(
      snapshots(20),
      policies,
      fc.integer({ min: 1, max: 300 }),
      (snapshot, policy, p) => {
        // One that sees the server no better than others do, so that it does not change what is held of the server.
        const newcomer = monitor({ id: 90, status: "candidate", p, count: 200, account: 7 });
        const { measured: _, ...unmeasured } = newcomer;
        const more = { ...snapshot, monitors: [...snapshot.monitors, unmeasured] };
        // One review alone may be on its way: who is better is tested first.
        expect(plan(more, policy).target.usable).toBeGreaterThanOrEqual(
          plan(snapshot, policy).target.usable,
        );
      },
    ),
    RUNS,
  );
});

test("10: every monitor is explained, and every change with its reason", () => {
  fc.assert(
    fc.property(snapshots(30), policies, (snapshot, policy) => {
      const { changes, explanation } = plan(snapshot, policy);
      expect(explanation.length).toBe(snapshot.monitors.length);
      const explained = new Map(explanation.map((each) => [each.monitorId, each]));
      for (const change of changes) {
        expect(explained.get(change.monitorId)).toMatchObject({ hold: "changing", change });
      }
    }),
    RUNS,
  );
});

test("of up to ten monitors, the target has as many usable ones as any assignment, at the least cost", () => {
  fc.assert(
    fc.property(snapshots(10), (snapshot) => {
      const policy = {
        ...PURE_PRIORITY_SELECTION,
        relaxBelow: { dataGate: 0, networkDiversity: 0, accountLimit: 0 },
      };
      const { target } = plan(snapshot, policy);
      const field = fieldOf(snapshot, policy, NOW_MS);
      expect(target.usable).toBe(mostUsable(snapshot, policy));
      const cost = field.standings
        .filter((of) => of.usable && of.activeGateMet && target.active.includes(of.facts.id))
        .reduce((sum, standing) => sum + standing.cost, 0);
      expect(cost).toBeCloseTo(leastCost(snapshot, policy, target.usable), 6);
    }),
    RUNS,
  );
});

test("of up to seven monitors, no other set of changes reaches more usable ones in one review", () => {
  fc.assert(
    fc.property(snapshots(7), (snapshot) => {
      const policy = {
        ...PURE_PRIORITY_SELECTION,
        activeTarget: 3,
        testingTarget: 2,
        budget: 1,
        shortageBudget: 1,
        relaxBelow: { dataGate: 0, networkDiversity: 0, accountLimit: 0 },
      };
      const monitors = snapshot.monitors.filter(
        ({ type, globalStatus, status }) =>
          type === "monitor" && globalStatus !== "paused" && status !== "paused",
      );
      const live = { ...snapshot, monitors };
      const found = plan(live, policy);
      const best = mostUsableInOneReview(live, policy, { toActive: 1, toTesting: 1, removals: 1 });
      expect(Math.min(found.usableAfter, found.target.usable)).toBeGreaterThanOrEqual(
        Math.min(best, found.target.usable),
      );
    }),
    RUNS,
  );
});
