// How long an agent may be silent before it is called absent, on a real database.

import { systemClock } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeEach, describe, expect, test } from "vitest";
import type { ServerContext } from "../src/context.ts";
import { LOCAL_POLICY, POOL_POLICY, type ServerPolicy } from "../src/index.ts";
import { noteMonitorPresence } from "../src/loops/monitor-presence.ts";

const database = await useDatabase();
const { kysely } = database;
const HOUR_NS = 3_600_000_000_000n;
const OURS = "v4.1.5/truechimer-0.1.0 (node v26.10.0)";
const THEIRS = "v4.1.5/c06769b (2026-04-28T00:00:00Z, go1.26)";

beforeEach(async () => {
  await sql`truncate monitors, events restart identity cascade`.execute(kysely);
});

async function presenceAfter(input: {
  readonly version: string;
  readonly silentSeconds: number;
  readonly policy: ServerPolicy;
}): Promise<boolean | undefined> {
  await sql`insert into monitors (id_token, hostname, ip, ip_version, status, online, client_version, last_seen)
    values ('m', 'm', '192.0.2.1', 'v4', 'active', true, ${input.version},
      now() - make_interval(secs => ${input.silentSeconds}::float8))`.execute(kysely);
  const context = {
    database,
    clock: systemClock,
    startedAtNs: systemClock.nowNs() - HOUR_NS,
    policy: input.policy,
  } as unknown as ServerContext;
  await noteMonitorPresence(context);
  const row = await kysely.selectFrom("monitors").select("online").executeTakeFirst();
  return row?.online;
}

describe("an agent is absent", () => {
  test.each([
    {
      name: "ours, told to ask every 2 s, after 15 s",
      version: OURS,
      silentSeconds: 20,
      policy: LOCAL_POLICY,
      online: false,
    },
    {
      name: "ours, not before",
      version: OURS,
      silentSeconds: 10,
      policy: LOCAL_POLICY,
      online: true,
    },
    {
      name: "one that has not said its version, likewise",
      version: "",
      silentSeconds: 20,
      policy: LOCAL_POLICY,
      online: false,
    },
    {
      name: "the NTP Pool's, which backs off to 2 min, not after that",
      version: THEIRS,
      silentSeconds: 160,
      policy: LOCAL_POLICY,
      online: true,
    },
    {
      name: "the NTP Pool's, after three times as long",
      version: THEIRS,
      silentSeconds: 361,
      policy: LOCAL_POLICY,
      online: false,
    },
    {
      name: "in a pool, where nobody is told how often, after 6 min",
      version: OURS,
      silentSeconds: 361,
      policy: POOL_POLICY,
      online: false,
    },
  ])("$name", async ({ online, ...input }) => {
    expect(await presenceAfter(input)).toBe(online);
  });
});
