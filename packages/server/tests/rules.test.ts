// Rule sets over the API: what is refused, what a trial finds, and a change that takes hold while agents submit.

import type { rulesV1 } from "@truechimer/api";
import { BUILT_IN_RULE_DOCUMENTS } from "@truechimer/scoring";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { afterAll, describe, expect, test, vi } from "vitest";
import { scorerLag } from "../src/scorer/scorer-lag.ts";
import { goodStatus, type MonitorClient, makeDue, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, startServer } from "./_test-server.ts";
import { rulesClient } from "./_users.ts";

const database = await useDatabase({ poolSize: 20 });
const { kysely } = database;
// Two replicas: a change that one is asked for holds in the other.
const first = await startServer(database, { roles: ["api", "scorer"] });
const second = await startServer(database, { roles: ["api"] });
afterAll(async () => {
  await second.server[Symbol.asyncDispose]();
  await first.server[Symbol.asyncDispose]();
});
const rules = rulesClient(first.server.url, first.adminKey);

/** Offsets of 20 ms are good no longer, and a lie. */
const STRICT = {
  ...structuredClone(BUILT_IN_RULE_DOCUMENTS[0]),
  name: "strict",
  about: "10 ms and no more",
  steps: [
    { rule: "agent_fault", when: { agent_fault: true }, counts: false },
    { rule: "failed", when: { failed: true }, step: -5 },
    { rule: "far", when: { offset_above: "10ms" }, step: -3 },
    { rule: "near", step: 1 },
  ],
  verdict: { offset_limit: "10ms" },
};
const documentJson = JSON.stringify(STRICT);

async function trial(
  request: { documentJson: string } | { ruleSetId: string },
): Promise<rulesV1.TrialResult> {
  for await (const { event } of rules.tryRuleSet(request)) {
    if (event.case === "result") return event.value;
  }
  throw new Error("no result");
}

const MON_IDS = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
const clients: { readonly monId: string; readonly clients: readonly MonitorClient[] }[] = [];
for (const monId of MON_IDS) {
  const { token } = await first.server.createMonitor({ name: `m${monId}`, address: ip(monId) });
  clients.push({ monId, clients: [first.monitorClient(token), second.monitorClient(token)] });
}
await first.admin.addServers({ targets: ["10.1.0.1", "10.1.0.2"] });

/** The first server is 20 ms ahead, the second 1 ms. */
async function submitRound(replica: number): Promise<void> {
  await makeDue(kysely);
  await Promise.all(
    clients.map(async ({ monId, clients: own }) => {
      const client = own[replica] as MonitorClient;
      const batch = await client.getServers({ monId, submissionVersionMax: 5 });
      await client.submitResults({
        version: 5,
        monId,
        batchId: batch.batchId,
        submissionId: newSubmissionId(),
        list: batch.servers.map((server) =>
          goodStatus(server, {
            offset: { seconds: 0n, nanos: server.ipBytes.at(-1) === 1 ? 20_000_000 : 1_000_000 },
          }),
        ),
      });
    }),
  );
}

async function scored(): Promise<void> {
  await vi.waitFor(async () => {
    expect((await scorerLag(kysely)).results).toBe(0n);
  }, 20_000);
}

describe("a rule set that is wrong", () => {
  test("is refused with all that is wrong and where", async () => {
    const wrong = JSON.stringify({ ...STRICT, decay: 1, steps: STRICT.steps.slice(0, -1) });
    await expect(trial({ documentJson: wrong })).rejects.toThrow(
      /2 problems:\ndecay: 1: expected a number between 0 and 1, neither of them\nsteps: the table has a hole: .*stratum 2 and an offset of 0 ns/,
    );
    await expect(trial({ documentJson: "{" })).rejects.toThrow(/document_json is not JSON/);
    await expect(trial({ ruleSetId: "nobody/3" })).rejects.toThrow(
      'there is no rule set "nobody/3": expected a name and a version, such as ntp_pool_recentmedian/1',
    );
    expect(await refusalOf(trial({ documentJson: "" }))).toBe("bad_request");
    const changed = JSON.stringify({ ...STRICT, name: "ntp_pool_every" });
    expect(await refusalOf(trial({ documentJson: changed }))).toBe("conflict");
  });

  test("cannot come into force without a trial", async () => {
    expect(await refusalOf(rules.activateRuleSet({ trialId: "none" }))).toBe("not_found");
  });
});

test("a trial tells which servers would differ, when and why; then the set holds from the next result on, in all replicas", async () => {
  for (let round = 0; round < 4; round += 1) await submitRound(round % 2);
  await scored();

  const same = await trial({ ruleSetId: "ntp_pool_recentmedian/1" });
  expect(same).toMatchObject({ activeId: "ntp_pool_recentmedian/1", differences: [] });
  expect(same.effect).toMatchObject({ servers: 2, serversVerdictDiffers: 0, results: 24n });

  const found = await trial({ documentJson });
  expect(found.effect).toMatchObject({
    servers: 2,
    serversVerdictDiffers: 1,
    serversScoreDiffers: 1,
    results: 24n,
    resultsSteppedOtherwise: 12n,
  });
  expect(found.effect?.scoresReproduced).toBe(found.effect?.scoresCompared);
  expect(found.effect?.scoresCompared).toBeGreaterThan(24n);
  const [worst, ...others] = found.differences;
  expect(others).toEqual([]);
  expect(worst).toMatchObject({
    serverName: "10.1.0.1",
    verdict: 1,
    verdictTried: 2,
    why: "12 of 12 checks have another step, most often offset_good (+1) → far (−3) (12 times)",
  });
  expect(worst?.textTried).toContain("outside ±10 ms");
  expect(worst?.score).toBeCloseTo(1 + 0.95 + 0.95 ** 2 + 0.95 ** 3, 9);
  expect(worst?.scoreTried).toBeCloseTo(-3 * (1 + 0.95 + 0.95 ** 2 + 0.95 ** 3), 9);

  const replay = await rules.replayServer({ serverId: worst?.serverId ?? 0n, documentJson });
  expect(replay.scores.at(-1)).toMatchObject({
    score: worst?.score,
    scoreTried: worst?.scoreTried,
  });
  expect(replay.verdicts.at(-1)).toMatchObject({ verdict: 1, verdictTried: 2 });

  // Agents submit to both replicas all the while.
  const submitting = (async () => {
    for (let round = 0; round < 6; round += 1) await submitRound(round % 2);
  })();
  const { activation } = await rules.activateRuleSet({ trialId: found.trialId });
  expect(activation).toMatchObject({ id: "strict/1", effect: { serversVerdictDiffers: 1 } });
  await submitting;
  await submitRound(0);
  await submitRound(1);
  await scored();

  // The stored snapshot divides the results: before it the set before, after it the new one.
  const { rows: divided } = await sql<{ readonly rule: string; readonly before: boolean }>`
    select distinct split_part(l.rule, '/', 1) as rule, pg_visible_in_snapshot(c.transaction_id, a.before) as before
    from result_commits c join log_scores l on l.id = any(c.ids)
    join monitors m on m.id = l.monitor_id and m.type = 'monitor'
    cross join rule_set_activations a order by 1`.execute(kysely);
  expect(divided).toEqual([
    { rule: "ntp_pool_recentmedian", before: true },
    { rule: "strict", before: false },
  ]);
  // Overall scores and verdicts follow their results.
  const { rows: overall } = await sql<{ readonly rule: string }>`
    select distinct on (server_id) rule from log_scores l join monitors m on m.id = l.monitor_id
    where m.type = 'score' and m.hostname = 'recentmedian' order by server_id, l.id desc`.execute(
    kysely,
  );
  expect(overall.map(({ rule }) => rule)).toEqual([
    "strict/1/recent_median",
    "strict/1/recent_median",
  ]);
  const servers = await second.admin.listServers({});
  expect(
    servers.servers.map(({ name, verdict, verdictRuleSet }) => [name, verdict, verdictRuleSet]),
  ).toEqual([
    ["10.1.0.1", 2, "strict/1"],
    ["10.1.0.2", 1, "strict/1"],
  ]);
  const { events } = await second.admin.listEvents({ filter: "kind:verdict_changed" });
  expect(events.map(({ serverName, ruleSet }) => `${serverName} ${ruleSet}`)).toEqual([
    "10.1.0.1 strict/1",
    "10.1.0.2 ntp_pool_recentmedian/1",
    "10.1.0.1 ntp_pool_recentmedian/1",
  ]);
  const explained = await second.admin.explainScore({ serverId: worst?.serverId ?? 0n });
  expect(explained.ruleSet).toBe("strict/1");
  expect(explained.ledger[0]?.arithmetic).toMatchObject({
    rule: "far",
    ruleText: "far",
    step: -3,
    ruleSet: "strict/1",
  });

  // Across the change, too, the history replays to what was stored.
  const { effect } = await trial({ ruleSetId: "ntp_pool_recentmedian/1" });
  expect(effect?.scoresReproduced).toBe(effect?.scoresCompared);
  const listed = await rules.listRuleSets({});
  expect(listed.ruleSets.map(({ id, active }) => [id, active])).toEqual([
    ["ntp_pool_recentmedian/1", false],
    ["ntp_pool_every/1", false],
    ["strict/1", true],
  ]);
  const written = JSON.parse(listed.ruleSets.at(-1)?.documentJson ?? "") as object;
  expect(written).toEqual(STRICT);
  expect(Object.keys(written).slice(0, 4)).toEqual(["name", "version", "about", "decay"]);
  const audit = await sql<{
    readonly act: string;
    readonly before: string;
    readonly after: string;
  }>`
    select act, before, after from audit_entries where act = 'rule_set_activated'`.execute(kysely);
  expect(audit.rows).toHaveLength(1);
  expect(audit.rows[0]?.before).toBe('{"rule_set":"ntp_pool_recentmedian/1"}');
  expect(audit.rows[0]?.after).toContain('"serversVerdictDiffers":1');

  // A name and version stand for one set for ever; and a trial against another set than the one in force is none.
  expect(await refusalOf(trial({ documentJson: JSON.stringify({ ...STRICT, decay: 0.5 }) }))).toBe(
    "conflict",
  );
  expect(await refusalOf(rules.activateRuleSet({ trialId: same.trialId }))).toBe("conflict");
});

test("under the other set of the NTP Pool the overall score goes on with each result", async () => {
  const back = await trial({ ruleSetId: "ntp_pool_every/1" });
  await rules.activateRuleSet({ trialId: back.trialId });
  for (let round = 0; round < 3; round += 1) await submitRound(round % 2);
  await scored();
  const { servers } = await first.admin.listServers({});
  const explained = await first.admin.explainScore({ serverId: servers[0]?.id ?? 0n });
  expect(explained.sentence).toContain("0.95 of the score before and the step of each result");
  const [last] = explained.ledger;
  const { scoreBefore = 0, step = 0, scoreAfter = 0, decay = 0, rule } = last?.arithmetic ?? {};
  expect(scoreBefore * decay + step).toBe(scoreAfter);
  expect(rule).toBe("every");
  const { effect } = await trial({ ruleSetId: "ntp_pool_recentmedian/1" });
  expect(effect?.scoresReproduced).toBe(effect?.scoresCompared);
});
