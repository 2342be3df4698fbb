// From results to what is held of a server, over the whole way, and what silence does.

import { adminV1, type monitorV2 } from "@truechimer/api";
import type { VerdictName } from "@truechimer/database";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { LOCAL_POLICY, type ServerPolicy } from "../src/index.ts";
import { scorerLag } from "../src/scorer/scorer-lag.ts";
import { goodStatus, makeDue, newSubmissionId } from "./_results.ts";
import { ip, startServer, type TestServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 30 });
const { kysely } = database;

const QUICK = {
  ...LOCAL_POLICY.probe,
  checkIntervalMs: 300,
  testingIntervalMs: 300,
  slowIntervalMs: 300,
};

beforeEach(async () => {
  await sql`truncate servers, monitors, server_scores, events, log_scores, check_evidence, result_commits, server_slots,
    monitor_slots, submissions, loop_runs restart identity cascade`.execute(kysely);
});

interface Fleet extends TestServer {
  /** One check of every server by every monitor, as `outcome` says. */
  checkAll(outcome: Outcome): Promise<void>;
}

type Outcome = (input: {
  readonly monitor: number;
  readonly server: monitorV2.Server;
}) => Parameters<typeof goodStatus>[1];

async function withFleet(
  options: {
    readonly monitors: number;
    readonly policy?: Partial<ServerPolicy>;
    readonly targets: readonly string[];
  },
  work: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const policy = { ...LOCAL_POLICY, ...options.policy };
  const started = await startServer(database, { policy, roles: ["api", "scorer", "worker"] });
  try {
    const clients = await Promise.all(
      Array.from({ length: options.monitors }, async (_, index) => {
        const monId = `10.0.0.${index + 1}`;
        const { token } = await started.server.createMonitor({
          name: `m${index + 1}`,
          address: ip(monId),
        });
        return { monId, client: started.monitorClient(token) };
      }),
    );
    await started.admin.addServers({ targets: [...options.targets] });
    // The loop may be at the review that makes them witnesses.
    await vi.waitFor(async () => {
      const candidates = await kysely
        .selectFrom("server_scores")
        .select("id")
        .where("status", "=", "candidate")
        .execute();
      expect(candidates).toEqual([]);
    }, 20_000);
    const checkAll = async (outcome: Outcome): Promise<void> => {
      await makeDue(kysely);
      for (const [monitor, { monId, client }] of clients.entries()) {
        // What a review changes at this moment is handed out by the next call.
        const batch = await vi.waitFor(async () => {
          const answer = await client.getServers({ monId, submissionVersionMax: 5 });
          expect(answer.servers).not.toEqual([]);
          return answer;
        }, 20_000);
        await client.submitResults({
          version: 5,
          monId,
          batchId: batch.batchId,
          submissionId: newSubmissionId(),
          list: batch.servers.map((server) => goodStatus(server, outcome({ monitor, server }))),
        });
      }
    };
    await work({ ...started, checkAll });
  } finally {
    await started.server[Symbol.asyncDispose]();
  }
}

const WORDS: ReadonlyMap<adminV1.Verdict, VerdictName> = new Map([
  [adminV1.Verdict.TRUECHIMER, "truechimer"],
  [adminV1.Verdict.FALSETICKER, "falseticker"],
  [adminV1.Verdict.UNREACHABLE, "unreachable"],
  [adminV1.Verdict.UNSURE, "unsure"],
]);

async function verdictOf(admin: TestServer["admin"]): Promise<{ verdict: string; reason: string }> {
  const { servers } = await admin.listServers({});
  const [server] = servers;
  return {
    verdict: WORDS.get(server?.verdict ?? adminV1.Verdict.UNSPECIFIED) ?? "",
    reason: server?.verdictReason ?? "",
  };
}

const offset = (ms: number): { seconds: bigint; nanos: number } => ({
  seconds: BigInt(Math.trunc(ms / 1_000)),
  nanos: Math.round((ms % 1_000) * 1e6),
});
const bound = (ms: number): { seconds: bigint; nanos: number } => offset(ms);

const failed = (reason: string, noResponse: boolean): Parameters<typeof goodStatus>[1] => ({
  reason,
  noResponse,
  error: reason,
  stratum: noResponse ? 0 : 3,
});

describe("the verdict on a server follows from its witnesses", () => {
  test.each<{
    name: string;
    outcome: Outcome;
    witnessesMin?: number;
    verdict: VerdictName;
    reason: string;
  }>([
    {
      name: "all find it right",
      outcome: () => ({}),
      verdict: "truechimer",
      reason: "within_limit",
    },
    {
      name: "all find it 40 ms off",
      outcome: () => ({ offset: offset(40), errorBound: bound(5) }),
      verdict: "falseticker",
      reason: "offset_outside_limit",
    },
    {
      name: "2 s behind",
      outcome: () => ({ offset: offset(-2_000), errorBound: bound(5) }),
      verdict: "falseticker",
      reason: "offset_outside_limit",
    },
    {
      name: "40 ms off over a path that may explain it",
      outcome: () => ({ offset: offset(40), errorBound: bound(20) }),
      verdict: "truechimer",
      reason: "within_limit",
    },
    {
      name: "two of three hold it wrong",
      outcome: ({ monitor }) => (monitor < 2 ? { offset: offset(40) } : {}),
      verdict: "falseticker",
      reason: "offset_outside_limit",
    },
    {
      name: "one of three holds it wrong",
      outcome: ({ monitor }) => (monitor < 1 ? { offset: offset(40) } : {}),
      verdict: "truechimer",
      reason: "within_limit",
    },
    {
      name: "RATE",
      outcome: () => ({ ...failed("kiss_rate", false), stratum: 0 }),
      verdict: "unsure",
      reason: "kiss_rate",
    },
    {
      name: "stratum 16",
      outcome: () => ({ ...failed("bad_stratum", false), stratum: 16 }),
      verdict: "unsure",
      reason: "bad_stratum",
    },
    {
      name: "leap 3",
      outcome: () => ({ ...failed("not_synchronised", false), leap: 3 }),
      verdict: "unsure",
      reason: "not_synchronised",
    },
    {
      name: "too few witnesses",
      outcome: () => ({}),
      witnessesMin: 4,
      verdict: "unsure",
      reason: "few_witnesses",
    },
  ])("$name: $verdict, $reason", async ({ outcome, witnessesMin = 1, verdict, reason }) => {
    await withFleet(
      { monitors: 3, targets: ["10.1.0.1"], policy: { witnessesMin } },
      async ({ admin, checkAll }) => {
        await checkAll(outcome);
        await vi.waitFor(async () => {
          expect(await verdictOf(admin)).toEqual({ verdict, reason });
          expect((await admin.listServers({})).servers[0]?.witnessesFresh).toBe(3);
        }, 20_000);
      },
    );
  });

  test.each([
    { name: "nothing comes back", reason: "timeout", verdict: "no_answer" },
    {
      name: "only others' answers come back",
      reason: "origin_mismatch",
      verdict: "no_valid_answer",
    },
  ])("$name for three intervals: unreachable, $verdict", async ({ reason, verdict }) => {
    await withFleet(
      { monitors: 3, targets: ["10.1.0.1"], policy: { probe: QUICK } },
      async ({ admin, checkAll }) => {
        await vi.waitFor(
          async () => {
            await checkAll(() => failed(reason, true));
            expect(await verdictOf(admin)).toEqual({ verdict: "unreachable", reason: verdict });
          },
          { timeout: 20_000, interval: 100 },
        );
      },
    );
  });
});

describe("a changed verdict is an event with its sentence", () => {
  test("once, though two scorers and a sweep look", async () => {
    await withFleet({ monitors: 3, targets: ["10.1.0.1"] }, async ({ admin, checkAll }) => {
      const other = await startServer(database, {
        roles: ["scorer", "worker"],
        policy: LOCAL_POLICY,
      });
      try {
        await checkAll(() => ({}));
        await vi.waitFor(
          async () => expect((await verdictOf(admin)).verdict).toBe("truechimer"),
          20_000,
        );
        const since = (await admin.listServers({})).servers[0]?.verdictSince;
        await checkAll(() => ({}));
        await checkAll(() => ({ offset: offset(2_000), errorBound: bound(1) }));
        await vi.waitFor(
          async () => expect((await verdictOf(admin)).verdict).toBe("falseticker"),
          20_000,
        );
        const { events } = await admin.listEvents({});
        const changes = events.filter(({ kind }) => kind === "verdict_changed");
        expect(changes.map(({ text }) => text.split(":")[0])).toEqual([
          "10.1.0.1 is a falseticker (was truechimer)",
          "10.1.0.1 is a truechimer (was unsure)",
        ]);
        const [server] = (await admin.listServers({})).servers;
        expect(server?.verdictSince).not.toEqual(since);
        // Each names the rules that it was reached by.
        const rules = [server?.verdictRuleSet, ...changes.map(({ ruleSet }) => ruleSet)];
        expect(new Set(rules)).toEqual(new Set(["ntp_pool_recentmedian/1"]));
      } finally {
        await other.server[Symbol.asyncDispose]();
      }
    });
  });

  test("silence of all monitors makes a server unsure, after a grace at the start", async () => {
    await withFleet(
      { monitors: 2, targets: ["10.1.0.1"], policy: { probe: QUICK } },
      async ({ admin, checkAll }) => {
        await checkAll(() => ({}));
        await vi.waitFor(
          async () => expect((await verdictOf(admin)).verdict).toBe("truechimer"),
          20_000,
        );
        await vi.waitFor(
          async () =>
            expect(await verdictOf(admin)).toEqual({ verdict: "unsure", reason: "no_witness" }),
          { timeout: 20_000, interval: 100 },
        );
      },
    );
  });
});

describe("the overall score", () => {
  test("is the recent median, each result scored once by any number of scorers", async () => {
    const targets = ["10.1.0.1", "10.1.0.2", "10.1.0.3"];
    await withFleet({ monitors: 5, targets }, async ({ admin, checkAll }) => {
      const others = await Promise.all(
        Array.from({ length: 2 }, () =>
          startServer(database, { roles: ["scorer"], policy: LOCAL_POLICY }),
        ),
      );
      try {
        // Monitors end at 2 % steps apart, so that the median is one of them.
        for (let round = 0; round < 4; round += 1) {
          await checkAll(({ monitor }) => ({ offset: offset(26 + monitor) }));
        }
        await vi.waitFor(async () => {
          expect((await scorerLag(kysely)).results).toBe(0n);
        }, 20_000);
        const { servers } = await admin.listServers({});
        expect(servers).toHaveLength(3);
        for (const { id, score } of servers) {
          const { assignments } = await admin.getServer({ id });
          const scores = assignments.map((each) => each.score ?? 0).toSorted((a, b) => a - b);
          expect(score).toBeCloseTo(scores[2] ?? 0, 9);
        }
        const slots = await kysely
          .selectFrom("server_slots")
          .select((sum) => sum.fn.sum<bigint>("checks").as("checks"))
          .executeTakeFirstOrThrow();
        expect(slots.checks).toBe(60n);
        const monitorSlots = await kysely
          .selectFrom("monitor_slots")
          .select((sum) => sum.fn.sum<bigint>("checks").as("checks"))
          .executeTakeFirstOrThrow();
        expect(monitorSlots.checks).toBe(60n);
      } finally {
        for (const { server } of others) await server[Symbol.asyncDispose]();
      }
    });
  });

  test("a result whose monitor was paused since stalls nobody", async () => {
    const started = await startServer(database, { roles: ["api"], policy: LOCAL_POLICY });
    const { token } = await started.server.createMonitor({
      name: "zurich",
      address: ip("10.0.0.1"),
    });
    await started.admin.addServers({ targets: ["10.1.0.1"] });
    const client = started.monitorClient(token);
    const batch = await client.getServers({ monId: "10.0.0.1" });
    await client.submitResults({
      version: 5,
      monId: "10.0.0.1",
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: batch.servers.map((server) => goodStatus(server)),
    });
    await kysely
      .updateTable("monitors")
      .set({ status: "paused" })
      .where("type", "=", "monitor")
      .execute();
    await started.server[Symbol.asyncDispose]();
    const scorer = await startServer(database, { roles: ["scorer"], policy: LOCAL_POLICY });
    await vi.waitFor(async () => {
      expect((await scorerLag(kysely)).results).toBe(0n);
    }, 20_000);
    await scorer.server[Symbol.asyncDispose]();
    const { score_raw } = await kysely
      .selectFrom("servers")
      .select("score_raw")
      .executeTakeFirstOrThrow();
    expect(score_raw).toBeNull();
  });
});

describe("loops", () => {
  test("run once a period, however many processes ask", async () => {
    const servers = await Promise.all(
      Array.from({ length: 3 }, () =>
        startServer(database, { roles: ["worker"], policy: LOCAL_POLICY }),
      ),
    );
    try {
      await vi.waitFor(async () => {
        const row = await kysely
          .selectFrom("loop_runs")
          .select(["runs_total", "outcome"])
          .where("name", "=", "assignment")
          .executeTakeFirstOrThrow();
        expect(row.outcome).toBe("ok");
      }, 20_000);
      const { runs_total } = await kysely
        .selectFrom("loop_runs")
        .select("runs_total")
        .where("name", "=", "assignment")
        .executeTakeFirstOrThrow();
      expect(runs_total).toBe(1n);
    } finally {
      for (const { server } of servers) await server[Symbol.asyncDispose]();
    }
  });

  test("every registered one is seen to have run", async () => {
    await withFleet({ monitors: 1, targets: ["10.1.0.1"] }, async ({ admin }) => {
      await vi.waitFor(async () => {
        const { loops } = await admin.getSystem({});
        expect(loops.map(({ name }) => name)).toEqual([
          "alert_messages",
          "alert_rules",
          "assignment",
          "audit_head",
          "clean_up",
          "enrolment",
          "faults",
          "monitor_presence",
          "partitions",
          "rate_limits",
          "result_commits",
          "selector",
          "ticket_keys",
          "verdict_sweep",
        ]);
        for (const { lastOutcome, lastRunAt, purpose } of loops) {
          expect(lastOutcome).toBe("ok");
          expect(lastRunAt).toBeDefined();
          expect(purpose).not.toBe("");
        }
      }, 10_000);
    });
  });

  test("a monitor that asks comes online", async () => {
    await withFleet({ monitors: 1, targets: ["10.1.0.1"] }, async ({ admin, checkAll }) => {
      await checkAll(() => ({}));
      await vi.waitFor(async () => {
        expect((await admin.listMonitors({})).monitors[0]?.online).toBe(true);
        expect((await admin.listEvents({})).events.map(({ kind }) => kind)).toContain(
          "monitor_online",
        );
      }, 10_000);
    });
  });
});
