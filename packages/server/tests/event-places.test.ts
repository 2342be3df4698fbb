// Where a page of archived events ends is an event that its reader may know of, though many of others were looked through.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@truechimer/base";
import { timestamptzFromNs } from "@truechimer/database";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { afterAll, expect, test } from "vitest";
import { eventPage } from "../src/admin-api/event-messages.ts";
import type { ArchivedEvent } from "../src/archive/archived-event.ts";
import { LOCAL_POLICY } from "../src/policy.ts";
import { parquetArchiveIn } from "./_parquet-archive.ts";

const database = await useDatabase();
const directory = await mkdtemp(join(tmpdir(), "truechimer-event-places-"));
afterAll(() => rm(directory, { recursive: true }));

const SECOND_NS = 1_000_000_000n;
/** More than are looked through at once. */
const EVENTS = 2_500;

test("a page for one account goes on behind an event of its own", async () => {
  const { rows } = await sql<{ readonly account: bigint; readonly id: bigint }>`
    with account as (insert into accounts (id_token, name) values ('own', 'own') returning id),
    own as (
      insert into servers (name, ip, ip_version, account_id)
      select 'own', '10.1.0.1', 'v4', id from account returning id, account_id
    )
    select id, account_id as account from own`.execute(database.kysely);
  const [own] = rows;
  const accountId = own?.account ?? 0n;
  const others = (own?.id ?? 0n) + 1n;
  const before =
    systemClock.nowNs() - BigInt(LOCAL_POLICY.retentionMs + 3 * 86_400_000) * 1_000_000n;
  const events = Array.from({ length: EVENTS }, (_, place): ArchivedEvent => {
    const isOwn = place % 100 === 99;
    return {
      id: BigInt(place + 1),
      at: timestamptzFromNs(before + BigInt(place) * SECOND_NS),
      kind: "verdict_changed",
      server_id: isOwn ? (own?.id ?? 0n) : others,
      monitor_id: null,
      verdict_before: "truechimer",
      verdict_after: "falseticker",
      reason: "x",
      text: "it lies",
      fault_before: null,
      fault_after: null,
      verdict_rules: "ours/1",
      server_name: isOwn ? "own" : "of others",
      monitor_name: "",
      evidence: null,
    };
  });
  await using archive = parquetArchiveIn(directory);
  const { signal } = new AbortController();
  await archive.prepare(signal);
  await archive.writeEvents(events, { signal, announce: async () => undefined });
  const context = { database, archive, clock: systemClock, policy: LOCAL_POLICY };
  const told: bigint[] = [];
  const places: bigint[] = [];
  for (let place: { at: ArchivedEvent["at"]; id: bigint } | undefined; ; ) {
    const page = await eventPage(context, { accountId, limit: 50, ...(place && { place }) });
    told.push(...page.events.map(({ id }) => id));
    ({ place } = page);
    if (place === undefined) break;
    places.push(place.id);
  }
  const ownIds = events.filter(({ server_id: id }) => id === own?.id).map(({ id }) => id);
  expect(told).toEqual(ownIds.toReversed());
  // 0: from where on the archive has them.
  expect(places.filter((id) => id !== 0n && !ownIds.includes(id))).toEqual([]);
  expect(places.length).toBeGreaterThan(0);
});
