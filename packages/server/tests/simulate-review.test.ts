// SimulateReview and ExplainAssignment over HTTP: what they tell, what they refuse, and that they change nothing.

import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { accountKey } from "./_analytics.ts";
import { adminClient, ip, useServer } from "./_test-server.ts";

const database = await useDatabase();
const { kysely } = database;
const { server, admin } = await useServer(database);

test("a simulation under other limits tells the changes, the reasons of all, and writes nothing", async () => {
  await server.addServers([{ name: "a", address: ip("10.1.0.1"), port: 123 }]);
  for (let index = 1; index <= 9; index += 1) {
    await server.createMonitor({ name: `m${index}`, address: ip(`10.0.0.${index}`) });
  }
  const [{ id: serverId } = { id: 0n }] = (await admin.listServers({})).servers;
  const before = await database.kysely
    .selectFrom("server_scores")
    .select(["id", "status"])
    .orderBy("id")
    .execute();
  const same = await admin.simulateReview({ serverId });
  expect(same.changes).toEqual([]);
  expect(same).toMatchObject({ serverName: "a", policy: "private", activeAfter: 7, proven: true });
  expect(same.explanations).toHaveLength(9);
  const fewer = await admin.simulateReview({ serverId, policyJson: '{"activeTarget": 5}' });
  expect(fewer.changes.map(({ reason }) => reason)).toEqual(["excess_active", "excess_active"]);
  const after = await database.kysely
    .selectFrom("server_scores")
    .select(["id", "status"])
    .orderBy("id")
    .execute();
  expect(after).toEqual(before);
  const [first] = same.explanations;
  const { explanation } = await admin.explainAssignment({
    serverId,
    monitorId: first?.monitorId ?? 0n,
  });
  expect(explanation).toEqual(first);
  expect(explanation?.text).not.toBe("");
});

test("a wrong policy is refused by the name of its key, and an unknown server by its number", async () => {
  const [{ id: serverId } = { id: 0n }] = (await admin.listServers({})).servers;
  await expect(
    admin.simulateReview({ serverId, policyJson: '{"accountLimits": 3}' }),
  ).rejects.toThrow(/accountLimits is 3, expected one of/u);
  await expect(
    admin.simulateReview({ serverId, policyJson: '{"accountLimit": "3"}' }),
  ).rejects.toThrow(/accountLimit is "3", expected a number/u);
  await expect(admin.simulateReview({ serverId, policyJson: "nonsense" })).rejects.toThrow(
    /policy_json is no JSON/u,
  );
  await expect(admin.simulateReview({ serverId: 999n })).rejects.toThrow(/999/u);
  await expect(admin.explainAssignment({ serverId, monitorId: 999n })).rejects.toThrow(/999/u);
});

test("a caller that sees one account is told of its own monitors, and of others' only if they check the server", async () => {
  const [one] = (await admin.listServers({})).servers;
  const serverId = one?.id ?? 0n;
  const ourAdmin = adminClient(server.url, await accountKey(database, "ours"));
  await accountKey(database, "theirs");
  const accountNamed = (name: string) => sql`(select id from accounts where id_token = ${name})`;
  await sql`update servers set account_id = ${accountNamed("ours")} where id = ${serverId}`.execute(
    kysely,
  );
  await sql`update monitors set account_id = ${accountNamed("theirs")} where type = 'monitor'`.execute(
    kysely,
  );
  // None watches, or has checked, but for one of theirs that has.
  await sql`update server_scores set status = 'candidate', score_ts = null where server_id = ${serverId}`.execute(
    kysely,
  );
  await sql`update server_scores set score_ts = now() where server_id = ${serverId}
    and monitor_id = (select id from monitors where hostname = 'm2')`.execute(kysely);
  await sql`update monitors set account_id = ${accountNamed("ours")} where hostname = 'm3'`.execute(
    kysely,
  );
  const { assignments } = await admin.getServer({ id: serverId });
  expect(assignments).toHaveLength(9);

  const all = await admin.simulateReview({ serverId });
  const told = await ourAdmin.simulateReview({ serverId });
  const names = (each: readonly { readonly monitorName: string }[]): readonly string[] =>
    each.map(({ monitorName }) => monitorName).toSorted();
  expect(all.explanations).toHaveLength(9);
  expect(names(told.explanations)).toEqual(["m2", "m3"]);
  expect(names(told.changes).filter((name) => !["m2", "m3"].includes(name))).toEqual([]);
  expect(told.activeAfter).toBe(all.activeAfter);
  const words = [...told.slack, ...told.explanations.map(({ text }) => text)].join("\n");
  expect(words).not.toMatch(/\bm[1456789]\b/u);
  expect(names((await ourAdmin.getServer({ id: serverId })).assignments)).toEqual(["m2", "m3"]);

  const idOf = (name: string): bigint =>
    all.explanations.find(({ monitorName }) => monitorName === name)?.monitorId ?? 0n;
  const { explanation } = await ourAdmin.explainAssignment({ serverId, monitorId: idOf("m2") });
  expect(explanation?.monitorName).toBe("m2");
  const refused = ourAdmin.explainAssignment({ serverId, monitorId: idOf("m1") });
  await expect(refused).rejects.toThrow(`monitor ${idOf("m1")} has no assignment to server`);
});
