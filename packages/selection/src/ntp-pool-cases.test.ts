// The cases of the NTP Pool's own test suite, by their numbers in its description, each with the outcome that is wanted here.
// Where its code differs from that (or its rule does not exist here), the case says so. Numbers 91 and 93 to 107 test helpers
// that nothing uses, 87 to 90 are empty, 142 to 146 and 160 to 163 test words and a rule that is switched off.

import { assert, describe, expect, test } from "vitest";
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
import { CHANGE_REASON_TEXTS } from "./change.ts";
import { type NetworkKey, networkAddress, networkKey } from "./network-key.ts";
import { planReview, type ReviewPlan } from "./plan-review.ts";
import { POOL_SELECTION, type SelectionPolicy } from "./policy.ts";
import type { ServerFacts, Snapshot } from "./snapshot.ts";

const row = (status: Row["status"], id: number, values: Partial<Row> = {}): Row => ({
  id,
  status,
  ...values,
});
const limits = (x: Record<number, number>): ReadonlyMap<bigint, number> =>
  new Map(Object.entries(x).map(([account, limit]) => [BigInt(account), limit]));

interface Case {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly server?: ServerFacts;
  readonly accounts?: Record<number, number>;
  readonly policy?: SelectionPolicy;
  readonly changes?: readonly string[];
  readonly holds?: (plan: ReviewPlan) => void;
}

const run = ({ rows, server, accounts, policy = CLASSIC }: Case): ReviewPlan => {
  const snapshot: Snapshot = {
    ...snapshotOf(rows, server),
    ...(accounts === undefined ? {} : { accountLimits: limits(accounts) }),
  };
  return planReview(snapshot, policy, NOW_MS);
};
const check = (each: Case): void => {
  const plan = run(each);
  if (each.changes !== undefined) expect(changeWords(plan)).toEqual(each.changes);
  each.holds?.(plan);
};
const reasons = (plan: ReviewPlan): ReadonlySet<string> =>
  new Set(plan.changes.map(({ reason }) => CHANGE_REASON_TEXTS[reason]));
const ids = (plan: ReviewPlan, from: string, to: string): readonly number[] =>
  plan.changes
    .filter((change) => change.from === from && change.to === to)
    .map(({ monitorId }) => Number(monitorId))
    .toSorted((a, b) => a - b);

const BOOTSTRAP: readonly Case[] = [
  {
    name: "1 three healthy candidates of an empty server are promoted",
    rows: [row("candidate", 1), row("candidate", 2), row("candidate", 3)],
    changes: ["1 candidate>testing", "2 candidate>testing", "3 candidate>testing"],
    holds: (plan) => expect([...reasons(plan)]).toEqual([CHANGE_REASON_TEXTS.bootstrap_emergency]),
  },
  {
    name: "2 of six as many as the budget of an emergency allows (theirs: five)",
    rows: of("candidate", 1, 6),
    holds: (plan) => expect(ids(plan, "candidate", "testing")).toEqual([1, 2, 3, 4]),
  },
  {
    name: "3 an account with the limit 0 may still test one",
    rows: [
      row("candidate", 1, { account: 100 }),
      row("candidate", 2, { account: 100 }),
      row("candidate", 3),
    ],
    accounts: { 100: 0 },
    changes: ["1 candidate>testing", "3 candidate>testing"],
  },
  {
    name: "4 healthy ones first (theirs: the unhealthy ones too, which it then demotes)",
    rows: [
      row("candidate", 1, { unhealthy: true, global: "testing" }),
      row("candidate", 2),
      row("candidate", 3, { unhealthy: true, global: "testing" }),
      row("candidate", 4),
    ],
    changes: ["2 candidate>testing", "4 candidate>testing"],
  },
  {
    name: "5 a paused monitor is no candidate",
    rows: [row("candidate", 1), row("candidate", 2, { global: "paused" }), row("candidate", 3)],
    changes: ["1 candidate>testing", "3 candidate>testing"],
  },
  {
    name: "6 with a testing monitor there it is no bootstrap (theirs: nothing happens)",
    rows: [...of("active", 10, 16), row("testing", 1), row("candidate", 2), row("candidate", 3)],
    holds: (plan) => expect([...reasons(plan)]).toEqual([CHANGE_REASON_TEXTS.to_testing]),
  },
  { name: "7 without candidates nothing happens", rows: [], changes: [] },
  {
    name: "8 an account's limit of 0 does not hold up one for testing",
    rows: [row("candidate", 1, { account: 100 }), row("candidate", 2, { account: 101 })],
    accounts: { 100: 0, 101: 0 },
    changes: ["1 candidate>testing", "2 candidate>testing"],
  },
  {
    name: "9 where an account has its testing monitor, no second one comes",
    rows: [row("testing", 10, { account: 100 }), row("candidate", 1, { account: 100, p: 50 })],
    accounts: { 100: 0 },
    holds: (plan) => expect(ids(plan, "candidate", "testing")).toEqual([]),
  },
];

describe("bootstrap (6.1)", () => {
  test.for(BOOTSTRAP)("$name", check);
});

const account = (id: number, status: Row["status"], p: number, of100 = 100): Row =>
  row(status, id, { p, account: of100 });

describe("limits of accounts (6.2)", () => {
  test.for([
    {
      name: "10 below the limit",
      rows: [account(1, "active", 10), account(2, "active", 20), account(3, "testing", 30)],
      flagged: [],
    },
    {
      name: "11 the worst active one",
      rows: [account(1, "active", 10), account(2, "active", 20), account(3, "active", 30)],
      flagged: [3],
    },
    {
      name: "12 the worst testing one",
      rows: [1, 2, 3, 4].map((id) => account(id, "testing", 10 * id)),
      flagged: [4],
    },
    {
      name: "13 both together (theirs: 3 alone, as it never looks at the sum)",
      rows: [
        account(1, "active", 10),
        account(2, "active", 20),
        account(3, "active", 30),
        account(4, "testing", 15),
        account(5, "testing", 25),
        account(6, "testing", 35),
      ],
      flagged: [3, 5, 6],
    },
    {
      name: "14 candidates do not count",
      rows: [
        account(1, "active", 10),
        account(2, "active", 20),
        account(3, "active", 30),
        account(4, "candidate", 40),
        account(5, "candidate", 50),
      ],
      flagged: [3],
    },
    {
      name: "15 each account by itself",
      rows: [
        account(1, "active", 10),
        account(2, "active", 20),
        account(3, "active", 30),
        account(4, "active", 15, 200),
        account(5, "active", 25, 200),
      ],
      flagged: [3],
    },
    { name: "16 nobody", rows: [], flagged: [] },
    {
      name: "18 a candidate is not over the limit",
      rows: [account(1, "candidate", 10)],
      flagged: [],
    },
    {
      name: "19 two are the limit where nothing else is said",
      rows: [1, 2, 3].map((id) => account(id, "active", 10 * id)),
      flagged: [3],
    },
  ] as const)("$name", ({ rows, flagged }) => {
    const plan = run({ name: "", rows });
    expect(
      plan.violations
        .filter(({ type }) => type === "limit")
        .map(({ monitorId }) => Number(monitorId)),
    ).toEqual(flagged);
  });

  test("17 a monitor of no account has no limit", () => {
    const rows = [1, 2, 3].map((id) => row("active", id));
    const snapshot = snapshotOf(rows);
    const monitors = snapshot.monitors.map(({ accountId: _accountId, ...others }) => others);
    expect(planReview({ ...snapshot, monitors }, CLASSIC, NOW_MS).violations).toEqual([]);
  });
});

describe("the server's own network (6.3)", () => {
  test.for([
    { name: "20 one /24", monitor: "192.168.1.10", server: "192.168.1.20", violates: true },
    { name: "21 another /24", monitor: "192.168.1.10", server: "192.168.2.20", violates: false },
    { name: "22 one /48", monitor: "2001:db8:1234::1", server: "2001:db8:1234::2", violates: true },
    {
      name: "23 another /48",
      monitor: "2001:db8:1234::1",
      server: "2001:db8:5678::2",
      violates: false,
    },
    {
      name: "24 two families",
      monitor: "192.168.1.10",
      server: "2001:db8:1234::1",
      violates: false,
    },
    {
      name: "29 the same address",
      monitor: "192.168.1.10",
      server: "192.168.1.10",
      violates: true,
    },
    {
      name: "27 no address (theirs: a violation)",
      monitor: "not-an-ip",
      server: "192.168.1.20",
      violates: false,
    },
    {
      name: "28 a server without one (theirs: a violation)",
      monitor: "192.168.1.10",
      server: "not-an-ip",
      violates: false,
    },
  ])("$name", ({ monitor, server, violates }) => {
    const plan = run({
      name: "",
      rows: [row("active", 1, { ip: monitor }), ...of("active", 2, 7)],
      server: { ...SERVER, ip: server },
    });
    expect(plan.violations.some(({ type }) => type === "network_same_subnet")).toBe(violates);
  });

  test("25, 26 an address that is not known breaks no rule", () => {
    const snapshot = snapshotOf([row("active", 1)]);
    const monitors = snapshot.monitors.map(({ ip: _ip, ...others }) => others);
    expect(planReview({ ...snapshot, monitors }, CLASSIC, NOW_MS).violations).toEqual([]);
    const { ip: __, ...server } = SERVER;
    expect(planReview({ server, monitors: snapshot.monitors }, CLASSIC, NOW_MS).violations).toEqual(
      [],
    );
  });

  test("45 to 49 only what no review can mend pauses", () => {
    const own = run({
      name: "",
      rows: [
        ...of("active", 2, 7),
        row("candidate", 21, { account: 999 }),
        row("candidate", 22, { ip: "198.51.100.3" }),
      ],
    });
    expect(ids(own, "candidate", "paused")).toEqual([21, 22]);
    const others = run({
      name: "",
      rows: [
        ...of("active", 1, 3, { account: 77 }),
        ...of("active", 4, 7),
        row("testing", 11, { ip: "10.0.17.1" }),
      ],
    });
    expect(others.changes.some(({ to }) => to === "paused")).toBe(false);
  });
});

describe("one working monitor in a network (6.3)", () => {
  test.for([
    { name: "30 nobody else", ips: ["192.168.1.10"], violates: false },
    { name: "31 in another /20", ips: ["192.168.1.10", "10.0.0.1"], violates: false },
    {
      name: "32 in one /20",
      ips: ["192.168.1.10", "192.168.2.20", "192.168.3.30"],
      violates: true,
    },
    { name: "33 in another /44", ips: ["2001:db8:1234::1", "2001:db8:5678::1"], violates: false },
    { name: "34 in one /44", ips: ["2001:db8:1234::1", "2001:db8:1234:1::1"], violates: true },
    { name: "36 not with itself", ips: ["192.168.1.10", "10.0.0.1"], violates: false },
  ])("$name", ({ ips, violates }) => {
    const rows = ips.map((ip, index) => row("active", index + 1, { ip, p: 10 + index }));
    const plan = run({ name: "", rows });
    const flagged = plan.violations.map(({ monitorId }) => monitorId);
    // All but the best one, not both sides.
    expect(flagged).toEqual(violates ? ips.slice(1).map((_, index) => BigInt(index + 2)) : []);
  });

  test("35 active and testing ones alike", () => {
    const rows = [
      row("active", 1, { ip: "192.168.1.10" }),
      row("testing", 3, { ip: "192.168.3.30" }),
    ];
    expect(run({ name: "", rows }).violations).toEqual([
      { monitorId: 3n, type: "network_diversity" },
    ]);
  });

  test("networks have the lengths that the policy says", () => {
    const key = (ip: string): NetworkKey => {
      const address = networkAddress(ip);
      assert(address !== undefined, `${ip} is an address`);
      return networkKey(address, { v4: 20, v6: 44 });
    };
    expect(key("192.168.15.1")).toBe(key("192.168.0.1"));
    expect(key("192.168.16.1")).not.toBe(key("192.168.0.1"));
    expect(key("::ffff:192.168.0.1")).toBe(key("192.168.0.1"));
    expect(key("2001:db8:f::1")).toBe(key("2001:db8:0::1"));
    expect(key("2001:db8:10::1")).not.toBe(key("2001:db8:0::1"));
  });

  test.each(["192.168.0", "192.168.0.256", "192.168.0.01", "192.168.0.", "a.b.c.d", ""])(
    '"%s" is no address',
    (ip) => {
      expect(networkAddress(ip)).toBeUndefined();
    },
  );
});

const one = row("candidate", 1, { account: 1, p: 50 });
const PROMOTION: readonly (Case & { readonly promoted: boolean })[] = [
  {
    name: "37 an account over its limit, in an emergency (theirs: promoted)",
    rows: [one, ...of("testing", 11, 13, { account: 1 })],
    promoted: false,
  },
  {
    name: "40 a pending monitor, in an emergency",
    rows: [{ ...one, global: "pending" }],
    promoted: false,
  },
  {
    name: "41 an account at its limit",
    rows: [one, ...of("testing", 11, 13, { account: 1 }), ...of("active", 21, 27)],
    promoted: false,
  },
  {
    name: "42 a network that another one works in",
    rows: [
      row("candidate", 1, { ip: "192.168.1.10", p: 50 }),
      row("testing", 2, { ip: "192.168.1.20" }),
      ...of("active", 21, 27),
    ],
    promoted: false,
  },
  { name: "43 nothing in the way", rows: [one, ...of("active", 21, 27)], promoted: true },
  {
    name: "44 the server's own account, in an emergency (theirs: promoted)",
    rows: [{ ...one, account: 999 }],
    promoted: false,
  },
  { name: "38, 39 in an emergency the only one", rows: [one], promoted: true },
  {
    name: "85 one that has no result yet, on an empty server",
    rows: [{ ...one, count: 0 }],
    promoted: true,
  },
];

describe("promotion to testing (6.3)", () => {
  test.for(PROMOTION)("$name", ({ promoted, ...each }) => {
    expect(ids(run(each), "candidate", "testing").includes(1)).toBe(promoted);
  });
});

describe("paused assignments (6.3)", () => {
  const ago = (hours: number): Partial<Row> => ({
    more: { lastConstraintCheckAtMs: NOW_MS - hours * HOUR_MS, violation: "account" },
  });
  test.for([
    {
      name: "50, 56 who is not paused is not unpaused",
      status: "active" as const,
      values: {},
      back: false,
    },
    { name: "51 never looked at", status: "paused" as const, values: {}, back: true },
    { name: "52 four hours ago", status: "paused" as const, values: ago(4), back: false },
    {
      name: "53, 57, 58, 61 ten hours ago, resolved",
      status: "paused" as const,
      values: ago(10),
      back: true,
    },
    {
      name: "54, 55 whatever the reason was",
      status: "paused" as const,
      values: ago(130),
      back: true,
    },
    {
      name: "59 in another network now",
      status: "paused" as const,
      values: { ip: "192.168.1.10" },
      back: true,
    },
    {
      name: "60 still in the network",
      status: "paused" as const,
      values: { ip: "198.51.100.20" },
      back: false,
    },
    {
      name: "62 still of the account",
      status: "paused" as const,
      values: { account: 999 },
      back: false,
    },
  ])("$name", ({ status, values, back }) => {
    const plan = run({ name: "", rows: [...of("active", 1, 7), row(status, 90, values)] });
    expect(ids(plan, "paused", "candidate").includes(90)).toBe(back);
  });
});

/** Without results to promote anybody by: gates that hold at any number of active ones. */
const GATED: SelectionPolicy = { ...CLASSIC, relaxBelow: { ...CLASSIC.relaxBelow, dataGate: 0 } };
const pool = (a: number, t: number): readonly Row[] => [
  ...of("active", 1, a, { count: 0 }),
  ...Array.from({ length: t }, (_, index) =>
    row("testing", a + 1 + index, { p: 50 + index, count: 0 }),
  ),
];

describe("the size of the testing pool (6.4)", () => {
  test.for([
    { name: "63 at both targets", a: 7, t: 5, removed: [] },
    { name: "64 two above the larger target", a: 3, t: 11, removed: [13, 14] },
    { name: "65 at the larger target", a: 4, t: 8, removed: [] },
    {
      name: "66 without active ones, within the budget of an emergency",
      a: 0,
      t: 15,
      removed: [13, 14, 15],
    },
  ])("$name: the last ones go", ({ a, t, removed }) => {
    const plan = run({ name: "", rows: pool(a, t), policy: GATED });
    expect(ids(plan, "testing", "candidate")).toEqual(removed);
    expect(plan.changes.length).toBe(removed.length);
  });

  test("67 one active too many and eight to test, with two removals a review (theirs: one and two)", () => {
    const { plans, end } = review(snapshotOf(pool(8, 7)), { policy: GATED, times: 3 });
    expect(ids(plans[0] as ReviewPlan, "active", "testing")).toEqual([8]);
    expect(plans[0]?.changes.length).toBe(2);
    expect(end.active).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(end.testing.length).toBe(5);
  });

  test("68 who breaks a limit goes, and nobody for the number", () => {
    const rows = [
      ...of("active", 1, 2),
      row("testing", 3, { ip: "10.0.16.9", p: 99 }),
      row("testing", 4),
      row("testing", 5),
    ];
    const plan = run({ name: "", rows, policy: GATED });
    expect(ids(plan, "testing", "candidate")).toEqual([3]);
    expect([...reasons(plan)]).toContain(CHANGE_REASON_TEXTS.gradual_removal);
  });
});

describe("words and recovery (6.5, 6.6, 6.13)", () => {
  test("69 to 73 the reasons have the NTP Pool's words", () => {
    expect(CHANGE_REASON_TEXTS.emergency_promotion).toBe(
      "emergency promotion: zero active monitors",
    );
    expect(CHANGE_REASON_TEXTS.emergency_to_testing).toBe(
      "emergency promotion to testing: zero active monitors",
    );
    expect(CHANGE_REASON_TEXTS.bootstrap_emergency).toBe(
      "bootstrap emergency promotion to testing: zero active monitors",
    );
  });

  const within = (ids20: readonly number[], status: Row["status"], first: number): readonly Row[] =>
    ids20.map((account20, index) =>
      row(status, first + index, {
        account: account20,
        ip: `10.0.0.${first + index}`,
        p: 10 + first + index,
      }),
    );
  test.for<Case>([
    {
      name: "74, 79, 92 candidates of one account and network: one comes",
      rows: within([2, 2, 2, 2, 2], "candidate", 1),
      holds: (plan) => {
        expect(ids(plan, "candidate", "testing")).toEqual([1]);
        expect([...reasons(plan)].join()).toContain("emergency promotion");
      },
    },
    {
      name: "80 nobody active: the best testing one is promoted, with the reason",
      rows: [
        row("candidate", 1, { account: 999, ip: "192.168.1.10" }),
        row("testing", 2, { ip: "192.168.1.20" }),
        row("testing", 3, { ip: "192.168.1.30", p: 20 }),
        row("candidate", 4, { ip: "192.168.1.40" }),
      ],
      holds: (plan) => {
        expect(ids(plan, "testing", "active")).toEqual([2]);
        expect([...reasons(plan)]).toContain("emergency promotion: zero active monitors");
      },
    },
    {
      name: "81 only the server's own account, with the operator's leave",
      rows: of("candidate", 1, 3, { account: 999 }).map((each) => ({
        ...each,
        ip: `192.168.${16 * each.id}.1`,
      })),
      policy: { ...CLASSIC, sameOwnerInEmergency: true },
      // They stay paused for the server until one is wanted; without leave nobody is (P11).
      holds: (plan) => expect(plan.slack.map(({ kind }) => kind)).toEqual(["same_owner"]),
    },
    {
      name: "82 of two active in one network one stays, and it is no emergency",
      rows: [...within([2, 3], "active", 1), ...within([2, 2], "candidate", 3)],
      holds: (plan) => {
        expect(plan.activeAfter).toBe(1);
        expect([...reasons(plan)].join()).not.toContain("emergency");
      },
    },
    {
      name: "83 of a pending, a paused and an active monitor the active one",
      rows: [
        row("candidate", 1, { global: "pending" }),
        row("candidate", 2, { global: "paused" }),
        row("candidate", 3),
      ],
      changes: ["3 candidate>testing"],
    },
    {
      name: "84 several ways at once, those that can become active among them",
      rows: [row("candidate", 1), row("candidate", 2, { global: "testing" }), row("candidate", 3)],
      changes: ["1 candidate>testing", "2 candidate>testing", "3 candidate>testing"],
    },
    {
      name: "86 the active one of a network stays",
      rows: [
        row("active", 20, { ip: "10.0.3.1" }),
        row("testing", 21, { ip: "10.0.3.2" }),
        row("candidate", 22, { ip: "10.0.3.3" }),
      ],
      holds: (plan) => expect(plan.activeAfter).toBe(1),
    },
    {
      name: "138 nobody active, all testing ones in each other's way: two stay (theirs: three), and become active",
      rows: [
        ...of("testing", 1, 2, { account: 1 }),
        row("testing", 3, { ip: "10.4.0.1" }),
        row("testing", 4, { ip: "10.4.1.1", p: 40 }),
      ],
      holds: (plan) => expect(ids(plan, "testing", "active")).toEqual([1, 2, 3]),
    },
    {
      name: "139 an account's limit counts as it is after each promotion",
      rows: [...of("active", 10, 12), ...of("testing", 1, 3, { account: 1 })],
      holds: (plan) => expect(ids(plan, "testing", "active")).toEqual([1, 2]),
    },
    {
      name: "140 only who is healthy",
      rows: [row("testing", 1), row("testing", 2, { unhealthy: true }), row("testing", 3)],
      holds: (plan) => expect(ids(plan, "testing", "active")).toEqual([1, 3]),
    },
    {
      name: "76 to 78, 141 from testing to active where the account has room",
      rows: [row("active", 9, { account: 1 }), row("testing", 1, { account: 1 })],
      holds: (plan) => expect(ids(plan, "testing", "active")).toEqual([1]),
    },
  ])("$name", check);
});

describe("excess (6.9)", () => {
  test.for<Case>([
    {
      name: "108 nine active: two are demoted",
      rows: of("active", 1, 9),
      changes: ["8 active>testing", "9 active>testing"],
      holds: (plan) => expect([...reasons(plan)]).toEqual([CHANGE_REASON_TEXTS.excess_active]),
    },
    {
      name: "109 nine testing, nobody active: four become active",
      rows: of("testing", 1, 9, { count: 32 }),
      changes: ["1 testing>active", "2 testing>active", "3 testing>active", "4 testing>active"],
    },
    { name: "110 the only one stays", rows: [row("active", 1)], changes: [] },
    {
      name: "111 eight active: one is demoted, and the pool is full",
      rows: [
        ...of("active", 1, 8),
        ...of("testing", 10, 13, { count: 0 }),
        ...of("candidate", 20, 21, { count: 0 }),
      ],
      changes: ["8 active>testing"],
    },
    {
      name: "112 one free place is filled once",
      rows: [
        ...of("active", 1, 7),
        ...of("testing", 10, 13, { count: 0 }),
        ...of("candidate", 20, 24, { count: 9 }),
      ],
      changes: ["20 candidate>testing"],
    },
  ])("$name", check);
});

/** Bad ones first in rank, as there; good ones say that the server is well. */
const bad = (status: Row["status"], from: number, count: number, badOnes: number): readonly Row[] =>
  Array.from({ length: count }, (_, index) =>
    row(status, from + index, { unhealthy: index < badOnes, p: 10 + index, count: 0 }),
  );

describe("the floors (6.10)", () => {
  test.for([
    {
      name: "113 all five active bad, with good testing ones that have no results: they stay",
      a: [5, 5],
      t: [5, 2],
      active: 5,
    },
    { name: "114 five, three bad: they stay", a: [5, 3], t: [5, 1], active: 5 },
    { name: "115 six, four bad: one may go", a: [6, 4], t: [5, 2], active: 5 },
    { name: "116 ten, five bad: two go", a: [10, 5], t: [8, 3], active: 8 },
    { name: "117 seven, two bad: two go (theirs, too)", a: [7, 2], t: [3, 3], active: 5 },
    {
      name: "119 two and two, all bad: nobody is, as the server is",
      a: [2, 2],
      t: [2, 2],
      active: 2,
    },
    { name: "121 five and three, all bad: likewise", a: [5, 5], t: [3, 3], active: 5 },
    { name: "124 ten, three bad: two go", a: [10, 3], t: [8, 2], active: 8 },
  ] as const)("$name", ({ a, t, active }) => {
    const rows = [...bad("active", 1, a[0], a[1]), ...bad("testing", 100, t[0], t[1])];
    const plan = run({ name: "", rows, policy: GATED });
    expect(plan.activeAfter).toBe(active);
    expect(
      plan.changes
        .filter(({ from }) => from === "active")
        .every(({ monitorId }) => Number(monitorId) <= a[1]),
    ).toBe(true);
  });

  // A good one becomes the only active one, which leaves the other and two bad ones as the floor (theirs: nobody active).
  test("118 with nobody active the bad testing ones above the floor go", () => {
    const plan = run({ name: "", rows: bad("testing", 100, 6, 4), policy: GATED });
    expect(ids(plan, "testing", "candidate")).toEqual([102, 103]);
  });

  test("120 three bad testing ones beside six good active ones stay: they are the floor", () => {
    const rows = [...bad("active", 1, 6, 0), ...bad("testing", 100, 3, 3)];
    expect(run({ name: "", rows, policy: GATED }).changes).toEqual([]);
  });

  test("122, 123 who breaks a limit goes also at the floor, who is unhealthy does not", () => {
    const rows = [
      ...of("active", 1, 2, { account: 999, p: 10 }),
      ...of("active", 3, 4, { unhealthy: true }),
      ...of("active", 5, 7),
      ...of("testing", 100, 104, { count: 0 }),
    ];
    const plan = run({ name: "", rows, policy: GATED });
    expect(ids(plan, "active", "paused")).toEqual([1, 2]);
    expect(plan.activeAfter).toBe(5);
  });
});

describe("replacement (6.11, 6.12)", () => {
  test.for<Case>([
    {
      name: "125 the two worst active ones give way to the two best testing ones (theirs: with a budget of four)",
      rows: [
        ...[10, 15, 20, 25, 30, 100, 120].map((p, index) => row("active", index + 1, { p })),
        ...[40, 45, 50, 55, 60].map((p, index) => row("testing", index + 10, { p, count: 32 })),
      ],
      changes: [
        "10 testing>active",
        "11 testing>active",
        "6 active>testing",
        "7 active>testing",
      ].toSorted((a, b) => Number.parseInt(a) - Number.parseInt(b)),
      holds: (plan) =>
        expect([...reasons(plan)].toSorted()).toEqual([
          CHANGE_REASON_TEXTS.swap_demote,
          CHANGE_REASON_TEXTS.swap_promote,
        ]),
    },
    {
      name: "126 the two worst testing ones give way to the two best candidates",
      rows: [
        ...[10, 15, 20, 25, 30, 35, 40].map((p, index) => row("active", index + 1, { p })),
        ...[50, 60, 70, 80, 90].map((p, index) => row("testing", index + 10, { p, count: 0 })),
        ...[25, 30, 35].map((p, index) => row("candidate", index + 20, { p, count: 9 })),
      ],
      changes: [
        "13 testing>candidate",
        "14 testing>candidate",
        "20 candidate>testing",
        "21 candidate>testing",
      ],
    },
    {
      name: "127 equal ones replace nobody",
      rows: [
        ...of("active", 1, 7, { p: 10 }),
        ...of("testing", 10, 14, { p: 10 }),
        ...of("candidate", 20, 22, { p: 10 }),
      ],
      changes: [],
    },
    {
      name: "128 two free places are filled",
      rows: [
        ...of("active", 1, 7),
        ...of("testing", 10, 11),
        ...of("candidate", 20, 22, { count: 9 }),
      ],
      changes: ["20 candidate>testing", "21 candidate>testing"],
    },
    {
      name: "129 an account that is full gets no further one",
      rows: [
        ...of("active", 1, 7),
        ...of("testing", 10, 12, { account: 100 }),
        ...of("testing", 13, 14),
        row("candidate", 20, { account: 100, p: 30 }),
      ],
      changes: [],
    },
  ])("$name", check);

  test.for([
    {
      name: "130, 131 healthy before unhealthy",
      incumbent: { p: 50, unhealthy: true },
      newcomer: { p: 100 },
      replaces: true,
    },
    { name: "132 half as much", incumbent: { p: 100 }, newcomer: { p: 50 }, replaces: true },
    {
      name: "133 four of a hundred are too little",
      incumbent: { p: 100 },
      newcomer: { p: 96 },
      replaces: false,
    },
    {
      name: "134 four points are too little",
      incumbent: { p: 99 },
      newcomer: { p: 95 },
      replaces: false,
    },
    {
      name: "five and five of a hundred are enough",
      incumbent: { p: 100 },
      newcomer: { p: 95 },
      replaces: true,
    },
    {
      name: "six of 120 are enough, five are not",
      incumbent: { p: 120 },
      newcomer: { p: 115 },
      replaces: false,
    },
    {
      name: "135, 136 as good or worse",
      incumbent: { p: 50 },
      newcomer: { p: 100 },
      replaces: false,
    },
  ])("$name", ({ incumbent, newcomer, replaces }) => {
    const rows = [
      ...of("active", 1, 6, { p: 1 }),
      row("active", 7, incumbent),
      row("testing", 10, newcomer),
    ];
    expect(ids(run({ name: "", rows }), "testing", "active").includes(10)).toBe(replaces);
  });

  test("137 a server of the pool as it was: two better candidates replace the two worst testing ones", () => {
    const rows: readonly Row[] = [
      row("active", 145, { account: 351, p: 10, count: 131 }),
      row("candidate", 106, { account: 351, p: 1, count: 249 }),
      row("candidate", 160, { account: 351, p: 11, count: 12 }),
      row("testing", 108, { account: 1, p: 20, count: 235 }),
      row("testing", 116, { account: 375, p: 16, count: 221 }),
      row("testing", 104, { account: 1, p: 17, count: 71 }),
      ...[10, 12, 14, 16, 18, 20].map((p, index) =>
        row("active", 200 + index, { account: 394, p, count: 100 }),
      ),
      row("testing", 84, { account: 593, p: 25, count: 324 }),
      row("testing", 98, { account: 394, p: 30, count: 71 }),
    ];
    const plan = run({ name: "", rows, accounts: { 351: 2, 1: 3, 375: 2, 394: 6, 593: 2 } });
    expect(ids(plan, "candidate", "testing")).toContain(106);
    expect(ids(plan, "testing", "candidate")).toContain(98);
  });
});

describe("what a monitor's status in the fleet and its state mean (6.14)", () => {
  test.for([
    {
      name: "147 a pending candidate",
      values: { global: "pending" },
      status: "candidate",
      goes: undefined,
    },
    {
      name: "148 a paused active one",
      values: { global: "paused" },
      status: "active",
      goes: "candidate",
    },
    {
      name: "149, 158 a deleted testing one",
      values: { global: "deleted" },
      status: "testing",
      goes: "candidate",
    },
    {
      name: "150, 155, 156 a pending active one",
      values: { global: "pending" },
      status: "active",
      goes: "candidate",
    },
    { name: "151, 159 a healthy active one", values: {}, status: "active", goes: undefined },
    {
      name: "152 one that is tested in the fleet",
      values: { global: "testing" },
      status: "testing",
      goes: undefined,
    },
    {
      name: "153 a candidate in the server's network",
      values: { ip: "198.51.100.3" },
      status: "candidate",
      goes: "paused",
    },
    {
      name: "154 an unhealthy active one",
      values: { unhealthy: true },
      status: "active",
      goes: "candidate",
    },
  ] as const)("$name", ({ values, status, goes }) => {
    const rows = [...of("active", 1, 6), ...of("testing", 11, 14), row(status, 50, values)];
    const plan = run({ name: "", rows });
    expect(plan.changes.find(({ monitorId }) => monitorId === 50n)?.to).toBe(goes);
  });
});

test("the pool's policy has the NTP Pool's limits", () => {
  expect(POOL_SELECTION).toMatchObject({
    activeTarget: 7,
    testingTarget: 5,
    promotableMin: 4,
    accountLimit: 2,
    testingGate: 9,
    activeGate: 32,
    sameSubnetBits: { v4: 24, v6: 48 },
    diversityBits: { v4: 20, v6: 44 },
    recheckMs: 8 * HOUR_MS,
  });
});
