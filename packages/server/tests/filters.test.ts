// Filters in the admin API.

import { ConnectError } from "@connectrpc/connect";
import { adminV1 } from "@truechimer/api";
import {
  compileCondition,
  FIELDS,
  readFilter,
  serverReaders,
  writtenName,
} from "@truechimer/filter";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeAll, describe, expect, test } from "vitest";
import { HOSTILE, insertFilterRows } from "./_filter-rows.ts";
import { refusalOf } from "./_results.ts";
import { useServer } from "./_test-server.ts";

const database = await useDatabase();
const { admin } = await useServer(database);
const { kysely } = database;

beforeAll(async () => {
  await insertFilterRows(database);
});

const namesOf = (rows: readonly { readonly name: string }[]): readonly string[] =>
  rows.map(({ name }) => name);

describe("servers", () => {
  test("by what their rows say", async () => {
    const { servers } = await admin.listServers({
      filter: "verdict:falseticker,unsure offset:any",
    });
    expect(servers.length).toBeGreaterThan(0);
    const { FALSETICKER, UNSURE } = adminV1.Verdict;
    for (const { verdict, offset } of servers) {
      expect([FALSETICKER, UNSURE]).toContain(verdict);
      expect(offset).toBeDefined();
    }
  });

  test("by what is worked out", async () => {
    const all = (await admin.listServers({})).servers;
    const stale = (await admin.listServers({ filter: "stale:yes" })).servers;
    expect(namesOf(stale)).toEqual(namesOf(all.filter((one) => one.stale)));
    expect(stale.length).toBeGreaterThan(0);
    expect((await admin.listServers({ filter: "loss>0%" })).servers).toEqual([]);
    expect((await admin.listServers({ filter: "loss:none" })).servers).toHaveLength(all.length);
    expect(
      (await admin.listServers({ filter: "stale:no or verdict:unsure" })).servers.length,
    ).toBeGreaterThan(0);
  });

  test("every field can be asked for, and the answer is what the message says", async () => {
    const all = (await admin.listServers({})).servers;
    const nowNs = BigInt(Date.now()) * 1_000_000n;
    for (const field of FIELDS.servers) {
      const filter = writtenName(field, "servers") + field.example;
      const condition = readFilter(filter, { subject: "servers", nowNs });
      if (!condition.ok) throw new Error(filter);
      const expected = namesOf(all.filter(compileCondition(condition.value, serverReaders)));
      expect({ filter, names: namesOf((await admin.listServers({ filter })).servers) }).toEqual({
        filter,
        names: expected,
      });
    }
  });

  test.each(HOSTILE)("a text is a text: %s", async (name) => {
    const quoted = `"${name.replaceAll(/["\\]/g, "\\$&")}"`;
    const { servers } = await admin.listServers({
      filter: `server=${quoted}`,
      includeRemoved: true,
    });
    expect(namesOf(servers)).toEqual([name]);
    expect(
      namesOf((await admin.listServers({ filter: quoted, includeRemoved: true })).servers),
    ).toEqual([name]);
  });

  test("removed ones only when they are asked for", async () => {
    expect((await admin.listServers({ filter: "state:removed" })).servers).toEqual([]);
    expect(
      (await admin.listServers({ filter: "state:removed", includeRemoved: true })).servers,
    ).toHaveLength(1);
  });
});

describe("monitors and agents", () => {
  test("by country, network and status", async () => {
    expect(namesOf((await admin.listMonitors({ filter: "country:de" })).monitors)).toEqual([
      HOSTILE[0],
    ]);
    expect(namesOf((await admin.listMonitors({ filter: "network:as64500*" })).monitors)).toEqual([
      HOSTILE[0],
    ]);
    const paused = (await admin.listMonitors({ filter: "status:paused" })).monitors;
    expect(new Set(paused.map(({ status }) => status))).toEqual(
      new Set([adminV1.MonitorStatus.PAUSED]),
    );
    for (const field of FIELDS.monitors) {
      const filter = writtenName(field, "monitors") + field.example;
      expect({ filter, refusal: await refusalOf(admin.listMonitors({ filter })) }).toEqual({
        filter,
        refusal: "accepted",
      });
    }
  });

  test("an agent passes when one of its monitors does", async () => {
    const { agents } = await admin.listAgents({ filter: "country:ch" });
    expect(namesOf(agents)).toEqual(["agent 2"]);
  });
});

describe("checks", () => {
  test("by their own fields and those of their monitor, page by page", async () => {
    const serverId =
      (await admin.listServers({ filter: `server="100%_done"` })).servers[0]?.id ?? 0n;
    const all = (await admin.listChecks({ serverId, pageSize: 1_000 })).checks;
    const filter = "reason:none stratum>=2 abs_offset<20ms";
    const expected = all
      .filter(
        (one) =>
          one.reason === "" &&
          (one.stratum ?? 0) >= 2 &&
          Math.abs(Number(one.offset?.valueNs)) < 20e6,
      )
      .map(({ id }) => id);
    expect(expected.length).toBeGreaterThan(3);
    const seen: bigint[] = [];
    let pageToken = "";
    do {
      const page = await admin.listChecks({ serverId, filter, pageSize: 2, pageToken });
      seen.push(...page.checks.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(expected);
    const { checks } = await admin.listChecks({ serverId, filter: "monitor.country:de,ch" });
    expect(new Set(checks.map(({ monitorName }) => monitorName))).toEqual(
      new Set(
        all
          .map(({ monitorName }) => monitorName)
          .filter((name) => name === HOSTILE[0] || name === HOSTILE[1]),
      ),
    );
  });
});

describe("events", () => {
  test("by kind, verdict and what they are about", async () => {
    const changed = (
      await admin.listEvents({ filter: "kind:verdict_changed verdict_after:falseticker" })
    ).events;
    expect(changed.length).toBeGreaterThan(0);
    expect(new Set(changed.map(({ verdictAfter }) => verdictAfter))).toEqual(
      new Set([adminV1.Verdict.FALSETICKER]),
    );
    const { events } = await admin.listEvents({ filter: "monitor.country:de" });
    expect(events.map(({ monitorName }) => monitorName)).toEqual([HOSTILE[0]]);
    const about = await admin.listEvents({ filter: "server:none" });
    expect(about.events.every(({ serverId }) => serverId === undefined)).toBe(true);
    expect(about.events).toHaveLength(HOSTILE.length);
  });
});

test("a filter that cannot be read is refused with its place, and nothing is asked", async () => {
  const calls = [
    (filter: string) => admin.listServers({ filter }),
    (filter: string) => admin.listMonitors({ filter }),
    (filter: string) => admin.listAgents({ filter }),
    (filter: string) => admin.listChecks({ serverId: 1n, filter }),
    (filter: string) => admin.listEvents({ filter }),
  ];
  for (const call of calls) {
    const refused = await call("lab:no or (").catch((error: unknown) => ConnectError.from(error));
    if (!(refused instanceof ConnectError)) throw new Error("it was accepted");
    expect(refused.metadata.get("truechimer-error-code")).toBe("bad_filter");
    expect(refused.metadata.get("truechimer-error-position")).toBe("11");
    expect(refused.metadata.get("truechimer-error-length")).toBe("1");
    expect(refused.rawMessage).toMatch(/^filter, character 12: /);
    expect(await refusalOf(call("x".repeat(2_001)))).toBe("bad_filter");
  }
  expect((await sql`select from servers`.execute(kysely)).rows).toHaveLength(HOSTILE.length);
});
