// The probe scenarios of the NTP Pool's selector, each with the outcome that is wanted (not the one that its code had).
// Ids: active from 1, testing from 11, candidates from 21, paused 90. A review is repeated with the same measurements.

import { expect, test } from "vitest";
import {
  CLASSIC,
  changeWords,
  HOUR_MS,
  NOW_MS,
  of,
  type Row,
  review,
  SERVER,
  snapshotOf,
} from "./_scenario.ts";
import type { ReviewPlan } from "./plan-review.ts";
import { POOL_SELECTION, type SelectionPolicy } from "./policy.ts";
import type { ServerFacts } from "./snapshot.ts";

type Ids = readonly number[];

interface Scenario {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly server?: ServerFacts;
  readonly policy?: SelectionPolicy;
  /** Of the first review, sorted by id. Absent: not all of them matter. */
  readonly changes?: readonly string[];
  readonly times?: number;
  /** At the end, for the statuses that matter. */
  readonly end?: {
    readonly active?: Ids;
    readonly testing?: Ids;
    readonly candidate?: Ids;
    readonly paused?: Ids;
  };
  readonly holds?: (plans: readonly ReviewPlan[]) => void;
}

const range = (from: number, to: number): Ids =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const row = (status: Row["status"], id: number, values: Partial<Row> = {}): Row => ({
  id,
  status,
  ...values,
});
const sevenActive = of("active", 1, 7);
const fiveTesting = of("testing", 11, 15);
const STEADY = range(1, 7);
const paused = (values: Row["more"], others: Partial<Row> = {}): Row =>
  row("paused", 90, { ...others, more: { ...values } });

const SCENARIOS: readonly Scenario[] = [
  {
    name: "P01 three candidates of a new server are promoted although there are fewer than seven",
    rows: of("candidate", 21, 23),
    changes: ["21 candidate>testing", "22 candidate>testing", "23 candidate>testing"],
    times: 3,
    end: { active: range(21, 23) },
  },
  {
    name: "P02 seven candidates become active step by step",
    rows: of("candidate", 21, 27),
    times: 4,
    end: { active: range(21, 27) },
  },
  {
    name: "P02b a pending monitor opens no gate and closes none",
    rows: [...of("candidate", 21, 25), row("candidate", 50, { global: "pending", p: 5 })],
    times: 4,
    end: { active: range(21, 25), candidate: [50] },
  },
  {
    name: "P03 of nine active the paused one leaves, and the excess is demoted",
    rows: of("active", 1, 9).map((each) => (each.id === 9 ? { ...each, global: "paused" } : each)),
    changes: ["8 active>testing", "9 active>candidate"],
  },
  {
    name: "P03b the same where the paused one is the best",
    rows: of("active", 1, 9).map((each) => (each.id === 1 ? { ...each, global: "paused" } : each)),
    changes: ["1 active>candidate", "9 active>testing"],
  },
  {
    name: "P04 a free place is filled without a demotion",
    rows: [...of("active", 1, 6, { ps: [50, 60, 70, 80, 90, 100] }), row("testing", 11, { p: 5 })],
    changes: ["11 testing>active"],
  },
  {
    name: "P05 a free testing place is filled without a demotion",
    rows: [
      ...sevenActive,
      ...of("testing", 11, 14, { ps: [50, 60, 70, 80] }),
      row("candidate", 21, { p: 6 }),
    ],
    changes: ["21 candidate>testing"],
  },
  {
    name: "P06 a pool that is too large shrinks with every review",
    rows: [
      ...sevenActive,
      ...of("testing", 11, 18, { ps: [50, 60, 70, 80, 90, 100, 110, 120] }),
      ...of("candidate", 21, 23, { ps: [6, 7, 8] }),
    ],
    times: 4,
    holds: (plans) => {
      const removed = plans.map(
        ({ changes }) =>
          changes.filter(({ from, to }) => from === "testing" && to === "candidate").length,
      );
      expect(removed.slice(0, 2)).toEqual([2, 2]);
    },
  },
  {
    name: "P06b nobody is changed twice",
    rows: [...sevenActive, ...of("testing", 11, 18), row("candidate", 21, { p: 6 })],
    times: 6,
  },
  {
    name: "P07 an unhealthy candidate stays one",
    rows: [...sevenActive, ...of("testing", 11, 13), row("candidate", 21, { unhealthy: true })],
    changes: [],
    times: 5,
  },
  {
    name: "P08 of two active in one network one stays",
    rows: [row("active", 1, { ip: "192.0.2.1" }), row("active", 2, { ip: "192.0.3.1" })],
    times: 5,
    end: { active: [1] },
  },
  {
    name: "P08b of seven active, two of them in one network, six stay and a testing one comes",
    rows: [
      ...of("active", 1, 5),
      row("active", 6, { p: 10, ip: "192.0.2.1" }),
      row("active", 7, { p: 11, ip: "192.0.3.1" }),
      ...fiveTesting,
    ],
    times: 4,
    end: { active: [1, 2, 3, 4, 5, 6, 11], candidate: [7] },
  },
  {
    name: "P09 of two candidates in one network one is promoted",
    rows: [
      ...sevenActive,
      ...of("testing", 11, 13),
      row("candidate", 21, { p: 20, ip: "192.0.2.1" }),
      row("candidate", 22, { p: 21, ip: "192.0.3.1" }),
    ],
    changes: ["21 candidate>testing"],
    times: 4,
    end: { testing: [11, 12, 13, 21], candidate: [22] },
  },
  {
    name: "P10 active monitors of the server's account are replaced and paused, not all at once",
    rows: [...of("active", 1, 7, { account: 999 }), ...fiveTesting],
    times: 3,
    end: { active: range(11, 15), paused: range(1, 7) },
    holds: ([first]) => expect(first?.activeAfter).toBe(7),
  },
  {
    name: "P11 monitors of the server's account alone are never chosen, and it is told",
    rows: of("candidate", 21, 23, { account: 999 }),
    times: 2,
    end: { paused: [21, 22, 23] },
    holds: (plans) => expect(plans.at(-1)?.shortage).toBe("limits"),
  },
  {
    name: "P11b nor from testing",
    rows: of("testing", 11, 17, { account: 999 }),
    times: 4,
    end: { active: [], paused: range(11, 17) },
    holds: (plans) => expect(plans.at(-1)?.shortage).toBe("limits"),
  },
  {
    name: "P11 with the operator's leave the server's account may watch it when nobody else is there",
    rows: of("testing", 11, 13, { account: 999 }),
    policy: { ...CLASSIC, sameOwnerInEmergency: true },
    times: 3,
    end: { active: [11] },
  },
  {
    name: "P12 an empty testing pool is filled within the budget",
    rows: [...sevenActive, ...of("candidate", 21, 26)],
    changes: ["21 candidate>testing", "22 candidate>testing"],
    times: 3,
    end: { testing: range(21, 25) },
  },
  {
    name: "P12b with nine active the testing pool does not grow beyond its target",
    rows: [...of("active", 1, 9), ...of("candidate", 21, 26)],
    times: 4,
    end: { active: STEADY, testing: [8, 9, 21, 22, 23] },
  },
  {
    name: "P13 the unhealthy one and the excess leave together",
    rows: of("active", 1, 9).map((each) => (each.id === 9 ? { ...each, unhealthy: true } : each)),
    changes: ["8 active>testing", "9 active>candidate"],
  },
  {
    name: "P13b three too many leave in two reviews",
    rows: of("active", 1, 10),
    changes: ["9 active>testing", "10 active>testing"],
    times: 2,
    end: { active: STEADY },
  },
  {
    name: "P14 of four active of one account two may stay",
    rows: [...of("active", 1, 2), ...of("active", 3, 6, { account: 77 })],
    times: 2,
    end: { active: [1, 2, 3, 4] },
  },
  {
    name: "P14b the same with one fewer",
    rows: [row("active", 1), ...of("active", 3, 6, { account: 77 })],
    times: 2,
    end: { active: [1, 3, 4] },
  },
  {
    name: "P16 of equal ones the youngest breaks the account's limit",
    rows: [...of("active", 1, 3, { account: 77, ps: [20, 20, 20] }), ...of("active", 4, 8)],
    holds: ([plan]) => expect(plan?.violations).toEqual([{ monitorId: 3n, type: "limit" }]),
  },
  {
    name: "P17 a monitor without any answer is the worst of its account",
    rows: [
      row("active", 1, { account: 77, p: 20 }),
      row("active", 2, { account: 77, p: 25 }),
      row("active", 3, { account: 77, p: 0, unhealthy: true }),
      ...of("active", 4, 8),
    ],
    changes: ["3 active>candidate"],
    holds: ([plan]) => expect(plan?.violations).toEqual([{ monitorId: 3n, type: "limit" }]),
  },
  {
    name: "P18 of five testing of one account the best become active, and one is left to test",
    rows: [...of("active", 1, 5), ...of("testing", 11, 15, { account: 77 })],
    times: 3,
    end: { active: [1, 2, 3, 4, 5, 11, 12], testing: [13] },
  },
  {
    name: "P19 the only promotable testing monitor becomes active",
    rows: [
      ...of("active", 1, 6),
      ...of("testing", 11, 17, { global: "testing" }),
      row("testing", 18, { p: 200 }),
    ],
    times: 2,
    end: { active: [1, 2, 3, 4, 5, 6, 18] },
  },
  {
    name: "P20 a resolved pause ends when it is due",
    rows: [
      ...sevenActive,
      paused({ violation: "account", lastConstraintCheckAtMs: NOW_MS - 2 * HOUR_MS }),
    ],
    changes: [],
  },
  {
    name: "P20b and then at once",
    rows: [
      ...sevenActive,
      paused({ violation: "account", lastConstraintCheckAtMs: NOW_MS - 9 * HOUR_MS }),
    ],
    changes: ["90 paused>candidate"],
  },
  {
    name: "P20c another reason that cannot be mended keeps the pause",
    rows: [
      ...sevenActive,
      paused(
        { violation: "account", lastConstraintCheckAtMs: NOW_MS - 9 * HOUR_MS },
        { ip: "198.51.100.9" },
      ),
    ],
    changes: [],
  },
  {
    name: "P20d a pause that holds is noted as looked at",
    rows: [
      ...sevenActive,
      paused(
        { violation: "account", lastConstraintCheckAtMs: NOW_MS - 9 * HOUR_MS },
        { account: 999 },
      ),
    ],
    changes: [],
    holds: ([plan]) => expect(plan?.rechecked).toEqual([90n]),
  },
  {
    name: "P20e a monitor that is paused in the fleet stays paused",
    rows: [
      ...sevenActive,
      paused(
        { violation: "account", lastConstraintCheckAtMs: NOW_MS - 9 * HOUR_MS },
        { global: "paused" },
      ),
    ],
    changes: [],
  },
  {
    name: "P21 unhealthy ones are better than none: five stay",
    rows: of("active", 1, 8).map((each) => {
      if (each.id <= 3) return { ...each, global: "paused" };
      return each.id === 4 ? each : { ...each, unhealthy: true };
    }),
    changes: ["1 active>candidate", "2 active>candidate", "3 active>candidate"],
    times: 3,
    end: { active: [4, 5, 6, 7, 8] },
  },
  {
    name: "P22 paused ones are replaced in the same review",
    rows: [...of("active", 1, 3, { global: "paused" }), ...fiveTesting],
    times: 2,
    end: { active: range(11, 15) },
    holds: ([plan]) => expect(plan?.usableAfter).toBe(5),
  },
  {
    name: "P23 who breaks a limit goes before who is unhealthy",
    rows: of("active", 1, 10).map((each) => {
      if (each.id >= 9) return { ...each, unhealthy: true };
      return each.id >= 3 && each.id <= 5 ? { ...each, account: 77 } : each;
    }),
    times: 2,
    end: { active: [1, 2, 3, 4, 6, 7, 8] },
    holds: ([plan]) => expect(plan?.changes.map(({ monitorId }) => monitorId)).toContain(5n),
  },
  {
    name: "P24 the place is filled and nobody is demoted for it",
    rows: [
      ...of("active", 1, 6, { ps: [50, 60, 70, 80, 90, 100] }),
      ...of("testing", 11, 15, { ps: [5, 6, 7, 8, 9] }),
    ],
    holds: ([plan]) => expect(plan?.activeAfter).toBe(7),
  },
  {
    name: "P25 one point of difference moves nobody",
    rows: [
      ...sevenActive,
      ...of("testing", 11, 15, { ps: [12, 13, 14, 15, 16] }),
      ...of("candidate", 21, 25, { ps: [17, 18, 19, 20, 21] }),
    ],
    changes: [],
  },
  {
    name: "P27 a paused testing monitor leaves",
    rows: [...sevenActive, ...fiveTesting, row("testing", 16, { global: "paused" })],
    changes: ["16 testing>candidate"],
  },
  {
    name: "P28 and is replaced in the same review",
    rows: [
      ...sevenActive,
      ...of("testing", 11, 14),
      row("testing", 15, { global: "paused" }),
      ...of("candidate", 21, 22),
    ],
    changes: ["15 testing>candidate", "21 candidate>testing"],
  },
  {
    name: "P29 a candidate takes the place of the one in its own network",
    rows: [
      ...sevenActive,
      ...of("testing", 11, 14),
      row("testing", 15, { p: 20, ip: "192.0.2.1" }),
      row("candidate", 21, { p: 12, ip: "192.0.3.1" }),
    ],
    changes: ["15 testing>candidate", "21 candidate>testing"],
  },
  {
    name: "P30 with nobody active the data gate gives way",
    rows: of("testing", 11, 17, { count: 20 }),
    times: 2,
    end: { active: range(11, 15) },
    holds: ([plan]) => {
      expect(plan?.changes.every(({ reason }) => reason === "emergency_promotion")).toBe(true);
      expect(plan?.slack.map(({ kind }) => kind)).toEqual(["data_gate"]);
    },
  },
  {
    name: "P31 seven unhealthy ones give way to five good ones",
    rows: [...of("active", 1, 7, { unhealthy: true }), ...fiveTesting],
    times: 6,
    end: { active: range(11, 15) },
    holds: (plans) => {
      expect(plans[1]?.usableAfter).toBe(5);
      expect(plans.slice(3).flatMap(({ changes }) => changes)).toEqual([]);
    },
  },
  {
    name: "P32 with no usable active monitor it goes fast",
    rows: [row("active", 1, { unhealthy: true }), ...fiveTesting, ...of("candidate", 21, 23)],
    holds: ([plan]) => expect(plan?.usableAfter).toBe(4),
  },
  {
    name: "P33 candidates pass the testing ones that cannot become active",
    rows: [...of("testing", 11, 15, { global: "testing" }), ...of("candidate", 21, 25)],
    times: 3,
    end: { active: range(21, 25) },
  },
  {
    name: "P34 mapped addresses stand in the networks of their IPv4 addresses",
    rows: [
      ...of("active", 1, 5),
      row("active", 6, { ip: "::ffff:192.0.2.1" }),
      row("active", 7, { ip: "::ffff:203.0.113.1" }),
    ],
    changes: [],
  },
  {
    name: "P35 an address that is none is told and changes nothing",
    rows: [...of("active", 1, 6), row("active", 7, { ip: "not-an-ip" })],
    changes: [],
    holds: ([plan]) => expect(plan?.unclearAddresses).toEqual([7n]),
  },
  {
    name: "P36 the server's own account is the more severe reason",
    rows: [...of("active", 1, 3, { account: 999 }), ...of("active", 4, 8)],
    times: 2,
    end: { active: range(4, 8), paused: [1, 2, 3] },
    holds: ([plan]) =>
      expect(new Set(plan?.violations.map(({ type }) => type))).toEqual(new Set(["account"])),
  },
  {
    name: "P37 an account has no more than one beyond its limit",
    rows: [
      row("active", 1, { account: 77, p: 5 }),
      ...of("testing", 11, 12, { account: 77 }),
      row("candidate", 21, { account: 77, p: 26 }),
      ...of("active", 2, 7),
      row("testing", 13),
    ],
    changes: [],
  },
  {
    name: "P38 a difference of five moves nobody under the pool's policy",
    rows: [
      ...of("active", 1, 7, { ps: [14, 15, 16, 17, 18, 19, 20] }),
      row("testing", 11, { p: 15 }),
    ],
    policy: { ...CLASSIC, hysteresisShare: POOL_SELECTION.hysteresisShare, hysteresisPoints: 6 },
    changes: [],
  },
  {
    name: "P39 a candidate in the server's network is paused, and that is a change",
    rows: [...sevenActive, row("candidate", 21, { ip: "198.51.100.7" })],
    changes: ["21 candidate>paused"],
  },
  {
    name: "P41 five unhealthy ones are drained in two reviews",
    rows: [
      ...of("active", 1, 5, { unhealthy: true }),
      ...of("testing", 11, 15),
      ...of("candidate", 21, 25),
    ],
    times: 2,
    holds: (plans) => expect(plans[1]?.usableAfter).toBe(7),
    end: { candidate: [1, 2, 3, 4, 5] },
  },
  {
    name: "P42 pending ones are drained",
    rows: [...of("active", 1, 7, { global: "pending" }), ...fiveTesting],
    times: 4,
    end: { active: range(11, 15), candidate: range(1, 7) },
  },
  {
    name: "P43 some that can become active are kept among the testing",
    rows: [
      ...sevenActive,
      ...of("testing", 11, 15, { global: "testing" }),
      ...of("candidate", 21, 25),
    ],
    times: 3,
    end: { active: STEADY, testing: [11, 21, 22, 23, 24] },
  },
  {
    name: "P44 so that missing active ones are found",
    rows: [
      ...of("active", 1, 5),
      ...of("testing", 11, 17, { global: "testing" }),
      ...of("candidate", 21, 25),
    ],
    times: 3,
    end: { active: [1, 2, 3, 4, 5, 21, 22] },
  },
  {
    name: "P45 the account's place is free for its next best at once",
    rows: [
      ...of("active", 1, 5, { ps: [10, 20, 30, 40, 50] }),
      row("active", 6, { p: 60, account: 77 }),
      row("active", 7, { p: 70, account: 77, unhealthy: true }),
      row("testing", 11, { p: 100, account: 77 }),
      row("testing", 12, { p: 110 }),
    ],
    changes: ["7 active>candidate", "11 testing>active"],
  },
  {
    name: "P46 a server's address that is none is told and changes nothing",
    rows: [...sevenActive, ...of("testing", 11, 13)],
    server: { ...SERVER, ip: "not-an-ip" },
    changes: [],
    holds: ([plan]) => expect(plan?.unclearAddresses).toEqual(["server"]),
  },
];

test.for(SCENARIOS)(
  "$name",
  ({ rows, server, policy = CLASSIC, changes, times = 1, end, holds }) => {
    const { plans, end: statuses } = review(snapshotOf(rows, server), { policy, times });
    if (changes !== undefined && plans[0] !== undefined)
      expect(changeWords(plans[0])).toEqual(changes);
    for (const [status, ids] of Object.entries(end ?? {})) {
      expect({ [status]: statuses[status as Row["status"]] }).toEqual({ [status]: ids });
    }
    for (const plan of plans) {
      const ids = plan.changes.map(({ monitorId }) => monitorId);
      expect(new Set(ids).size).toBe(ids.length);
      if (plan.usableBefore > 0) expect(plan.usableAfter).toBeGreaterThan(0);
    }
    holds?.(plans);
  },
);
