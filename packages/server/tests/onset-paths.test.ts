// Paths that nobody asked for: trouble with a server begins, monitors that see it and some that do not are asked at once over
// the streams that their agents hold, and what they answer is evidence.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type agentV1, monitorV2 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type InsertedCheck, insertChecks } from "./_analytics.ts";
import { useFaultJudge } from "./_fault-judge.ts";
import { ip, useServer } from "./_test-server.ts";

vi.setConfig({ testTimeout: 60_000 });

const database = await useDatabase({ poolSize: 20 });
const { kysely } = database;
const { server, admin, agentClient } = await useServer(database, { loops: [] });
const judge = await useFaultJudge(database);
const MS = 1e6;
const MONITORS = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"];
/** Those that lose what goes through one network. */
const BEHIND = ["m1", "m2", "m3", "m4"];
const NAMES = Array.from({ length: 12 }, (_, at) => `s${at + 1}.example`);
/** Its stream is not open. */
const AWAY = "m1";

await server.addServers(
  NAMES.map((name, at) => ({ name, address: ip(`10.1.${at}.1`), port: 123 })),
);
const requests = new Map<string, agentV1.OnDemandRequest[]>(MONITORS.map((name) => [name, []]));
const hangingUp = new AbortController();
const streams: Promise<void>[] = [];
const tokens = new Map<string, string>();
for (const [at, name] of MONITORS.entries()) {
  const { token } = await server.createMonitor({ name, address: ip(`10.${at + 20}.0.1`) });
  tokens.set(name, token);
  if (name !== AWAY) streams.push(keepStream(name, token));
}
afterAll(async () => {
  hangingUp.abort();
  await Promise.all(streams);
  await untilOpen(0);
});
await untilOpen(MONITORS.length - 1);

/** The control plane notes by itself that a stream was opened, and that it was closed. */
async function untilOpen(count: number): Promise<void> {
  await vi.waitFor(async () => {
    const open = await kysely
      .selectFrom("monitor_sessions")
      .select("monitor_id")
      .where("expires_at", ">", sql<never>`now()`)
      .execute();
    if (open.length !== count) throw new Error(`${open.length} of ${count} streams are open`);
  }, 20_000);
}

/** Everything that it is asked is kept. */
async function keepStream(name: string, token: string): Promise<void> {
  const sessionId = createUlid(systemClock, systemRandom);
  const version = "truechimer-agent/0.1.0";
  const watched = agentClient(token).watch({ sessionId, version }, { signal: hangingUp.signal });
  try {
    for await (const { event } of watched) {
      if (event.case === "request") requests.get(name)?.push(event.value);
    }
  } catch {
    // It was hung up.
  }
}

beforeEach(async () => {
  for (const list of requests.values()) list.length = 0;
  await sql`truncate events, log_scores, traceroutes, on_demand_answers, on_demand_requests, rate_limit_windows`.execute(
    kysely,
  );
  await sql`update servers set verdict = 'truechimer', fault = '', fault_cause = '', fault_text = '', fault_since = null,
    faults = '[]'`.execute(kysely);
  await sql`
    insert into server_scores (server_id, monitor_id, status)
    select s.id, m.id, 'active' from servers s cross join monitors m where m.type = 'monitor'
    on conflict (server_id, monitor_id) do update set status = 'active'`.execute(kysely);
});

/** Forty minutes of the fleet; in the last three nothing comes back from these servers to those monitors. */
async function outage(names: readonly string[], monitors: readonly string[]): Promise<void> {
  await insertChecks(
    database,
    NAMES.flatMap((name) =>
      MONITORS.flatMap((monitor, number) =>
        Array.from({ length: 40 }, (_, minute): InsertedCheck => {
          const age = 5 + number + minute * 60;
          const noise = ((minute * 7 + number * 3) % 11) - 5;
          const isLost = age < 180 && names.includes(name) && monitors.includes(monitor);
          return {
            server: name,
            monitor,
            ageSeconds: age,
            boundNs: 10 * MS,
            ...(isLost
              ? { reason: "timeout", answered: 0 }
              : { offsetNs: noise * 0.02 * MS, rttNs: 20 * MS + noise * 0.03 * MS }),
          };
        }),
      ),
    ),
  );
}

async function idOf(name: string): Promise<bigint> {
  const found = await admin.listServers({ filter: `name:${name}` });
  return found.servers[0]?.id ?? 0n;
}

/** By the monitor that was asked. */
function asked(): readonly string[] {
  return [...requests].flatMap(([name, list]) => list.map(() => name)).toSorted();
}

async function askedServers(): Promise<readonly string[]> {
  const { rows } = await sql<{ readonly name: string }>`
    select s.name from on_demand_requests r join servers s on s.id = r.server_id where r.onset order by s.id`.execute(
    kysely,
  );
  return rows.map(({ name }) => name);
}

/** Of all that were asked: a path through this router, which ends there or goes on. */
async function answerAll(routerOf: (monitor: string) => string): Promise<void> {
  for (const [name, list] of requests) {
    for (const request of list) {
      const reached = !BEHIND.includes(name);
      const router = routerOf(name).split(".").map(Number);
      await agentClient(tokens.get(name) ?? "").answer({
        requestId: request.id,
        monId: request.monId,
        result: {
          case: "traceroute",
          value: create(monitorV2.TracerouteSchema, {
            startedAt: timestampFromMs(Date.now()),
            reached,
            hops: [
              { hopLimit: 1, answers: [{ ipBytes: Uint8Array.from(router), rtt: { nanos: 5 } }] },
              ...(reached
                ? [{ hopLimit: 2, answers: [{ ipBytes: request.ipBytes, rtt: { nanos: 9 } }] }]
                : [{ hopLimit: 2, answers: [] }]),
            ],
          }),
        },
      });
    }
  }
}

describe("when trouble begins", () => {
  test("monitors that see it and monitors that do not are asked for their paths, which show where these part", async () => {
    await outage(["s2.example"], BEHIND);
    await judge();
    // Three of each at most; who is away is not asked.
    await vi.waitFor(() => expect(asked()).toHaveLength(6), 10_000);
    expect(asked().filter((name) => BEHIND.includes(name))).toEqual(["m2", "m3", "m4"]);
    expect(requests.get("m2")?.[0]).toMatchObject({ kind: { case: "traceroute" }, port: 123 });
    await answerAll((name) => (BEHIND.includes(name) ? "198.51.100.9" : "198.51.100.20"));
    const serverId = await idOf("s2.example");
    const { traceroutes } = await admin.listTraceroutes({ serverId });
    expect(traceroutes).toHaveLength(6);
    expect(new Set(traceroutes.map(({ atOnset }) => atOnset))).toEqual(new Set([true]));

    // At the next judgement the router is what those have in common that see it, and nobody is asked again.
    await judge();
    const { server: found, faults } = await admin.getServer({ id: serverId });
    expect(found?.faultCause).toBe("outage");
    const shared = faults[0]?.witnesses.filter(
      ({ sees, shares }) => sees && shares.includes("hop"),
    );
    expect(shared?.map(({ monitorName }) => monitorName)).toEqual(["m2", "m3", "m4"]);
    expect(await askedServers()).toEqual(["s2.example"]);
  });

  test("of a whole network that is away a few servers are asked about, and no hundreds", async () => {
    await sql`update servers set ip = ('10.9.9.' || id)::inet where name <> 's12.example'`.execute(
      kysely,
    );
    await outage(NAMES.slice(0, 11), MONITORS);
    await judge();
    expect((await admin.listServers({ filter: "fault:path" })).servers).toHaveLength(11);
    expect(await askedServers()).toHaveLength(3);
    await judge();
    expect(await askedServers()).toHaveLength(3);
    await sql`update servers set ip = ('10.1.' || id || '.1')::inet`.execute(kysely);
  });

  test("nobody is asked where it is switched off", async () => {
    await outage(["s2.example"], BEHIND);
    await judge({ policy: { tracesAtOnset: false } });
    // Judged all the same; without paths nothing says that what they share is a router.
    expect((await admin.listServers({ filter: "fault_cause:overload" })).servers).toHaveLength(1);
    expect(await askedServers()).toEqual([]);
  });
});
