// SimulateReview and ExplainAssignment over HTTP: what they tell, what they refuse, and that they change nothing.

import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test } from "vitest";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase();
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
