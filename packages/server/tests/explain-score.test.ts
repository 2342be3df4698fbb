// Why a score is what it is: told by the same rows that made it.

import { adminV1 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { scorerLag } from "../src/scorer/scorer-lag.ts";
import { goodStatus, makeDue, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, startServer, type TestServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const { kysely } = database;

beforeEach(async () => {
  await sql`truncate servers, monitors, server_scores, events, log_scores, check_evidence, result_commits, server_slots,
    monitor_slots, submissions, loop_runs restart identity cascade`.execute(kysely);
});

const OFFSETS_MS = [1, 60, 400];

/** Three monitors, one of which sees the server well, one less well, one badly; each checks it `rounds` times. */
async function withScores(
  rounds: number,
  work: (started: TestServer, server: adminV1.Server) => Promise<void>,
): Promise<void> {
  const started = await startServer(database, { roles: ["api", "scorer"] });
  try {
    const monitors = await Promise.all(
      OFFSETS_MS.map(async (offsetMs, index) => {
        const monId = `10.0.0.${index + 1}`;
        const name = `m${index + 1}`;
        const { token } = await started.server.createMonitor({ name, address: ip(monId) });
        return { monId, offsetMs, client: started.monitorClient(token) };
      }),
    );
    await started.admin.addServers({ targets: ["10.1.0.1"] });
    for (let round = 0; round < rounds; round += 1) {
      await makeDue(kysely);
      for (const { monId, offsetMs, client } of monitors) {
        const batch = await client.getServers({ monId, submissionVersionMax: 5 });
        await client.submitResults({
          version: 5,
          monId,
          batchId: batch.batchId,
          submissionId: newSubmissionId(),
          list: batch.servers.map((server) =>
            goodStatus(server, { offset: { seconds: 0n, nanos: offsetMs * 1_000_000 } }),
          ),
        });
      }
    }
    await vi.waitFor(async () => {
      expect((await scorerLag(kysely)).results).toBe(0n);
    }, 20_000);
    const [server] = (await started.admin.listServers({})).servers;
    if (server === undefined) throw new Error("no server");
    await work(started, server);
  } finally {
    await started.server[Symbol.asyncDispose]();
  }
}

describe("an overall score is explained", () => {
  test("by its votes, the one in the middle, and the steps behind that", async () => {
    await withScores(2, async ({ admin }, server) => {
      const answer = await admin.explainScore({ serverId: server.id });
      expect(answer.score).toBe(server.score);
      expect(answer.reproduced).toBe(true);
      expect(
        answer.votes.map(({ check, counted, chosen }) => [check?.monitorName, counted, chosen]),
      ).toEqual([
        ["m3", true, false],
        ["m2", true, true],
        ["m1", true, false],
      ]);
      expect(answer.sentence).toBe(
        `10.1.0.1 has ${server.score?.toFixed(1)}: the score of m2, the middle one of 3 votes`,
      );
      expect(answer.votingStatuses).toEqual([adminV1.AssignmentStatus.ACTIVE]);
      expect(answer.lookback?.seconds).toBe(1_200n);
      expect(answer.ruleSet).toBe("ntp_pool_recentmedian/1");
      // The ledger leads from the chosen score back to the start, and each of its checks can be opened.
      expect(answer.ledgerMonitorName).toBe("m2");
      expect(answer.ledger).toHaveLength(2);
      const [last, first] = answer.ledger;
      expect(last?.arithmetic?.scoreAfter).toBe(answer.score);
      expect(last?.arithmetic?.scoreBefore).toBe(first?.arithmetic?.scoreAfter);
      expect(first?.arithmetic?.scoreBefore).toBe(0);
      for (const { arithmetic } of answer.ledger) {
        const { scoreBefore = 0, decay = 0, step = 0, scoreAfter = 0 } = arithmetic ?? {};
        expect(scoreBefore * decay + step).toBeCloseTo(scoreAfter, 12);
        expect(arithmetic?.rule).toBe("offset_above_25ms");
      }
      const opened = await admin.getCheck({ id: last?.check?.id ?? 0n });
      expect(opened.check?.monitorName).toBe("m2");
    });
  });

  test("by the result that was chosen then, also when its monitor has no vote any more", async () => {
    await withScores(1, async ({ admin }, server) => {
      await kysely
        .updateTable("monitors")
        .set({ status: "paused" })
        .where("hostname", "=", "m2")
        .execute();
      const answer = await admin.explainScore({ serverId: server.id });
      expect(answer.reproduced).toBe(false);
      expect(answer.sentence).toBe(
        "10.1.0.1 has 0.8: the score of m2, chosen from what was known then; counted again with what came or changed since, it would be 1.0",
      );
      expect(answer.votes.find(({ check }) => check?.monitorName === "m2")).toMatchObject({
        counted: false,
        chosen: true,
        reason: "monitor_not_live",
      });
      expect(answer.ledger[0]?.arithmetic?.scoreAfter).toBe(answer.score);
    });
  });

  test("a server without a result has nothing to explain, and says so", async () => {
    await withScores(0, async ({ admin }, server) => {
      const answer = await admin.explainScore({ serverId: server.id });
      expect(answer.score).toBeUndefined();
      expect(answer.sentence).toBe("10.1.0.1 has no score yet: no result of it has been counted");
    });
  });
});

describe("a monitor's score is explained by its ledger", () => {
  test("newest first, as many steps as asked for", async () => {
    await withScores(3, async ({ admin }, server) => {
      const { assignments } = await admin.getServer({ id: server.id });
      const m3 = assignments.find(({ monitorName }) => monitorName === "m3");
      const answer = await admin.explainScore({
        serverId: server.id,
        monitorId: m3?.monitorId ?? 0n,
        stepsMax: 2,
      });
      expect(answer.score).toBe(m3?.score);
      expect(answer.votes).toEqual([]);
      expect(answer.ruleSet).toBe("ntp_pool_recentmedian/1");
      expect(answer.ledger).toHaveLength(2);
      expect(answer.ledger[0]?.check?.id).toBeGreaterThan(answer.ledger[1]?.check?.id ?? 0n);
      expect(answer.sentence).toContain(
        "from m3: 0.95 of the score before and a step for each check",
      );
    });
  });

  test.each([
    { name: "an unknown server", request: { serverId: 999n }, code: "not_found" },
    { name: "a monitor that does not watch it", request: { monitorId: 999n }, code: "not_found" },
    { name: "too many steps", request: { stepsMax: 201 }, code: "bad_request" },
  ])("$name: $code", async ({ request, code }) => {
    await withScores(0, async ({ admin }, server) => {
      expect(await refusalOf(admin.explainScore({ serverId: server.id, ...request }))).toBe(code);
    });
  });
});
